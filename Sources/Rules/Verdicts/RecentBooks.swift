import Messages
import Units

/// The books that a governor may have had before it when an order left: those current at some time within the last
/// `max_quote_age`. Each price check is made against all of them, so that a breach is one at every price that a
/// governor in good faith may have used.
struct RecentBooks: Sendable {
    let age: Duration
    private var books: [String: [PublishedBook]] = [:]

    init(age: Duration) { self.age = age }

    mutating func note(_ book: PublishedBook) {
        var known = books[book.symbol] ?? []
        known.append(book)
        // The last one before the window is still current when the window begins.
        while known.count > 1, book.stamp.at - known[1].stamp.at > age { known.removeFirst() }
        books[book.symbol] = known
    }

    func current(_ symbol: String, at instant: Instant) -> ArraySlice<PublishedBook> {
        let known = books[symbol] ?? []
        let from = known.lastIndex { $0.stamp.at <= instant - age } ?? 0
        return known[from...]
    }

    /// The lowest and the highest ask of them; `nil` when none had one.
    func asks(_ symbol: String, at instant: Instant) -> ClosedRange<Price>? {
        let asks = current(symbol, at: instant).compactMap(\.ask)
        guard let low = asks.min(), let high = asks.max() else { return nil }
        return low...high
    }

    /// Whether `price` lies further from the middle than so many basis points, for every one of them that has two sides.
    func isOutside(_ price: Price, _ symbol: String, basisPoints: Int64, at instant: Instant) -> Bool {
        let middles = current(symbol, at: instant).compactMap { book -> Int64? in
            guard let bid = book.bid, let ask = book.ask, bid < ask else { return nil }
            return (bid.units + ask.units) / 2
        }
        return middles.allSatisfy { middle in
            Int128((price.units - middle).magnitude) * 10_000 > Int128(middle) * Int128(basisPoints)
        }
    }
}
