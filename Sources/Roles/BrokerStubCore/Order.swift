import Books
import Messages
import Units

/// An order at the broker.
package struct Order: Hashable, Sendable {
    package let orderID: String
    /// Of the latest request that changed it.
    package internal(set) var clOrdID: String
    package let reference: String
    package let symbol: String
    package let side: Side
    package let type: OrderType
    package internal(set) var limit: Price?
    package let timeInForce: TimeInForce
    package let claimsReducing: Bool
    package internal(set) var state: OrderState
    /// Place in the queue of its price: lower is earlier.
    package internal(set) var priority: Int
    /// Accepted and never yet matched, because its session died: it takes its turn with the next state of the book.
    var isParked = false

    var rests: Bool { type == .limit && timeInForce == .day }

    /// Better price first, then earlier.
    func precedes(_ other: Order) -> Bool {
        if isParked != other.isParked { return isParked }
        guard let limit, let otherLimit = other.limit, limit != otherLimit else { return priority < other.priority }
        return side == .buy ? limit > otherLimit : limit < otherLimit
    }
}
