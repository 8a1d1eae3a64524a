import Books
import Glibc
import Messages
import Testing
import Units

/// The real tape next to the repository, when it is there.
enum LobsterTape {
    static let path = repository() + "/../shared/data/lobster/AAPL_2012-06-21_orderbook_10.csv"
    static var exists: Bool { access(path, R_OK) == 0 }

    /// Rows of `askP1,askS1,bidP1,bidS1,askP2,…`, prices in 1/10,000; an empty level has size 0.
    static func rows() throws -> [Depth] {
        let bytes = try #require(fileBytes(path))
        return bytes.split(separator: UInt8(ascii: "\n")).enumerated().map { position, line in
            let numbers = line.split(separator: UInt8(ascii: ",")).compactMap {
                Int64(String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace })
            }
            func side(_ offset: Int) -> [Level] {
                stride(from: offset, to: numbers.count - 1, by: 4).compactMap { index in
                    guard numbers[index + 1] > 0 else { return nil }
                    return Level(price: Price(units: numbers[index]), size: Quantity(shares: numbers[index + 1]))
                }
            }
            return depth(Int64(position), bids: side(2), asks: side(0))
        }
    }
}

@Suite(.enabled(if: LobsterTape.exists, "skipped: no tape"))
struct LobsterTapeTests {
    @Test func `the first row of the real tape is the golden book`() throws {
        #expect(try LobsterTape.rows().first?.asks == lobsterAsks)
    }

    @Test func `on every row of the real tape both models stay within the book and within the limit`() throws {
        for row in try LobsterTape.rows() {
            for side in Side.allCases {
                let levels = side == .buy ? row.asks : row.bids
                for model in FillModel.allCases {
                    var book = Book(symbol: "AAPL")
                    book.update(row)
                    let limit = levels[levels.count / 2].price
                    let match = book.match(side, shares(500), limit: limit, model)
                    #expect(match.filled + match.remaining == shares(500), "row \(row.sequence) \(side) \(model)")
                    #expect(match.fills.allSatisfy { fill in levels.contains { $0.price == fill.price } })
                    #expect(match.fills.allSatisfy { side.accepts($0.price, limit: limit) })
                }
            }
        }
    }

    @Test func `walk never pays more than level-n on the real tape`() throws {
        for row in try LobsterTape.rows() {
            var book = Book(symbol: "AAPL")
            book.update(row)
            let stepped = book.match(.buy, shares(300), .levelN)
            let walked = book.match(.buy, shares(300), .walk)
            guard stepped.isComplete, walked.isComplete else { continue }
            // A level thinner than the best one makes level-n the cheaper model: it looks at prices, not at sizes.
            let needed = (300 - 1) / row.asks[0].size.shares + 1
            guard row.asks.prefix(Int(needed)).allSatisfy({ $0.size >= row.asks[0].size }) else { continue }
            #expect(cost(walked) <= cost(stepped), "row \(row.sequence)")
        }
    }
}
