// What an order gets from a book. Two models, both for both sides; neither ever names a price beyond the book.

import Messages
import Units

package enum FillModel: String, Hashable, Sendable, CaseIterable {
    /// Best level to worst, min(remaining, size) at each, one fill a level, stops at the limit.
    case walk
    /// Price impact: everything at level N = ceil((taken + quantity) / shares shown at the best level), counted from
    /// one; nothing when level N lies beyond the limit; refused when the book has no level N. `taken` is what this
    /// model gave out since the feed last changed the best level, so that many small orders don't beat one large one.
    case levelN = "level-n"
}

/// What a book gives for an order: fills best first, and what is left of it.
package struct Match: Hashable, Sendable {
    package let side: Side
    package let model: FillModel
    package let fills: [Level]
    package let remaining: Quantity
    /// `level-n` only: the level that the order needs and the book doesn't have.
    package let levelMissing: Int64?

    package var filled: Quantity { fills.reduce(.zero) { $0 + $1.size } }
    package var isComplete: Bool { remaining == .zero }
}

extension Book {
    /// What an order would get now. Changes nothing: give the answer to `take` when it is executed.
    ///
    /// `limit` `nil` is a market order. `quantity` must be positive. A halted book gives nothing.
    package func match(_ side: Side, _ quantity: Quantity, limit: Price? = nil, _ model: FillModel) -> Match {
        let half = half(against: side)
        guard status == .trading, quantity > .zero else {
            return Match(side: side, model: model, fills: [], remaining: quantity, levelMissing: nil)
        }
        switch model {
        case .walk: return half.walk(side, quantity, limit)
        case .levelN: return half.levelN(side, quantity, limit)
        }
    }

    /// Executes a match: its shares are gone until the feed changes their levels.
    package mutating func take(_ match: Match) {
        if match.side == .buy { asks.take(match) } else { bids.take(match) }
    }
}

extension Side {
    /// Whether an order of this side with `limit` may trade at `price`; a market order may at any.
    package func accepts(_ price: Price, limit: Price?) -> Bool {
        guard let limit else { return true }
        return self == .buy ? price <= limit : price >= limit
    }
}

extension Book.Half {
    func walk(_ side: Side, _ quantity: Quantity, _ limit: Price?) -> Match {
        var fills: [Level] = []
        var remaining = quantity
        for row in rows where row.remaining > .zero {
            guard remaining > .zero, side.accepts(row.price, limit: limit) else { break }
            let size = min(remaining, row.remaining)
            fills.append(Level(price: row.price, size: size))
            remaining -= size
        }
        return Match(side: side, model: .walk, fills: fills, remaining: remaining, levelMissing: nil)
    }

    func levelN(_ side: Side, _ quantity: Quantity, _ limit: Price?) -> Match {
        func nothing(missing: Int64?) -> Match {
            Match(side: side, model: .levelN, fills: [], remaining: quantity, levelMissing: missing)
        }
        let levels = rows.filter { $0.displayed > .zero }
        // A limit order can rest on an empty book; a market order has nothing to trade with.
        guard let best = levels.first else { return nothing(missing: limit == nil ? 1 : nil) }
        guard side.accepts(best.price, limit: limit) else { return nothing(missing: nil) }
        let (sum, overflowed) = taken.shares.addingReportingOverflow(quantity.shares)
        guard !overflowed else { return nothing(missing: Int64.max) }
        let needed = (sum - 1) / best.displayed.shares + 1
        guard needed <= levels.count else { return nothing(missing: needed) }
        let price = levels[Int(needed) - 1].price
        guard side.accepts(price, limit: limit) else { return nothing(missing: nil) }
        let fills = [Level(price: price, size: quantity)]
        return Match(side: side, model: .levelN, fills: fills, remaining: .zero, levelMissing: nil)
    }

    mutating func take(_ match: Match) {
        switch match.model {
        case .levelN: taken += match.filled
        case .walk:
            for fill in match.fills {
                guard let position = rows.firstIndex(where: { $0.price == fill.price }) else { continue }
                rows[position].consumed += min(fill.size, rows[position].remaining)
            }
        }
    }
}
