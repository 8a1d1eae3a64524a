import Messages
import Units

extension ScenarioReading {
    static let burstKeys = [
        "changes", "shares", "resting_orders", "resting_quantity", "resting_lead", "broker_rejects", "probes",
        "order_quantity", "aftermath",
    ]

    /// The numbers of strategy `burst`.
    func burst(_ load: Section) -> BurstSettings? {
        guard let section = load.section("burst", keys: ScenarioReading.burstKeys) else { return nil }
        let changes = section.whole("changes", in: 1...Int64(BurstSettings.changesMaximum), default: 50)
        let shares = section.whole("shares", in: 1...1_000_000)
        let resting = section.whole("resting_orders", in: 0...1_000, default: 12)
        let quantity = section.whole("resting_quantity", in: 1...1_000_000, default: 10)
        let lead = section.duration("resting_lead", to: .seconds(60), default: .milliseconds(1_500))
        let rejects = section.whole("broker_rejects", in: 0...1_000, default: 2)
        let probes = section.whole("probes", in: 1...1_000, default: 5)
        let order = section.whole("order_quantity", in: 1...1_000_000)
        let aftermath = section.duration("aftermath", to: .seconds(600), default: .seconds(2))
        guard let changes, let shares, let resting, let quantity, let lead, let rejects, let probes, let order,
            let aftermath
        else { return nil }
        return BurstSettings(
            changes: Int(changes), shares: Quantity(shares: shares), restingOrders: Int(resting),
            restingQuantity: Quantity(shares: quantity), restingLead: lead, brokerRejects: Int(rejects),
            probes: Int(probes), orderQuantity: Quantity(shares: order), aftermath: aftermath)
    }

    /// A burst needs symbols, room for its changes, and limits that it just fills.
    func checkBurst(_ scenario: Scenario, _ root: Section) {
        guard case .burst(let settings) = scenario.load.strategy else { return }
        func note(_ key: String, _ text: String) {
            document.note(root.line(of: "load", key: "burst"), "burst: \(key): \(text)")
        }
        let traded = scenario.books.count - 1
        if traded < BurstSettings.tradedSymbolsMinimum {
            note("symbols", "expected at least \(BurstSettings.tradedSymbolsMinimum + 1), found \(scenario.books.count)")
        }
        let most = (settings.changes + max(1, traded) - 1) / max(1, traded)
        if settings.changedShares < Int64(most) {
            note("shares", "expected at least a share a change, found \(settings.changedShares) for \(most) changes")
        }
        let restsEnd = BurstScript.restInterval * (settings.restingOrders * max(1, traded))
        if settings.restingLead < restsEnd {
            note("resting_lead", "expected at least \(restsEnd.written) for its orders, found \(settings.restingLead.written)")
        }
        func limit(_ key: String) -> Int64? {
            scenario.governor.limitOverrides.first { $0.key == key }?.value.integer ?? limits?[key]?.integer
        }
        if let position = limit("max_position"), settings.shares.shares != position {
            note("shares", "expected the limit max_position (\(position)), found \(settings.shares)")
        }
        if let quantity = limit("max_order_quantity"), settings.orderQuantity.shares != quantity {
            note("order_quantity", "expected the limit max_order_quantity (\(quantity)), found \(settings.orderQuantity)")
        }
    }
}
