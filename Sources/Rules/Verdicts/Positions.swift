// The broker's ledger over time: positions and working orders after each of its events.

import History
import Messages
import Units

struct Positions: Sendable {
    struct Working: Sendable {
        let symbol: String
        let side: Side
        var leaves: Quantity
    }

    /// One order's life at the broker.
    struct Order: Sendable {
        var wasReceived = false
        var wasAccepted = false
        var acceptedAt: Stamp?
        /// The ledger at the instant of acceptance said that it could only reduce.
        var reducedOnly: Bool?
        var cumulative = Quantity.zero
        /// `nil` while live.
        var final: Execution.Kind?
    }

    /// Positions changed at these instants; each entry holds all positions that aren't zero.
    private(set) var history: [(stamp: Stamp, positions: [String: Quantity], working: [String: Working])] = []
    private(set) var orders: [String: Order] = [:]
    private(set) var trades: [LedgerEvent] = []
    /// Sequence numbers that are missing in the drop copy.
    private(set) var gaps: [Violation] = []
    /// Whether there is a ledger at all, without a gap: else nothing can be verified against it.
    let isWhole: Bool
    private var positions: [String: Quantity] = [:]
    private var working: [String: Working] = [:]

    init(_ events: [LedgerEvent]) {
        isWhole = !events.isEmpty
            && zip(events, events.dropFirst()).allSatisfy { $1.execution.sequence == $0.execution.sequence + 1 }
        var expected: Int64?
        for event in events {
            if let expected, event.execution.sequence != expected {
                let text = "drop copy: expected \(expected), found \(event.execution.sequence)"
                gaps.append(Violation(text: text, record: event.stamp.record))
            }
            expected = event.execution.sequence + 1
            apply(event)
        }
    }

    private mutating func apply(_ event: LedgerEvent) {
        let execution = event.execution
        switch execution.kind {
        case .loggedOn, .loggedOut, .disconnected, .cancelRejected: return
        case .received:
            orders[execution.clOrdID, default: Order()].wasReceived = true
            return
        case .new: accept(event)
        case .replaced:
            working[execution.origClOrdID] = nil
            orders[execution.origClOrdID, default: Order()].final = .replaced
            accept(event)
        case .trade:
            positions[execution.symbol] = execution.position == .zero ? nil : execution.position
            trades.append(event)
            orders[execution.clOrdID, default: Order()].cumulative = execution.cumulative
            working[execution.clOrdID]?.leaves = execution.leaves
            if execution.leaves <= .zero {
                working[execution.clOrdID] = nil
                orders[execution.clOrdID, default: Order()].final = .trade
            }
        case .cancelled, .expired, .rejected: end(execution)
        }
        history.append((event.stamp, positions, working))
    }

    private mutating func end(_ execution: Execution) {
        // A cancel's report names the order as the original, and the request as its own.
        let subject = execution.kind == .cancelled && orders[execution.origClOrdID]?.wasAccepted == true
            ? execution.origClOrdID : execution.clOrdID
        orders[execution.clOrdID, default: Order()].wasReceived = true
        working[subject] = nil
        orders[subject, default: Order()].final = execution.kind
    }

    private mutating func accept(_ event: LedgerEvent) {
        let execution = event.execution
        let leaves = execution.leaves > .zero ? execution.leaves : execution.quantity
        let reduces = Positions.reduces(
            execution.symbol, execution.side, leaves, positions: positions, working: working, except: execution.clOrdID)
        orders[execution.clOrdID, default: Order()].wasReceived = true
        orders[execution.clOrdID, default: Order()].wasAccepted = true
        orders[execution.clOrdID, default: Order()].acceptedAt = event.stamp
        orders[execution.clOrdID, default: Order()].reducedOnly = reduces
        working[execution.clOrdID] = Working(symbol: execution.symbol, side: execution.side, leaves: leaves)
    }

    /// Opposite to the position, and with all that works on that side no more than the position.
    static func reduces(
        _ symbol: String, _ side: Side, _ quantity: Quantity, positions: [String: Quantity], working: [String: Working],
        except: String
    ) -> Bool {
        let position = positions[symbol] ?? .zero
        guard position.shares * side.sign < 0 else { return false }
        var sum = quantity
        for (name, order) in working where name != except && order.symbol == symbol && order.side == side {
            sum += order.leaves
        }
        return sum <= position.magnitude
    }

    /// The ledger as it was at an instant.
    func state(at instant: Instant) -> (positions: [String: Quantity], working: [String: Working]) {
        var low = 0
        var high = history.count
        while low < high {
            let middle = (low + high) / 2
            if history[middle].stamp.at <= instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? ([:], [:]) : (history[low - 1].positions, history[low - 1].working)
    }

    /// Since when it has been flat without a break, at `instant`. `nil` when it isn't flat then.
    func flatSince(at instant: Instant, notBefore: Instant) -> (at: Instant, record: Place?)? {
        guard state(at: instant).positions.isEmpty else { return nil }
        let before = history.prefix { $0.stamp.at <= instant }
        guard let last = before.lastIndex(where: { !$0.positions.isEmpty }), last + 1 < before.count else {
            return (notBefore, nil)
        }
        return (max(notBefore, before[last + 1].stamp.at), before[last + 1].stamp.record)
    }

    /// The first instant at or after `instant` at which nothing was held.
    func firstFlat(from instant: Instant) -> (at: Instant, record: Place?)? {
        if state(at: instant).positions.isEmpty { return (instant, nil) }
        return history.first { $0.stamp.at > instant && $0.positions.isEmpty }.map { ($0.stamp.at, $0.stamp.record) }
    }
}
