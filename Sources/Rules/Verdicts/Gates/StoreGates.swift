import History
import Messages
import Scenarios
import Units

/// One table of the governor's store after the run.
struct StoredTable: Sendable {
    let record: Place
    let rows: [JSON]

    /// PostgreSQL's text protocol writes numbers as text.
    static func integer(_ row: JSON, _ column: String) -> Int64? {
        row[column]?.integer ?? row[column]?.string.flatMap { Int64($0) }
    }
}

extension Scene {
    func table(_ name: String) -> StoredTable? {
        guard let seen = timeline.all("store").last(where: { $0["table"]?.string == name }), let rows = seen["rows"]?.array
        else { return nil }
        return StoredTable(record: seen.stamp.record, rows: rows)
    }

    /// `nil` when the table isn't on record.
    func storedPositionDefects() -> [Violation]? {
        guard let table = table("positions") else { return nil }
        var stored: [String: Int64] = [:]
        for row in table.rows { stored[row["symbol"]?.string ?? ""] = StoredTable.integer(row, "quantity") }
        let truth = positions.state(at: timeline.end).positions
        let symbols = Set(stored.keys).union(truth.keys).sorted()
        return symbols.compactMap { symbol in
            let expected = truth[symbol]?.shares ?? 0
            let found = stored[symbol] ?? 0
            guard expected != found else { return nil }
            return Violation(text: "\(symbol): store has \(found), the broker \(expected)", record: table.record)
        }
    }

    /// Every order that left has become something, and the governor's store says the same as the broker.
    func ordersResolved() -> Finding {
        let new = timeline.departures.filter { ["D", "G"].contains($0.type) }
        guard !new.isEmpty else { return .unknown("no order left") }
        guard let table = table("orders") else { return .unknown("the store's orders are not on record") }
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        var stored: [String: JSON] = [:]
        for row in table.rows { stored[row["cl_ord_id"]?.string ?? ""] = row }
        var violations: [Violation] = []
        for departure in new where departure.stamp.at < close - Scene.tail {
            guard let defect = defect(of: departure, stored[departure.clOrdID]) else { continue }
            violations.append(Violation(text: "\(departure.name): \(defect)", record: departure.stamp.record))
        }
        var finding = Finding.never(violations, of: new.count)
        finding.observed = .bool(violations.isEmpty)
        return finding
    }

    private func defect(of departure: Departure, _ row: JSON?) -> String? {
        let truth = positions.orders[departure.clOrdID] ?? Positions.Order()
        // A leak, and what was sent again, are judged elsewhere; here only what became of them counts.
        if departure.isPossibleDuplicate || leaks.records.contains(departure.stamp.record) { return nil }
        guard let row, let text = row["status"]?.string, let status = StoreSchema.OrderStatus(rawValue: text) else {
            return "not in the store"
        }
        guard truth.wasAccepted else {
            let isKnownDead = [.lost, .rejected, .cancelled, .expired, .withdrawn].contains(status)
            return isKnownDead ? nil : "the broker never accepted it, the store says \(status.rawValue)"
        }
        let stored = StoredTable.integer(row, "cumulative") ?? -1
        if stored != truth.cumulative.shares {
            return "filled \(truth.cumulative) at the broker, \(stored) in the store"
        }
        if (truth.final != nil) != status.isFinal {
            return "\(truth.final.map(\.rawValue) ?? "working") at the broker, \(status.rawValue) in the store"
        }
        return nil
    }

    /// Every fill of the broker's ledger is in PostgreSQL once, and positions and cash are equal.
    func storeComplete() -> Finding {
        guard let fills = table("fills"), let pnl = table("pnl"), let wrong = storedPositionDefects() else {
            return .unknown("the store's fills, positions or pnl are not on record")
        }
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        var violations = wrong
        var stored: [String: JSON] = [:]
        for row in fills.rows {
            let name = row["exec_id"]?.string ?? ""
            if stored.updateValue(row, forKey: name) != nil {
                violations.append(Violation(text: "fill \(name) twice in the store", record: fills.record))
            }
        }
        var cash: [String: Int64] = [:]
        for trade in positions.trades {
            let execution = trade.execution
            let flow = execution.lastPrice.notional(of: execution.lastQuantity)?.units ?? 0
            cash[execution.symbol, default: 0] -= execution.side.sign * flow
            guard let row = stored.removeValue(forKey: execution.execID) else {
                violations.append(Violation(text: "fill \(execution.execID) not in the store", record: trade.stamp.record))
                continue
            }
            if StoredTable.integer(row, "quantity") != execution.lastQuantity.shares
                || StoredTable.integer(row, "price") != execution.lastPrice.units
            {
                violations.append(Violation(text: "fill \(execution.execID) differs in the store", record: trade.stamp.record))
            }
        }
        for name in stored.keys.sorted() {
            violations.append(Violation(text: "fill \(name) unknown to the broker", record: fills.record))
        }
        for row in pnl.rows {
            let symbol = row["symbol"]?.string ?? ""
            let flow = cash.removeValue(forKey: symbol) ?? 0
            if StoredTable.integer(row, "cash") != flow {
                violations.append(Violation(text: "\(symbol): cash differs from the fills'", record: pnl.record))
            }
        }
        for symbol in cash.keys.sorted() { violations.append(Violation(text: "\(symbol): no pnl row", record: pnl.record)) }
        var finding = Finding.never(violations, of: positions.trades.count)
        finding.observed = .bool(violations.isEmpty)
        return finding
    }
}
