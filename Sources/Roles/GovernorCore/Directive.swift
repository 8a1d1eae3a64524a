import FIX
import Messages
import Units

/// What a governor wants done, in this order.
package enum Directive: Sendable {
    case publish(Decision)
    /// Words for people, channel `governor.events`.
    case announce(String)
    /// Abort the broker's socket if it holds unsent bytes, or at once when the path is deemed dead: what the kernel
    /// holds must not leave after the flag is set.
    case closePath(deemedDead: Bool, reason: String)
    /// Write `governor.state`, and with `raise` the critical pause in the same atomic step.
    case writeState(GovernorState, raise: Bool)
    case writePositions([String: Quantity])
    case forgetCommand
    case store(StoreWrite)
    /// Write this order if no unsent bytes are before it; else say `notSent`.
    case sendOrder(clOrdID: String, reference: String, Message)
    /// Cancels and questions: they reduce risk or ask, and may wait in the kernel.
    case send(Message)
    case testRequest(Int64)
    case abortSession(reason: String)
}

/// A row for PostgreSQL. Later rows of the same key replace earlier ones.
package enum StoreWrite: Sendable {
    /// `gates`: the order leaves when this row is durable.
    case order(OrderRow, gates: Bool)
    case fill(FillRow)
    case position(symbol: String, quantity: Quantity, version: Int64)
    case account(symbol: String, cash: Money, fees: Money, position: Quantity)
    case memory(epoch: Int64, peakEquity: Money)
}

package struct OrderRow: Hashable, Sendable {
    package var clOrdID: String
    package var origClOrdID: String?
    package var reference: String
    package var symbol: String
    package var side: Side
    package var quantity: Quantity
    package var price: Price?
    package var timeInForce: TimeInForce
    package var reducing: Bool
    package var epoch: Int64
    package var status: StoreSchema.OrderStatus
    package var cumulative: Quantity
    package var leaves: Quantity
    package var decided: WallTime
    package var updated: WallTime

    package init(
        clOrdID: String, origClOrdID: String?, reference: String, symbol: String, side: Side, quantity: Quantity,
        price: Price?, timeInForce: TimeInForce, reducing: Bool, epoch: Int64, status: StoreSchema.OrderStatus,
        cumulative: Quantity, leaves: Quantity, decided: WallTime, updated: WallTime
    ) {
        self.clOrdID = clOrdID
        self.origClOrdID = origClOrdID
        self.reference = reference
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.price = price
        self.timeInForce = timeInForce
        self.reducing = reducing
        self.epoch = epoch
        self.status = status
        self.cumulative = cumulative
        self.leaves = leaves
        self.decided = decided
        self.updated = updated
    }
}

package struct FillRow: Hashable, Sendable {
    package let execID: String
    package let orderID: String
    package let clOrdID: String
    package let symbol: String
    package let side: Side
    package let quantity: Quantity
    package let price: Price
    package let addsLiquidity: Bool
    package let at: WallTime
}

/// A pure decider: the reference governor, or one that breaks a promise on purpose. Its owner gives it a `tick` every
/// 10 ms.
package protocol Decider {
    mutating func handle(_ event: Event, at moment: Moment) -> [Directive]
    var view: View { get }
}

/// What a governor shows of itself: for `/metrics` and `/healthz`.
package struct View: Hashable, Sendable {
    package var state: GovernorState.Kind
    package var reason: String
    package var epoch: Int64
    package var positions: [String: Quantity]
    package var watermark: Int64
    package var lostTicks: Int64
    package var lastTick: WallTime?
    package var feedLatency: Duration?
    package var networkLatency: Duration?
    package var recoveryTime: Duration?
    package var equity: Money
    /// Sells − buys − fees.
    package var cashFlow: Money
    package var openOrders: Int
    package var isReconciled: Bool
}
