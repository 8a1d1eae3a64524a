import Messages
import Testing
import Units

import Scenarios

/// Databento MBP-10 in CSV. The good file has two events of three rows; the first two rows belong together.
@Suite struct MarketByPriceTests {
    static let header = MarketByPriceTape.names.dropLast().joined(separator: ",")

    /// A row whose best bid is `bid`, as text, with two levels a side and eight empty ones.
    static func row(
        _ time: String, action: String = "A", flags: Int = 128, bid: String = "439.990000000",
        ask: String = "440.010000000", second: String = "439.980000000", symbol: String = ""
    ) -> String {
        let head = "\(time),\(time),10,2,11667,\(action),B,0,439.990000000,100,\(flags),165123,1001"
        let levels =
            ",\(bid),\(ask),100,200,1,2,\(second),440.020000000,300,400,3,4"
            + String(repeating: ",,,0,0,0,0", count: 8)
        return head + levels + (symbol.isEmpty ? "" : ",\(symbol)") + "\n"
    }

    static let good =
        header + "\n" + row("1697549400000000000", flags: 0) + row("1697549400000000000", action: "C")
        + row("1697549400500000000", action: "T", bid: "440.000000000")

    private func rows(_ text: String, _ badRows: BadRows = .refuse) throws -> TapeRows<MarketByPriceRow> {
        var tape = MarketByPriceTape(TapeSource(file: "k.csv", bytes: Array(text.utf8)), badRows: badRows)
        var rows: [MarketByPriceRow] = []
        while let row = try tape.next() { rows.append(row) }
        return TapeRows(rows: rows, skipped: tape.skipped)
    }

    @Test func `times, actions, levels and the end of an event are read`() throws {
        let rows = try rows(Self.good).rows
        #expect(rows.map(\.action) == [.add, .cancel, .trade])
        #expect(rows.map(\.isLast) == [false, true, true])
        #expect(rows[2].time.nanoseconds - rows[0].time.nanoseconds == 500_000_000)
        #expect(rows[0].bids.map(\.price) == [Price(units: 4_399_900), Price(units: 4_399_800)])
        #expect(rows[0].asks.map(\.size.shares) == [200, 400])
    }

    @Test func `decimal prices and billionths are the same, and so is an undefined price in all its spellings`() throws {
        let decimal = try rows(Self.good).rows
        let whole = Self.good.replacing("439.990000000", with: "439990000000").replacing("440.01", with: "44001")
            .replacing("439.98", with: "43998").replacing("440.02", with: "44002").replacing("440.000", with: "440000")
            .replacing(",,,0,0", with: ",9223372036854775807,9223372036854775807,0,0")
        #expect(whole != Self.good)
        #expect(try rows(whole).rows == decimal)
    }

    @Test func `a symbol column and times as text are read too`() throws {
        let text =
            Self.header + ",symbol\n" + Self.row("2023-10-17T13:30:00.000000000Z", symbol: "NVDA")
            + Self.row("2023-10-17T13:30:00.500000001Z", symbol: "NVDA")
        let read = try rows(text).rows
        #expect(read.map(\.time.nanoseconds) == [1_697_549_400_000_000_000, 1_697_549_400_500_000_001])
    }

    @Test func `a cleared book has no levels`() throws {
        let text = Self.header + "\n" + "1,1,10,2,7,R,N,0,,0,128,0,1" + String(repeating: ",,,0,0,0,0", count: 10) + "\n"
        let row = try #require(rows(text).rows.first)
        #expect(row.action == .clear && row.bids.isEmpty && row.asks.isEmpty)
    }

    @Test(arguments: [1, 7, 64, 1_000])
    func `however the bytes are cut into pieces, the rows are the same`(_ size: Int) throws {
        let whole = Array(Self.good.utf8)
        var place = 0
        let source = TapeSource(file: "k.csv") { () throws(Mistakes) in
            guard place < whole.count else { return nil }
            defer { place += size }
            return Array(whole[place..<min(whole.count, place + size)])
        }
        var tape = MarketByPriceTape(source, badRows: .refuse)
        var read: [MarketByPriceRow] = []
        while let row = try tape.next() { read.append(row) }
        #expect(try read == rows(Self.good).rows)
    }

