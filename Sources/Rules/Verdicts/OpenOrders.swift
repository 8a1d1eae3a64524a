import Messages
import Units

/// What could still trade, as the wire and the broker's ledger have it: an order counts from the packet that carried
/// it until the broker has ended it. A governor that counts as it must never counts less than this: it learns of an
/// order's end later than the broker, and of its own orders earlier than the wire.
struct OpenOrders: Sendable {
    struct Entry: Sendable {
        let symbol: String
        let side: Side
        var leaves: Quantity
        /// `nil`: sent without a limit.
        let price: Price?
        /// The order that it would replace, while the broker hasn't done so.
        var replaces: String?
    }

    private(set) var entries: [String: Entry] = [:]
    private(set) var positions: [String: Quantity] = [:]

    /// Shares that `departure` adds to what is open: all of a new order, the growth of a replaced one.
    func added(by departure: Departure) -> Quantity {
        let asked = departure.quantity ?? .zero
        guard departure.type == "G", let old = entries[departure.origClOrdID] else { return asked }
        return max(.zero, asked - (filled[departure.origClOrdID] ?? .zero) - old.leaves)
    }

    private var filled: [String: Quantity] = [:]

    mutating func leave(_ departure: Departure) {
        guard let side = departure.side else { return }
        entries[departure.clOrdID] = Entry(
            symbol: departure.symbol, side: side, leaves: added(by: departure), price: departure.price,
            replaces: departure.type == "G" ? departure.origClOrdID : nil)
    }

    mutating func apply(_ execution: Execution) {
        switch execution.kind {
        case .received, .new, .loggedOn, .loggedOut, .disconnected: return
        case .trade:
            positions[execution.symbol] = execution.position
            filled[execution.clOrdID] = execution.cumulative
            entries[execution.clOrdID]?.leaves = execution.leaves
            if execution.leaves <= .zero { end(execution.clOrdID) }
        case .replaced:
            entries[execution.origClOrdID] = nil
            filled[execution.clOrdID] = execution.cumulative
            entries[execution.clOrdID]?.leaves = execution.leaves
            entries[execution.clOrdID]?.replaces = nil
            if execution.leaves <= .zero { end(execution.clOrdID) }
        case .cancelled:
            end(entries[execution.origClOrdID] != nil ? execution.origClOrdID : execution.clOrdID)
        case .rejected, .expired: end(execution.clOrdID)
        case .cancelRejected:
            if entries[execution.clOrdID]?.replaces != nil { entries[execution.clOrdID] = nil }
        }
    }

    /// A replace that is under way ends with the order that it was to change.
    private mutating func end(_ clOrdID: String) {
        entries[clOrdID] = nil
        for (name, entry) in entries where entry.replaces == clOrdID { entries[name] = nil }
    }

    var count: Int { entries.values.count { $0.replaces == nil } }

    /// The position if everything open on one side traded, and nothing on the other.
    func extremes(_ symbol: String) -> (high: Int64, low: Int64) {
        let position = positions[symbol]?.shares ?? 0
        var high = position
        var low = position
        for entry in entries.values where entry.symbol == symbol {
            if entry.side == .buy { high += entry.leaves.shares } else { low -= entry.leaves.shares }
        }
        return (high, low)
    }

    var symbols: Set<String> { Set(positions.keys).union(entries.values.map(\.symbol)) }
}
