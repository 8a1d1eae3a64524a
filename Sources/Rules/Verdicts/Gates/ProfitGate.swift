import Books
import History
import Messages
import Scenarios
import Units

extension Scene {
    /// Cash, fees and position by symbol, as somebody has them.
    private struct Statement {
        let name: String
        let accounts: [String: FeeAudit.Account]
        let record: Place
    }

    /// The governor's store and its claim against the judge's own cash flow from the drop copy, under the fee schedule.
    ///
    /// Independent computations must agree to the last unit: any difference fails, also one below the threshold. The
    /// threshold says what difference is too large however it came about. Positions are valued at their last trade.
    func feeAdjustedProfitDelta(_ limit: Figure) -> Finding {
        guard let fees = evidence.fees else { return .unknown("fees.json is not in evidence") }
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        guard !positions.trades.isEmpty else { return .unknown("nothing traded, so nothing was charged") }
        guard let pnl = table("pnl"), isOnRecord("fills", timeline.storedFills.count) else {
            return .unknown("the store's pnl and fills are not on record")
        }
        let made = positions.trades.compactMap { Fill($0.execution) }
        let own = FeeAudit(made, fees).accounts
        guard let kept = statement(of: pnl) else { return .unknown("gauntlet.pnl: a row that can't be read") }
        guard let fills = storedFills(like: made) else { return .unknown("gauntlet.fills: a row that can't be read") }
        let recomputed = Statement(
            name: "gauntlet.fills under the schedule", accounts: FeeAudit(fills, fees).accounts,
            record: timeline.storedFills.first?.place ?? pnl.record)
        var marks: [String: Int64] = [:]
        for fill in made { marks[fill.symbol] = fill.price.units }
        var violations: [Violation] = []
        var largest: Int64 = 0
        for statement in [kept, recomputed] {
            var sum: Int64 = 0
            for symbol in Set(own.keys).union(statement.accounts.keys).sorted() {
                let (found, truth) = (statement.accounts[symbol] ?? .init(), own[symbol] ?? .init())
                guard found != truth else { continue }
                sum += Scene.profit(found, truth, marks[symbol] ?? 0).magnitude.clamped
                violations.append(
                    Violation(text: "\(statement.name): \(symbol): \(Scene.words(found, truth))", record: statement.record))
            }
            largest = max(largest, sum)
        }
        if let claim = claimedCashFlow {
            let truth = own.values.reduce(0) { $0 + $1.cash - $1.fees }
            let difference = claim.amount.units - truth
            largest = max(largest, difference.magnitude.clamped)
            if difference != 0 {
                let text = "/metrics claims \(claim.amount) after fees, the drop copy gives \(Money(units: truth))"
                violations.append(Violation(text: text, record: claim.stamp.record))
            }
        }
        let observed = Double(largest) / 10_000
        let isWithin = limit.value >= observed
        return Finding(
            violations.isEmpty && isWithin ? .pass : .fail, observed: .real(observed), count: made.count,
            reason: violations.isEmpty ? nil : Violation.text(violations), records: violations.map(\.record))
    }

    /// The governor's last claim, unless it is older than the last fill: then it claims nothing about it.
    private var claimedCashFlow: CashFlowClaim? {
        guard let claim = timeline.claimedCashFlow, let last = positions.trades.last else { return nil }
        return claim.stamp.at > last.stamp.at + .seconds(1) ? claim : nil
    }

    private func statement(of pnl: StoredTable) -> Statement? {
        var accounts: [String: FeeAudit.Account] = [:]
        for row in pnl.rows {
            guard let symbol = row["symbol"]?.string, let cash = StoredTable.integer(row, "cash"),
                let fees = StoredTable.integer(row, "fees"), let position = StoredTable.integer(row, "position")
            else { return nil }
            accounts[symbol] = FeeAudit.Account(position: position, cash: cash, fees: fees)
        }
        return Statement(name: "gauntlet.pnl", accounts: accounts, record: pnl.record)
    }

    /// The store's fills in the order of the broker's; those that it doesn't know come last.
    private func storedFills(like made: [Fill]) -> [Fill]? {
        var places: [String: Int] = [:]
        for (place, fill) in made.enumerated() { places[fill.execID] = place }
        var fills: [(place: Int, fill: Fill)] = []
        for row in timeline.storedFills {
            guard let orderID = row.orderID, let symbol = row.symbol, let side = row.side, let quantity = row.quantity,
                let price = row.price, let adds = row.addsLiquidity
            else { return nil }
            let fill = Fill(
                execID: row.execID, orderID: orderID, symbol: symbol, side: side, quantity: Quantity(shares: quantity),
                price: Price(units: price), addsLiquidity: adds)
            fills.append((places[row.execID] ?? made.count, fill))
        }
        return fills.sorted { ($0.place, $0.fill.execID) < ($1.place, $1.fill.execID) }.map(\.fill)
    }

    /// The difference of the two profits, at a mark.
    private static func profit(_ found: FeeAudit.Account, _ truth: FeeAudit.Account, _ mark: Int64) -> Int64 {
        let cash = (found.cash - found.fees) - (truth.cash - truth.fees)
        let (value, overflowed) = (found.position - truth.position).multipliedReportingOverflow(by: mark)
        return overflowed ? .max : cash.addingReportingOverflow(value).overflow ? .max : cash + value
    }

    private static func words(_ found: FeeAudit.Account, _ truth: FeeAudit.Account) -> String {
        var parts: [String] = []
        func differ(_ what: String, _ found: String, _ truth: String) {
            if found != truth { parts.append("\(what) \(found) where the drop copy gives \(truth)") }
        }
        differ("cash", "\(Money(units: found.cash))", "\(Money(units: truth.cash))")
        differ("fees", "\(Money(units: found.fees))", "\(Money(units: truth.fees))")
        differ("position", "\(found.position)", "\(truth.position)")
        return parts.joined(separator: ", ")
    }
}

extension UInt64 {
    fileprivate var clamped: Int64 { Int64(clamping: self) }
}
