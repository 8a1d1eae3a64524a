import Books
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

    /// Whether all rows of a table of its own file are on record.
    func isOnRecord(_ table: String, _ rows: Int) -> Bool {
        let seen = timeline.all("store").last { $0["table"]?.string == table }
        return seen?["count"]?.integer == Int64(rows)
    }

    /// Which of the store's orders bears a ClOrdID; `nil` when they aren't on record.
    var storedOrders: [String: Int]? {
        guard isOnRecord("orders", timeline.storedOrders.count) else { return nil }
        let rows = timeline.storedOrders
        var found: [String: Int] = [:]
        found.reserveCapacity(rows.count)
        for (place, row) in rows.enumerated() { found[row.clOrdID] = place }
        return found
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
        let count = timeline.departures.count { ["D", "G"].contains($0.type) }
        guard count > 0 else { return .unknown("no order left") }
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        guard let violations = storedOrderDefects() else { return .unknown("the store's orders are not on record") }
        var finding = Finding.never(violations, of: count)
        finding.observed = .bool(violations.isEmpty)
        return finding
    }

    /// Orders that left and are something else in the store than at the broker. `nil` when they aren't on record.
    func storedOrderDefects() -> [Violation]? {
        guard let stored = storedOrders else { return nil }
        let rows = timeline.storedOrders
        var violations: [Violation] = []
        for departure in timeline.departures
        where ["D", "G"].contains(departure.type) && departure.stamp.at < close - Scene.tail {
            guard let defect = defect(of: departure, stored[departure.clOrdID].map { rows[$0] })
            else { continue }
            violations.append(Violation(text: "\(departure.name): \(defect)", record: departure.stamp.record))
        }
        return violations
    }

    private func defect(of departure: Departure, _ row: StoredOrder?) -> String? {
        let truth = positions.orders[departure.clOrdID] ?? Positions.Order()
        // A leak, and what was sent again, are judged elsewhere; here only what became of them counts.
        if departure.isPossibleDuplicate || leaks.records.contains(departure.stamp.record) { return nil }
        guard let row, let status = row.status else { return "not in the store" }
        guard truth.wasAccepted else {
            let isKnownDead = [.lost, .rejected, .cancelled, .expired, .withdrawn].contains(status)
            return isKnownDead ? nil : "the broker never accepted it, the store says \(status.rawValue)"
        }
        if row.cumulative != truth.cumulative.shares {
            return "filled \(truth.cumulative) at the broker, \(row.cumulative.map(String.init) ?? "unknown") in the store"
        }
        if (truth.final != nil) != status.isFinal {
            return "\(truth.final.map(\.rawValue) ?? "working") at the broker, \(status.rawValue) in the store"
        }
        return nil
    }

    /// Every fill of the broker's ledger is in PostgreSQL once, and positions, cash and fees are equal.
    func storeComplete() -> Finding {
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        let money: [Violation]
        switch storedMoneyDefects() {
        case .failure(let error): return .unknown(error.reason)
        case .success(let found): money = found
        }
        guard let fills = storedFillDefects(), let wrong = storedPositionDefects() else {
            return .unknown("the store's fills or positions are not on record")
        }
        let violations = wrong + fills + money
        var finding = Finding.never(violations, of: positions.trades.count)
        finding.observed = .bool(violations.isEmpty)
        return finding
    }

    /// Fills by ExecID: missing, twice, different, or unknown to the broker. `nil` when they aren't on record.
    func storedFillDefects() -> [Violation]? {
        guard isOnRecord("fills", timeline.storedFills.count) else { return nil }
        var violations: [Violation] = []
        let rows = timeline.storedFills
        var stored: [String: Int] = [:]
        for (place, row) in rows.enumerated() where stored.updateValue(place, forKey: row.execID) != nil {
            violations.append(Violation(text: "fill \(row.execID) twice in the store", record: row.place))
        }
        for trade in positions.trades {
            let execution = trade.execution
            guard let row = stored.removeValue(forKey: execution.execID).map({ rows[$0] }) else {
                violations.append(Violation(text: "fill \(execution.execID) not in the store", record: trade.stamp.record))
                continue
            }
            if row.quantity != execution.lastQuantity.shares || row.price != execution.lastPrice.units {
                violations.append(Violation(text: "fill \(execution.execID) differs in the store", record: row.place))
            }
        }
        for row in stored.values.sorted().map({ rows[$0] }) {
            violations.append(Violation(text: "fill \(row.execID) unknown to the broker", record: row.place))
        }
        return violations
    }

    /// Cash and fees of each symbol, computed again from the broker's fills.
    func storedMoneyDefects() -> Result<[Violation], ReasonError> {
        guard let pnl = table("pnl") else { return .failure(ReasonError(reason: "the store's pnl is not on record")) }
        guard let schedule = evidence.fees else {
            return .failure(ReasonError(reason: "fees.json is not in evidence"))
        }
        var book = Books.Ledger(schedule: schedule)
        // What the fees of an order were accrued from is let go with its last fill: there are many orders.
        var last: [String: Int] = [:]
        for (place, trade) in positions.trades.enumerated() { last[trade.execution.orderID] = place }
        for (place, trade) in positions.trades.enumerated() {
            guard let fill = Fill(trade.execution) else { continue }
            do { _ = try book.apply(fill) } catch {
                return .failure(ReasonError(reason: "the broker's fills can't be booked: \(error)"))
            }
            if last[fill.orderID] == place { book.settle(orderID: fill.orderID) }
        }
        var violations: [Violation] = []
        var expected = book.accounts
        for row in pnl.rows {
            let symbol = row["symbol"]?.string ?? ""
            let account = expected.removeValue(forKey: symbol) ?? Books.Ledger.Account()
            for (name, truth) in [("cash", account.cash), ("fees", account.fees)]
            where StoredTable.integer(row, name) != truth.units {
                let found = StoredTable.integer(row, name).map { Money(units: $0).description } ?? "unknown"
                violations.append(
                    Violation(text: "\(symbol): \(name) \(found) in the store, \(truth) by the fills", record: pnl.record))
            }
        }
        for symbol in expected.keys.sorted() {
            violations.append(Violation(text: "\(symbol): no pnl row", record: pnl.record))
        }
        return .success(violations)
    }
}
