import Messages
import Testing
import Units

import Scenarios

@Suite struct TapeTests {
    private static let bar = Bar(
        timestamp: WallTime(nanoseconds: 0), open: Price(units: 4_400_000), high: Price(units: 4_410_000),
        low: Price(units: 4_390_000), close: Price(units: 4_405_000), volume: Quantity(shares: 100))

    @Test(arguments: [4, 5, 20, 21, 1_000])
    func `a bar's states keep its open, high, low and close`(_ states: Int) {
        for close in [4_405_000, 4_395_000] as [Int64] {
            var bar = TapeTests.bar
            bar.close = Price(units: close)
            let prices = BookPath.prices(bar, states: states)
            #expect(prices.count == states)
            #expect(prices.first == bar.open && prices.last == bar.close)
            #expect(prices.max() == bar.high && prices.min() == bar.low)
        }
    }

    @Test func `one bar a second is twenty states 50 ms apart with ten levels of 200 shares around the price`() {
        let path = BookPath(
            bars: [TapeTests.bar], statesPerBar: 20, interval: .milliseconds(50), sharesPerLevel: Quantity(shares: 200),
            pricePercent: 100)
        #expect(path.steps.map(\.offset) == (0..<20).map { .milliseconds(50 * $0) })
        let state = path.steps[0].state
        #expect(state.bids.count == 10 && state.asks.count == 10)
        #expect(state.bids[0].price == Price(units: 4_399_900) && state.asks[0].price == Price(units: 4_400_100))
        #expect((state.bids + state.asks).allSatisfy { $0.size == Quantity(shares: 200) })
    }

    @Test func `after its end a path repeats its last state`() {
        let path = BookPath(
            bars: [TapeTests.bar], statesPerBar: 4, interval: .milliseconds(50), sharesPerLevel: Quantity(shares: 1),
            pricePercent: 100)
        let steps = path.lasting(.milliseconds(400), interval: .milliseconds(50))
        #expect(steps.count == 9)
        #expect(steps[8].state == path.steps[3].state && steps[8].offset == .milliseconds(400))
    }

    @Test func `bad rows are left out and counted when that is asked for`() throws {
        let text = goodBars + "nonsense\n2023-10-17T13:33:00Z,441,442,440,441,5\n"
        let read = try Bar.read(csv: Array(text.utf8), file: "bars.csv", badRows: .skip)
        #expect(read.rows.count == 3)
        #expect(read.skipped.count == 1 && read.skipped.first.map(\.description) == ["bars.csv:4: expected 6 fields, found 1: 'nonsense'"])
    }

    @Test func `an empty level of a LOBSTER book is no level`() throws {
        let books = "5859400,200,5853300,18,9999999999,0,-9999999999,0\n"
        let rows = try LobsterRow.read(
            messages: Array("34200.1,1,11,18,5853300,1\n".utf8), messageFile: "m", books: Array(books.utf8),
            bookFile: "k", badRows: .refuse
        ).rows
        #expect(rows[0].bids.count == 1 && rows[0].asks.count == 1)
    }

    @Test func `a halt lasts until trading resumes, quoting included`() throws {
        let messages = "1,1,1,1,100,1\n2,7,0,0,-1,-1\n3,1,2,1,100,1\n4,7,0,0,0,-1\n5,7,0,0,1,-1\n"
        let books = String(repeating: "200,1,100,1\n", count: 5)
        let rows = try LobsterRow.read(
            messages: Array(messages.utf8), messageFile: "m", books: Array(books.utf8), bookFile: "k", badRows: .refuse
        ).rows
        #expect(rows.map(\.status) == [.trading, .halted, .halted, .halted, .trading])
    }

    @Test func `six and seven columns read the same, and times are exact to the nanosecond`() throws {
        func time(_ line: String) throws -> LobsterRow {
            try LobsterRow.read(
                messages: Array(line.utf8), messageFile: "m", books: Array("200,1,100,1".utf8), bookFile: "k",
                badRows: .refuse
            ).rows[0]
        }
        let six = try time("34200.004241176,1,16113575,18,5853300,1\n")
        #expect(try time("34200.004241176,1,16113575,18,5853300,1,null\r\n") == six)
        #expect(six.time == .nanoseconds(34_200_004_241_176))
    }

    @Test func `a LOBSTER path sends the book again when the tape is silent`() throws {
        let messages = "1,1,1,1,100,1\n2,1,2,1,100,1\n"
        let rows = try LobsterRow.read(
            messages: Array(messages.utf8), messageFile: "m", books: Array("200,1,100,1\n200,2,100,1\n".utf8),
            bookFile: "k", badRows: .refuse
        ).rows
        var left = rows[...]
        let path = try BookPath(until: .seconds(9), interval: .milliseconds(400), speedPercent: 100, pricePercent: 100) {
            left.popFirst().map { ($0.time, BookState(bids: $0.bids, asks: $0.asks, status: $0.status)) }
        }
        #expect(path.steps.map(\.offset) == [.zero, .milliseconds(400), .milliseconds(800), .seconds(1)])
    }

    private static let lobster = "\(ProjectFiles.root)/../shared/data/lobster/AAPL_2012-06-21_orderbook_10.csv"

    private static var hasTape: Bool { (try? ProjectFiles.bytes(lobster)) != nil }

    @Test(.enabled(if: hasTape, "skipped: no tape"))
    func `the real AAPL tape reads whole, and its first book is the known one`() throws {
        let messages = SymbolSource.messageFile(besides: TapeTests.lobster)
        let read = try LobsterRow.read(
            messages: ProjectFiles.bytes(messages), messageFile: messages, books: ProjectFiles.bytes(TapeTests.lobster),
            bookFile: TapeTests.lobster, badRows: .refuse)
        #expect(read.rows.count == 999 && read.skipped.count == 0)
        let first = read.rows[0]
        #expect(
            first.asks.map(\.price.description)
                == ["585.94", "585.98", "586.1", "586.89", "586.95", "587", "587.1", "587.39", "587.65", "587.9"])
        #expect(first.asks.map(\.size.shares) == [200, 200, 200, 300, 50, 100, 10, 100, 1_160, 500])
        #expect(first.time == .nanoseconds(34_200_004_241_176))
        #expect(read.rows.allSatisfy { $0.status == .trading && $0.bids.count == 10 })
    }
}
