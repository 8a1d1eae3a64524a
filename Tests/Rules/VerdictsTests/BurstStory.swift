// A burst as a good governor leaves it behind: fifty changes of twenty shares over five symbols, two fills each, told
// slowly enough for the stores to be read while positions move.

import Books
import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

extension Story {
    private static let toldBurst = Result { try tellBurst() }
    static func burst() throws -> Story { try toldBurst.get() }

    private static let price: Int64 = 1_000_000
    private static let probes = ["max_position", "gross_exposure", "max_notional", "max_quantity", "price_collar"]

    private static func tellBurst() throws -> Story {
        var story = Story(try shippedScenario("concurrent_order_burst"))
        // Ten orders of twenty shares a symbol: nothing is left.
        story.limits = limits(["max_position": 200])
        story.fees = .usEquities2023
        story.open(until: 12)
        story.see(4, .rig, "phase", [("name", "drive")])
        for symbol in story.scenario.symbols {
            story.quotes(from: 2, to: 9, symbol, bid: price - 100, ask: price + 100)
        }
        var ledger = Ledger(schedule: .usEquities2023)
        for index in 0..<50 { story.offer(index) }
        for (place, reason) in probes.enumerated() { story.probe(place, reason) }
        for index in 0..<50 { story.accept(index) }
        var states: [(at: Double, ledger: Ledger)] = [(0, ledger)]
        for index in 0..<50 {
            for part in 0..<2 {
                try story.fill(index, part, &ledger)
                states.append((story.fillTime(index, part), ledger))
            }
        }
        story.readStores(states)
        story.finish(ledger)
        return story
    }

    private func symbol(_ index: Int) -> String { scenario.symbols[index % 5] }
    private func side(_ index: Int) -> Side { (index % 5).isMultiple(of: 2) ? .buy : .sell }
    func fillTime(_ index: Int, _ part: Int) -> Double { 5.1 + Double(index) * 0.03 + Double(part) * 0.01 }

    private mutating func intent(_ id: String, _ tick: Int, _ quantity: Int64, _ purpose: [(String, JSON)]) {
        let isProbe = purpose.count > 1
        see(
            5, .feed, "intent",
            [
                ("tick", .integer(Int64(tick))), ("id", .string(id)), ("action", "new"),
                ("symbol", .string(symbol(tick - 1))),
                ("side", .string(side(tick - 1).rawValue)), ("quantity", .integer(quantity)), ("kind", "limit"),
                ("reduce_only", false), ("due_ns", 1), ("admissible", .bool(!isProbe)),
            ] + purpose)
        see(5.0002, .tap, "intent_in", [("id", .string(id)), ("tick", .integer(Int64(tick)))])
    }

    private mutating func offer(_ index: Int) {
        let id = "c\(index + 1)"
        intent(id, index + 1, 20, [("purpose", "change")])
        decide(5.001, id, Int64(index + 1), "accept", "ok", id)
        let limit = Story.price + side(index).sign * 200
        left(5.005 + Double(index) * 0.0001, id, side: side(index), quantity: 20, price: limit)
        change("order_left", "symbol", to: .string(symbol(index))) { $0["cl_ord_id"]?.string == id }
    }

    private mutating func probe(_ place: Int, _ reason: String) {
        let id = "p-\(reason)"
        intent(id, 51 + place, 61, [("purpose", "probe"), ("denied_for", .string(reason))])
        decide(5.002, id, Int64(51 + place), "reject", reason)
    }

    private mutating func tell(_ seconds: Double, _ index: Int, _ change: (inout Execution) -> Void) {
        let (symbol, side) = (symbol(index), side(index))
        let position = held[symbol] ?? 0
        broker(seconds) {
            $0.clOrdID = "c\(index + 1)"
            $0.orderID = "O\(index + 1)"
            $0.symbol = symbol
            $0.side = side
            $0.quantity = Quantity(shares: 20)
            $0.leaves = Quantity(shares: 20)
            $0.position = Quantity(shares: position)
            change(&$0)
        }
    }

    private mutating func accept(_ index: Int) {
        let at = 5.02 + Double(index) * 0.0001
        tell(at, index) { $0.kind = .received }
        tell(at, index) { $0.kind = .new }
        answer(at + 0.015, "c\(index + 1)", execType: "0", execID: "N\(index + 1)")
    }

