// The broker's word about positions and working orders, kept from its drop copy, checked for gaps.
//
// A broker that was cut off from Redis, or started again, publishes once more what it doesn't know to have arrived. The
// same record under the same number says nothing new; another record under a number that was used contradicts itself.

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

    /// What a message of the drop copy is beside those before it.
    package enum Arrival: Hashable, Sendable {
        case next
        /// The same record as the one that bore this number before.
        case repeated
        /// Numbers are missing before it, or it says something else than the record that bore its number.
        case gap(expected: String, found: String)
    }

    /// How many records are kept to compare repeats with; an older one counts as a gap. The broker has at most a
    /// thousand under way, and writes down ten times a second how far Redis has confirmed.
    package static let rememberedMaximum = 4_096

    package private(set) var positions: [String: Quantity] = [:]
    /// By ClOrdID.
    package private(set) var working: [String: Working] = [:]
    package private(set) var hasSession = false
    /// Every claim to reduce that the broker accepted, and whether it was true at that instant.
    package private(set) var verifiedReducing: [String: Bool] = [:]
    package private(set) var gaps = 0
    private var last: Int64?
    /// By their number modulo the maximum.
    private var remembered: [Execution?] = []

    package init() {}

    package mutating func receive(_ execution: Execution) -> Arrival {
        let sequence = execution.sequence
        guard let last else {
            take(execution)
            return .next
        }
        guard sequence > last else {
            if let known = remembered(sequence), known == execution { return .repeated }
            gaps += 1
            let expected = remembered(sequence) == nil ? "\(last + 1)" : "the record that bore number \(sequence) before"
            return .gap(expected: expected, found: remembered(sequence) == nil ? "\(sequence)" : "another record")
        }
        take(execution)
        guard sequence == last + 1 else {
            gaps += 1
            return .gap(expected: "\(last + 1)", found: "\(sequence)")
        }
        return .next
    }

    private func remembered(_ sequence: Int64) -> Execution? {
        remembered.isEmpty ? nil : remembered[place(of: sequence)].flatMap { $0.sequence == sequence ? $0 : nil }
    }

    private mutating func take(_ execution: Execution) {
        last = execution.sequence
        if remembered.isEmpty { remembered = Array(repeating: nil, count: Ledger.rememberedMaximum) }
        remembered[place(of: execution.sequence)] = execution
        apply(execution)
    }

    private func place(of sequence: Int64) -> Int {
        Int(sequence.magnitude % UInt64(Ledger.rememberedMaximum))
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
