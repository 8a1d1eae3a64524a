// One symbol's order book as an outsider sees it: the feed's levels, less what was taken from them.
//
// Invariant: what was taken from a level stays taken until the feed changes that level's size, or takes the level
// away and brings it back. A feed that repeats a level hands out nothing twice.

import Messages
import Units

package struct Book: Hashable, Sendable {
    /// A level of the feed and how much of it is gone.
    package struct Row: Hashable, Sendable {
        package let price: Price
        package let displayed: Quantity
        package internal(set) var consumed: Quantity

        package var remaining: Quantity { displayed - consumed }
        package var level: Level { Level(price: price, size: remaining) }
    }

    /// One half of the book, best level first.
    package struct Half: Hashable, Sendable {
        package internal(set) var rows: [Row] = []
        /// Taken by `level-n` since the feed last changed the best level.
        package internal(set) var taken = Quantity.zero

        package var best: Level? { rows.first { $0.remaining > .zero }?.level }
    }

    package let symbol: String
    /// `halted` until the first depth arrives is never assumed: no depth means an empty book that trades.
    package private(set) var status = Depth.Status.trading
    package private(set) var sequence: Int64?
    package private(set) var tick: Int64?
    package private(set) var sent: WallTime?
    package internal(set) var bids = Half()
    package internal(set) var asks = Half()

    package init(symbol: String) { self.symbol = symbol }

    package var bestBid: Level? { bids.best }
    package var bestAsk: Level? { asks.best }

    /// Bid at or above ask, as the feed shows it, whatever was taken.
    package var isCrossed: Bool {
        guard let bid = bids.rows.first, let ask = asks.rows.first else { return false }
        return bid.price >= ask.price
    }

    /// Takes a newer state over. `false`, and nothing changed, for another symbol or a state not newer than this one.
    @discardableResult
    package mutating func update(_ depth: Depth) -> Bool {
        guard depth.symbol == symbol else { return false }
        if let sequence, depth.sequence <= sequence { return false }
        sequence = depth.sequence
        tick = depth.tick
        sent = depth.sent
        status = depth.status
        bids.update(depth.bids)
        asks.update(depth.asks)
        return true
    }

    /// Where a position could be closed: longs at the best bid, shorts at the best ask, as the feed shows them.
    /// `nil` when that side is empty; a flat position needs no mark and gets none.
    package func mark(for position: Quantity) -> Price? {
        if position > .zero { return bids.rows.first { $0.displayed > .zero }?.price }
        if position < .zero { return asks.rows.first { $0.displayed > .zero }?.price }
        return nil
    }

    /// The half that an order of `side` trades against.
    package func half(against side: Side) -> Half { side == .buy ? asks : bids }
}

extension Book.Half {
    mutating func update(_ levels: [Level]) {
        let before = rows
        rows = levels.map { level in
            let old = before.first { $0.price == level.price && $0.displayed == level.size }
            return Book.Row(price: level.price, displayed: level.size, consumed: old?.consumed ?? .zero)
        }
        let sameBest = before.first?.price == rows.first?.price && before.first?.displayed == rows.first?.displayed
        if !sameBest { taken = .zero }
    }
}
