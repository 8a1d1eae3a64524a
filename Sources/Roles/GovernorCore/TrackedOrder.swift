import Messages
import Units

/// One order, from the decision to its final report.
///
/// Legal ways: undurable → ready → sent → working → final. A final order never comes back, except that a report may
/// prove a `lost` one to have been alive: then the broker's word wins.
package struct TrackedOrder: Hashable, Sendable {
    package enum Stage: Hashable, Sendable {
        /// Decided, and the store hasn't confirmed the row yet.
        case undurable
        /// Written to the socket, not acknowledged: counts at its worst case.
        case sent
        case working
    }

    package struct Replacement: Hashable, Sendable {
        package var clOrdID: String
        package var reference: String
        package var tick: Int64?
        package var quantity: Quantity
        package var price: Price
        package var epoch: Int64
        package var decided: Instant
        package var decidedWall: WallTime
        package var isSent: Bool
    }

    package var clOrdID: String
    package var origClOrdID: String?
    package var reference: String
    package var tick: Int64?
    package var symbol: String
    package var side: Side
    package var quantity: Quantity
    package var price: Price
    package var timeInForce: TimeInForce
    package var reducing: Bool
    package var isFlattening: Bool
    package var epoch: Int64
    package var decided: Instant
    package var decidedWall: WallTime
    package var cumulative: Quantity = .zero
    package var stage: Stage
    /// When a cancel of it was last asked for, and not yet answered.
    package var cancelAsked: Instant?
    package var replacement: Replacement?
    /// The mass status in progress named it.
    package var isNamed = false

    /// The most that can still trade.
    package var exposure: Quantity {
        let whole = max(quantity, replacement?.quantity ?? quantity)
        return Quantity(shares: max(0, whole.shares - cumulative.shares))
    }

    /// The least favourable price it can trade at, for its notional.
    package var exposurePrice: Price {
        guard let change = replacement else { return price }
        return max(price, change.price)
    }

    package func row(_ status: StoreSchema.OrderStatus, at wall: WallTime) -> OrderRow {
        OrderRow(
            clOrdID: clOrdID, origClOrdID: origClOrdID, reference: reference, symbol: symbol, side: side,
            quantity: quantity, price: price, timeInForce: timeInForce, reducing: reducing, epoch: epoch,
            status: status, cumulative: cumulative,
            leaves: status.isFinal ? .zero : Quantity(shares: max(0, quantity.shares - cumulative.shares)),
            decided: decidedWall, updated: wall)
    }

    /// The row of the order that a replace would make of this one.
    package func row(of change: Replacement, _ status: StoreSchema.OrderStatus, at wall: WallTime) -> OrderRow {
        var next = self
        next.origClOrdID = clOrdID
        next.clOrdID = change.clOrdID
        next.reference = change.reference
        next.quantity = change.quantity
        next.price = change.price
        next.epoch = change.epoch
        next.decidedWall = change.decidedWall
        next.replacement = nil
        return next.row(status, at: wall)
    }
}
