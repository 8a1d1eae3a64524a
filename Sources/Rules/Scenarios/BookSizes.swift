import Messages
import Units

/// The shares of each level of a book, the best first. With them a judge can say book for book what a thinning took.
package struct BookSizes: Hashable, Sendable {
    package var bids: [Int64]
    package var asks: [Int64]

    /// Of a level in a file: ten of them, in per cent, fit into 64 bits.
    private static let sharesMaximum: Int64 = 1_000_000_000_000

    package init(_ book: BookState) {
        bids = book.bids.map(\.size.shares)
        asks = book.asks.map(\.size.shares)
    }

    func multiplied(by factor: Int) -> BookSizes {
        var larger = self
        larger.bids = bids.map { $0 * Int64(factor) }
        larger.asks = asks.map { $0 * Int64(factor) }
        return larger
    }

    var json: JSON {
        ["bids": .array(bids.map { .integer($0) }), "asks": .array(asks.map { .integer($0) })]
    }

    init(_ json: JSON) throws(MessageError) {
        bids = try BookSizes.side("bids", of: json)
        asks = try BookSizes.side("asks", of: json)
    }

    private static func side(_ name: String, of json: JSON) throws(MessageError) -> [Int64] {
        let rows = json[name]?.array
        let sizes = (rows ?? []).compactMap(\.integer).filter { $0 >= 1 && $0 <= sharesMaximum }
        guard let rows, sizes.count == rows.count, rows.count <= Depth.levelsMaximum else {
            throw MessageReader("plan event", json: json)
                .failure(name, "at most \(Depth.levelsMaximum) whole numbers from 1 to \(sharesMaximum)")
        }
        return sizes
    }
}
