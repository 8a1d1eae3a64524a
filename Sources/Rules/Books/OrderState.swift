// The life of one order, as its broker tells it. Shared by the broker that makes it and by those who check it.
//
// Legal: pending → new or rejected; new or partly filled → partly filled, filled, cancelled, expired, or replaced
// (which stays new or partly filled with another quantity). Filled, cancelled, rejected and expired end it.
// Identities: 38 = 14 + 151 while live, 151 = 0 when terminal, 6 = Σ(31×32) / 14.

import Messages
import Units

package struct OrderState: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable, CaseIterable {
        case pendingNew = "A"
        case new = "0"
        case partiallyFilled = "1"
        case filled = "2"
        case cancelled = "4"
        case rejected = "8"
        case expired = "C"

        package var isTerminal: Bool {
            switch self {
            case .filled, .cancelled, .rejected, .expired: true
            case .pendingNew, .new, .partiallyFilled: false
            }
        }
        package var isWorking: Bool { self == .new || self == .partiallyFilled }
        /// OrdStatus(39).
        package var fix: String { rawValue }
    }

    package private(set) var status = Status.pendingNew
    /// OrderQty(38), CumQty(14).
    package private(set) var quantity: Quantity
    package private(set) var cumulative = Quantity.zero
    /// Σ(LastPx × LastQty).
    package private(set) var traded = Money.zero

    package init(quantity: Quantity) { self.quantity = quantity }

    /// LeavesQty(151): what can still trade.
    package var leaves: Quantity { status.isTerminal ? .zero : quantity - cumulative }

    /// AvgPx(6): Σ(31×32) / 14 to four decimals, half away from zero; 0 before the first fill.
    package var averagePrice: Price {
        guard cumulative > .zero else { return Price(units: 0) }
        let (quotient, remainder) = traded.units.magnitude.quotientAndRemainder(dividingBy: UInt64(cumulative.shares))
        let rounded = quotient + (remainder >= UInt64(cumulative.shares) - remainder ? 1 : 0)
        return Price(units: Int64(clamping: rounded) * traded.units.signum())
    }
}

extension OrderState {
    package mutating func accept() throws(BooksError) {
        try require(status == .pendingNew, "a pending order to accept")
        status = .new
    }

    package mutating func reject() throws(BooksError) {
        try require(status == .pendingNew, "a pending order to reject")
        status = .rejected
    }

    package mutating func fill(_ size: Quantity, at price: Price) throws(BooksError) {
        try require(status.isWorking, "a working order to fill")
        try require(size > .zero && size <= leaves, "a fill of 1 to \(leaves)", found: "\(size)")
        guard let amount = price.notional(of: size) else {
            throw BooksError("order", expected: "a notional within 64 bits", found: "\(size) at \(price)")
        }
        let (sum, overflowed) = traded.units.addingReportingOverflow(amount.units)
        try require(!overflowed, "a traded total within 64 bits", found: "\(traded) + \(amount)")
        cumulative += size
        traded = Money(units: sum)
        status = cumulative == quantity ? .filled : .partiallyFilled
    }

    package mutating func cancel() throws(BooksError) {
        try require(status.isWorking, "a working order to cancel")
        status = .cancelled
    }

    package mutating func expire() throws(BooksError) {
        try require(status.isWorking, "a working order to expire")
        status = .expired
    }

    /// A new total quantity; equal to what has traded it ends the order as filled.
    package mutating func replace(quantity new: Quantity) throws(BooksError) {
        try require(status.isWorking, "a working order to replace")
        try require(new > .zero && new >= cumulative, "a quantity of at least \(cumulative), above 0", found: "\(new)")
        quantity = new
        if cumulative == new { status = .filled }
    }

    private func require(_ holds: Bool, _ expected: String, found: String? = nil) throws(BooksError) {
        guard !holds else { return }
        throw BooksError("order", expected: expected, found: found ?? "status \(status.rawValue) (\(status))")
    }

    /// What a report claims that cannot be true of an order; `nil` when its numbers fit together.
    package static func violation(
        status: Status, quantity: Quantity, cumulative: Quantity, leaves: Quantity
    ) -> String? {
        if cumulative < .zero || leaves < .zero { return "14=\(cumulative) or 151=\(leaves) below 0" }
        if status.isTerminal, leaves != .zero {
            return "151=\(leaves) of an order that has ended (39=\(status.rawValue))"
        }
        if !status.isTerminal, quantity != cumulative + leaves {
            return "38=\(quantity) is not 14=\(cumulative) + 151=\(leaves)"
        }
        if status == .filled, cumulative != quantity { return "39=2 with 14=\(cumulative) of 38=\(quantity)" }
        return nil
    }
}
