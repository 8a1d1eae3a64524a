import Messages
import Units

/// The orders that are not final, with the sums that the checks need, and the identities that must not come twice.
package struct OrderTable: Sendable {
    /// Rejected ids remembered; accepted ones are never forgotten.
    static let rejectedMaximum = 65_536
    /// Final orders remembered, so that a late report still finds its symbol and side.
    static let finalMaximum = 4_096

    package private(set) var live: [String: TrackedOrder] = [:]
    /// Intent id → ClOrdID of the live order it leads to now.
    private var byReference: [String: String] = [:]
    private var replacements: [String: String] = [:]
    private var finals = Ring<TrackedOrder>(limit: finalMaximum)
    private var accepted: Set<Fingerprint> = []
    private var fromStore: Set<Fingerprint> = []
    private var rejected = FingerprintRing(limit: rejectedMaximum)
    private var bySymbol: [String: SymbolOrders] = [:]
    /// Sum over the orders whose notional fits into 64 bits, and how many there are whose doesn't.
    private var notionalSum: Int128 = 0
    private var withoutNotional = 0

    package struct Open: Hashable, Sendable {
        package var buys: Quantity = .zero
        package var sells: Quantity = .zero
        package static let none = Open()
    }

    package init() {}

    package subscript(clOrdID: String) -> TrackedOrder? { live[clOrdID] }
    package var count: Int { live.count }

    /// Inserts, or replaces the record of the same ClOrdID.
    package mutating func put(_ order: TrackedOrder) {
        if let old = live.updateValue(order, forKey: order.clOrdID) { account(old, -1) }
        account(order, 1)
        byReference[order.reference] = order.clOrdID
        if let change = order.replacement { replacements[change.clOrdID] = order.clOrdID }
    }

    package mutating func retire(_ clOrdID: String) {
        guard let order = live.removeValue(forKey: clOrdID) else { return }
        account(order, -1)
        if byReference[order.reference] == clOrdID { byReference[order.reference] = nil }
        // A replaced order is known by the intents of its earlier names, too.
        if order.origClOrdID != nil { byReference = byReference.filter { $0.value != clOrdID } }
        if let change = order.replacement { replacements[change.clOrdID] = nil }
        finals.insert(clOrdID, order)
    }

    /// The order continues under the ClOrdID of its replacement.
    package mutating func rename(_ clOrdID: String) -> TrackedOrder? {
        guard let old = live[clOrdID], let change = old.replacement else { return nil }
        // The intent of the first order still leads here: a strategy knows its order by that name.
        let names = byReference.filter { $0.value == clOrdID }.map(\.key)
        retire(clOrdID)
        var order = old
        order.clOrdID = change.clOrdID
        order.origClOrdID = clOrdID
        order.reference = change.reference
        order.quantity = change.quantity
        order.price = change.price
        order.epoch = change.epoch
        order.decidedWall = change.decidedWall
        order.replacement = nil
        order.stage = .working
        put(order)
        for name in names { byReference[name] = order.clOrdID }
        return order
    }

    package mutating func dropReplacement(of clOrdID: String) {
        guard var order = live[clOrdID], let change = order.replacement else { return }
        replacements[change.clOrdID] = nil
        order.replacement = nil
        put(order)
    }

    package func holder(ofReplacement clOrdID: String) -> String? { replacements[clOrdID] }
    package func order(of intent: String) -> TrackedOrder? { byReference[intent].flatMap { live[$0] } }
    package func final(_ clOrdID: String) -> TrackedOrder? { finals[clOrdID] }

    package func open(_ symbol: String) -> Open { bySymbol[symbol]?.open ?? .none }
    /// The symbols that ever had an order, with what is open of each.
    var openBySymbol: some Sequence<(symbol: String, open: Open)> { bySymbol.lazy.map { ($0.key, $0.value.open) } }
    func isKnown(_ symbol: String) -> Bool { bySymbol[symbol] != nil }
    /// What all open orders are worth at their least favourable price; `nil` when that doesn't fit.
    package var openNotional: Money? {
        withoutNotional == 0 ? Int64(exactly: notionalSum).map { Money(units: $0) } : nil
    }

    /// Whether one of our own orders stands in the way of an order on `side` that reaches as far as `price`.
    package func isCrossed(_ symbol: String, by side: Side, at price: Price) -> Bool {
        bySymbol[symbol]?.isCrossed(by: side, at: price) ?? false
    }

    private mutating func account(_ order: TrackedOrder, _ sign: Int64) {
        bySymbol[order.symbol, default: SymbolOrders()].account(order, sign)
        if let notional = order.exposurePrice.notional(of: order.exposure) {
            notionalSum += Int128(sign * notional.units)
        } else {
            withoutNotional += Int(sign)
        }
    }
}

// Identities.
extension OrderTable {
    package enum Seen: Hashable, Sendable { case never, here, before }

    package func seen(_ intent: String) -> Seen {
        let print = Fingerprint(intent)
        if accepted.contains(print) || rejected.contains(print) { return .here }
        return fromStore.contains(print) ? .before : .never
    }

    package mutating func remember(_ intent: String, accepted isAccepted: Bool) {
        if isAccepted { accepted.insert(Fingerprint(intent)) } else { rejected.insert(Fingerprint(intent)) }
    }

    package mutating func recover(references: [String]) { fromStore.formUnion(references.map(Fingerprint.init)) }
}

/// The last `limit` entries by key; older ones are forgotten in the order of their coming.
struct Ring<Value: Sendable>: Sendable {
    let limit: Int
    private var keys: [String] = []
    private var next = 0
    private var values: [String: Value] = [:]

    init(limit: Int) { self.limit = limit }

    subscript(key: String) -> Value? { values[key] }

    mutating func insert(_ key: String, _ value: Value) {
        guard values.updateValue(value, forKey: key) == nil else { return }
        if keys.count < limit {
            keys.append(key)
        } else {
            values[keys[next]] = nil
            keys[next] = key
            next = (next + 1) % limit
        }
    }
}