    @Test(arguments: badMarketByPrice)
    func `a broken MBP-10 file is refused with the line of every mistake`(_ bad: BadFile) throws {
        let bytes = try #require(bad.broken(Self.good))
        let found: [String]
        do {
            _ = try rows(String(decoding: bytes, as: UTF8.self))
            found = []
        } catch let error as Mistakes { found = error.all.map(\.description) }
        #expect(found == bad.expected)
    }

    @Test func `bad rows are left out and counted when that is asked for`() throws {
        let text = Self.good + "nonsense\n" + Self.row("1697549401000000000")
        let read = try rows(text, .skip)
        #expect(read.rows.count == 4 && read.skipped.count == 1)
        #expect(read.skipped.first.map(\.description) == ["k.csv:5: expected 73 fields, found 1: 'nonsense'"])
    }

    @Test func `a thousand bad rows are counted, and the first fifty shown`() throws {
        let text = Self.good + String(repeating: "nonsense\n", count: 1_000)
        let read = try rows(text, .skip)
        #expect(read.skipped.count == 1_000 && read.skipped.first.count == 50)
        #expect(read.skipped.shown.last?.text == "and 950 more")
    }

    @Test func `no bytes crash the reader: each change is read or refused`() throws {
        let draw = SeededDraw(seed: 9, stream: "mutations")
        for round in 0..<2_000 {
            var bytes = Array(Self.good.utf8)
            let place = Int(draw.whole(in: 0...Int64(bytes.count - 1), at: round * 2))
            bytes[place] = UInt8(truncatingIfNeeded: draw.bits(at: round * 2 + 1))
            var tape = MarketByPriceTape(TapeSource(file: "k", bytes: bytes), badRows: .skip)
            do { while try tape.next() != nil {} } catch { #expect(!error.all.isEmpty) }
        }
    }

    @Test func `the same crash runs over a recorded book, and only ends of events are states`() throws {
        let file = "/tapes/nvda.csv"
        let scenarioBytes = try ProjectFiles.bytes("chaos/flash_crash_enhanced.yaml")
        let tape = try #require(TapeReference(written: "mbp10:\(file)"))
        let scenario = try Scenario(yaml: tape.written(into: scenarioBytes), file: "chaos/flash_crash_enhanced.yaml")
        let plan = try Plan(
            scenario, on: ProjectFiles.topology(), seed: 1, tapes: TapeShelf([file: Array(Self.good.utf8)]))
        let books = plan.events.compactMap { event -> (Duration, Depth)? in
            if case .depth(let depth) = event.content { (event.due, depth) } else { nil }
        }
        #expect(books[0].1.bids.count == 2 && books[0].1.bids[0].size == Quantity(shares: 100))
        let bottom = try #require(books.first { $0.0 >= .seconds(85) }).1
        #expect(bottom.bids[0].price == Price(units: 4_400_000 - 440_000), "10 % below the middle of 440.005")
        #expect(bottom.bids[0].size == Quantity(shares: 20))
        #expect(scenario.explanation(on: try ProjectFiles.topology()).contains("\(file), recorded (mbp10)"))
    }

    @Test(arguments: ["mbp10:", "mbp10:a,b", "lobster:a", "lobster:a,", "bars:a", "mbp11:a", "a"])
    func `what is no reference to a tape is refused`(_ text: String) throws {
        #expect(TapeReference(written: text) == nil)
        let yaml = Array((goodScenario + "tape: '\(text)'\n").utf8)
        let error = #expect(throws: Mistakes.self) { try Scenario(yaml: yaml, file: "chaos/small.yaml") }
        #expect(error?.description.contains("tape: expected lobster:MESSAGE,BOOK or mbp10:FILE, found '\(text)'") == true)
    }
}