    /// Twelve shares, then eight a cent further.
    private mutating func fill(_ index: Int, _ part: Int, _ ledger: inout Ledger) throws {
        let at = fillTime(index, part)
        let (symbol, side, shares) = (symbol(index), side(index), Int64(part == 0 ? 12 : 8))
        let price = Price(units: Story.price + side.sign * Int64(100 + part * 100))
        let execID = "X\(index + 1)-\(part)"
        try ledger.apply(
            Fill(
                execID: execID, orderID: "O\(index + 1)", symbol: symbol, side: side,
                quantity: Quantity(shares: shares),
                price: price, addsLiquidity: false))
        held[symbol] = ledger.position(symbol).shares
        tell(at, index) {
            $0.kind = .trade
            $0.execID = execID
            $0.lastQuantity = Quantity(shares: shares)
            $0.lastPrice = price
            $0.cumulative = Quantity(shares: part == 0 ? 12 : 20)
            $0.leaves = Quantity(shares: part == 0 ? 8 : 0)
        }
        answer(at + 0.015, "c\(index + 1)", execType: "F", execID: execID)
        fills.append([
            "exec_id": .string(execID), "order_id": .string("O\(index + 1)"), "cl_ord_id": .string("c\(index + 1)"),
            "symbol": .string(symbol), "side": .string(side.rawValue), "quantity": .string("\(shares)"),
            "price": .string("\(price.units)"), "adds_liquidity": false,
        ])
        guard part == 1 else { return }
        orders.append(["cl_ord_id": .string("c\(index + 1)"), "status": "filled", "cumulative": "20"])
    }

    /// Every 5 ms each store shows what the broker had 20 ms before.
    private mutating func readStores(_ states: [(at: Double, ledger: Ledger)]) {
        for step in 0..<500 {
            let at = 4.9 + Double(step) * 0.005
            let accounts = states.last { $0.at <= at - 0.02 }?.ledger.accounts ?? [:]
            func words(_ value: (Ledger.Account) -> Int64) -> JSON {
                .string(
                    accounts.sorted { $0.key < $1.key }.map { "\($0.key)=\(value($0.value))" }.joined(separator: " "))
            }
            for store in ["redis", "postgres"] {
                see(
                    at, .rig, "store_read",
                    [
                        ("store", .string(store)), ("sent_t", .integer(Story.instant(at - 0.001).nanoseconds)),
                        ("positions", words { $0.position.shares }),
                        ("versions", store == "redis" ? "" : words { $0.version }),
                    ])
            }
        }
    }

    private mutating func finish(_ ledger: Ledger) {
        see(
            8.5, .scrape, "metrics",
            [
                ("node", "governor"), ("ok", true),
                ("risk_governor_cash_flow_dollars", .real(Double(ledger.cashFlow.units) / 10_000)),
            ])
        close(9)
        for type in ["store", "stored_order", "stored_fill"] { remove(type) }
        tellRows(9.6)
        let accounts = ledger.accounts.sorted { $0.key < $1.key }
        func table(_ name: String, _ rows: [JSON]) {
            see(9.6, .rig, "store", [("table", .string(name)), ("rows", .array(rows))])
        }
        table(
            "positions",
            accounts.map { symbol, account in
                [
                    "symbol": .string(symbol), "quantity": .string("\(account.position)"),
                    "version": .string("\(account.version)"),
                ]
            })
        table(
            "pnl",
            accounts.map { symbol, account in
                [
                    "symbol": .string(symbol), "cash": .string("\(account.cash.units)"),
                    "fees": .string("\(account.fees.units)"), "position": .string("\(account.position)"),
                ]
            })
        let keys = accounts.map { JSON.Member($0.key, .string("\($0.value.position)")) }
        see(9.6, .rig, "keys", [("positions", .object(keys))])
    }

    /// A cell of a final table, told otherwise: in the first row that names `symbol`.
    mutating func alter(_ name: String, _ symbol: String, _ column: String, by difference: Int64) {
        if name == "fills",
            let fill = observations.firstIndex(where: { $0.type == "stored_fill" && $0["symbol"]?.string == symbol })
        {
            observations[fill].fields = observations[fill].fields.map { member in
                guard member.key == column, let value = member.value.integer else { return member }
                return JSON.Member(column, .integer(value + difference))
            }
        }
        for index in observations.indices
        where observations[index].type == "store" && observations[index]["table"]?.string == name {
            var rows = observations[index]["rows"]?.array ?? []
            guard let place = rows.firstIndex(where: { $0["symbol"]?.string == symbol }) else { continue }
            let members = (rows[place].members ?? []).map { member -> JSON.Member in
                guard member.key == column, let value = member.value.string.flatMap({ Int64($0) }) else {
                    return member
                }
                return JSON.Member(column, .string("\(value + difference)"))
            }
            rows[place] = .object(members)
            observations[index].fields = observations[index].fields.map {
                $0.key == "rows" ? .init("rows", .array(rows)) : $0
            }
        }
    }
}
