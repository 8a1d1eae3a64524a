// The broker's word about positions and working orders, kept from its drop copy, checked for gaps.

import Messages
import Units

package struct Ledger: Sendable {
    package struct Working: Hashable, Sendable {
        package let clOrdID: String
        package let orderID: String
        package let symbol: String
        package let side: Side
        package var leaves: Quantity
        package let claimsReducing: Bool
    }

    package private(set) var positions: [String: Quantity] = [:]
    /// By ClOrdID.
    package private(set) var working: [String: Working] = [:]
    package private(set) var hasSession = false
    /// Every claim to reduce that the broker accepted, and whether it was true at that instant.
    package private(set) var verifiedReducing: [String: Bool] = [:]
    package private(set) var gaps = 0
    private var expected: Int64?

    package init() {}

    /// The gap before this message, if there is one: (expected, found).
    package mutating func receive(_ execution: Execution) -> (expected: Int64, found: Int64)? {
        let before = expected
        expected = execution.sequence + 1
        apply(execution)
        guard let before, before != execution.sequence else { return nil }
        gaps += 1
        return (before, execution.sequence)
    }

    private mutating func apply(_ execution: Execution) {
        switch execution.kind {
        case .loggedOn: hasSession = true
        case .loggedOut, .disconnected: hasSession = false
        case .received, .cancelRejected: break
        case .new: accept(execution)
        case .replaced:
            working[execution.origClOrdID] = nil
            accept(execution)
        case .trade:
            positions[execution.symbol] = execution.position
            setLeaves(execution)
        case .cancelled, .expired:
            working[execution.clOrdID] = nil
            working[execution.origClOrdID] = nil
        case .rejected:
            // A duplicate's rejection bears the ClOrdID of an order that may still work.
            if working[execution.clOrdID]?.orderID == execution.orderID { working[execution.clOrdID] = nil }
        }
    }

    private mutating func accept(_ execution: Execution) {
        // A market order is accepted with what it is about to fill as its leaves.
        let leaves = execution.leaves > .zero ? execution.leaves : execution.quantity
        working[execution.clOrdID] = Working(
            clOrdID: execution.clOrdID, orderID: execution.orderID, symbol: execution.symbol, side: execution.side,
            leaves: leaves,
            claimsReducing: execution.claimsReducing)
        guard execution.claimsReducing else { return }
        verifiedReducing[execution.clOrdID] = reduces(execution.symbol, execution.side, adding: .zero)
    }

    private mutating func setLeaves(_ execution: Execution) {
        for name in [execution.clOrdID, execution.origClOrdID] where working[name] != nil {
            working[name]?.leaves = execution.leaves
            if execution.leaves <= .zero { working[name] = nil }
        }
    }

    /// Whether all working orders of this side, and `quantity` more, can fill without passing through zero.
    package func reduces(_ symbol: String, _ side: Side, adding quantity: Quantity) -> Bool {
        let position = positions[symbol] ?? .zero
        guard position.shares * side.sign < 0 else { return false }
        var sum = quantity
        for order in working.values where order.symbol == symbol && order.side == side { sum += order.leaves }
        return sum <= position.magnitude
    }
}
