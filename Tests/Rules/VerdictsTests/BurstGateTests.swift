// The gates of the burst, on a whole run: green on a good governor, and each one red for what it is about.

import Books
import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

private struct BurstCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let change: @Sendable (inout Story) -> Void
    var fail: Set<String> = []
    var inconclusive: Set<String> = []

    init(
        _ name: String, fail: Set<String> = [], inconclusive: Set<String> = [],
        _ change: @escaping @Sendable (inout Story) -> Void
    ) {
        testDescription = name
        self.change = change
        self.fail = fail
        self.inconclusive = inconclusive
    }
}

private func isRead(_ store: String, _ seconds: Double) -> @Sendable (Observation) -> Bool {
    { $0["store"]?.string == store && ($0.at - Story.instant(seconds)).nanoseconds.magnitude < 2_000_000 }
}

private func deny(_ story: inout Story, _ probe: String, for reason: String) {
    for type in ["decision", "decision_out"] {
        story.change(type, "reason", to: .string(reason)) { $0["intent"]?.string == probe }
    }
}

private func ask(_ story: inout Story, moreOf ids: Set<String>) {
    story.change("intent", "quantity", to: 21) { ids.contains($0["id"]?.string ?? "") }
}

/// Changes, by number, that are called off for a stale feed.
private func callOff(_ story: inout Story, _ ids: Set<String>) {
    ask(&story, moreOf: ids)
    for id in ids.sorted() {
        guard let number = Int64(id.dropFirst()) else { continue }
        story.decide(5.6, id, number, "withdrawn", "stale_feed")
    }
}

private let cases: [BurstCase] = [
    BurstCase("a good governor") { _ in },
    BurstCase("an open order forgotten", fail: ["probes_denied", "risk_limit_breaches"]) { story in
        let probe = "p-max_position"
        for type in ["decision", "decision_out"] {
            story.change(type, "action", to: "accept") { $0["intent"]?.string == probe }
            story.change(type, "reason", to: "ok") { $0["intent"]?.string == probe }
        }
        story.left(5.012, probe, quantity: 61, price: 1_000_200)
        for kind in [Execution.Kind.received, .rejected] {
            story.broker(8) {
                $0.kind = kind
                $0.clOrdID = probe
                $0.quantity = Quantity(shares: 61)
                $0.position = Quantity(shares: 200)
            }
        }
        story.orders.append(["cl_ord_id": .string(probe), "status": "rejected", "cumulative": "0"])
        story.retellOrders(9.6)
    },
    BurstCase("a probe denied by another check", fail: ["probes_denied"]) {
        deny(&$0, "p-max_notional", for: "max_quantity")
    },
    BurstCase("a probe denied for a stale feed", inconclusive: ["probes_denied"]) {
        deny(&$0, "p-max_notional", for: "stale_feed")
    },
    BurstCase("a probe that had room, since a change was called off", inconclusive: ["probes_denied"]) { story in
        story.decide(5.5, "c50", 50, "withdrawn", "decision_stale")
        deny(&story, "p-max_position", for: "max_quantity")
    },
    BurstCase("a probe of its own size, though a change was called off", fail: ["probes_denied"]) { story in
        story.decide(5.5, "c50", 50, "withdrawn", "decision_stale")
        deny(&story, "p-max_notional", for: "max_quantity")
    },
    BurstCase("fees a cent too high", fail: ["fee_adj_pnl_delta_usd", "store_complete"]) {
        $0.alter("pnl", "AMD", "fees", by: 100)
    },
    BurstCase("fees two dollars too low", fail: ["fee_adj_pnl_delta_usd", "store_complete"]) {
        $0.alter("pnl", "AMD", "fees", by: -20_000)
    },
    BurstCase("two wrong fees that cancel out", fail: ["fee_adj_pnl_delta_usd", "store_complete"]) { story in
        story.alter("pnl", "AMD", "fees", by: -100)
        story.alter("pnl", "NVDA", "fees", by: 100)
    },
    BurstCase("cash that is wrong", fail: ["fee_adj_pnl_delta_usd", "store_complete"]) {
        $0.alter("pnl", "AMD", "cash", by: 1)
    },
    BurstCase("a fill at another price", fail: ["fee_adj_pnl_delta_usd", "store_complete"]) {
        $0.alter("fills", "AMD", "price", by: 100)
    },
    BurstCase("a claim a cent too high", fail: ["fee_adj_pnl_delta_usd"]) { story in
        story.change("metrics", "risk_governor_cash_flow_dollars", to: .real(0.01))
    },
    BurstCase("a governor that claims nothing") { $0.remove("metrics") },
    BurstCase("two of fifty not executed") { ask(&$0, moreOf: ["c1", "c7"]) },
    BurstCase("three of fifty not executed", fail: ["execution_rate_pct"]) { ask(&$0, moreOf: ["c1", "c7", "c30"]) },
    BurstCase("three of fifty called off for a feed that was stale", inconclusive: ["execution_rate_pct"]) { story in
        ask(&story, moreOf: ["c1", "c7", "c30"])
        story.remove("depth") { $0.at > Story.instant(4.9) }
        for id in [1, 7, 30] { story.decide(5.6, "c\(id)", Int64(id), "withdrawn", "stale_feed") }
    },
    BurstCase("three of fifty called off for a feed that was fresh", fail: ["execution_rate_pct"]) { story in
        ask(&story, moreOf: ["c1", "c7", "c30"])
        for id in [1, 7, 30] { story.decide(5.6, "c\(id)", Int64(id), "withdrawn", "stale_feed") }
    },
    BurstCase("a stale book of their own, every other one fresh", inconclusive: ["execution_rate_pct"]) { story in
        callOff(&story, ["c2", "c7", "c12"])
        story.remove("depth") { $0["symbol"] == "AMD" && $0.at > Story.instant(4.9) }
    },
    BurstCase("a fresh book of their own, every other one stale", fail: ["execution_rate_pct"]) { story in
        callOff(&story, ["c2", "c7", "c12"])
        story.remove("depth") { $0["symbol"] != "AMD" && $0.at > Story.instant(4.9) }
    },
    BurstCase("a stale book of one of three symbols", fail: ["execution_rate_pct"]) { story in
        callOff(&story, ["c2", "c3", "c4"])
        ask(&story, moreOf: ["c5"])
        story.remove("depth") { $0["symbol"] == "AMD" && $0.at > Story.instant(4.9) }
    },
    BurstCase("one of four called off for a stale feed", fail: ["execution_rate_pct"]) { story in
        ask(&story, moreOf: ["c1", "c7", "c30", "c31"])
        story.remove("depth") { $0.at > Story.instant(4.9) }
        story.decide(5.6, "c1", 1, "withdrawn", "stale_feed")
    },
    BurstCase("one order after the other", inconclusive: ["orders_in_flight_peak"]) { $0.shift("fix_in", by: -0.05) },
    BurstCase("a share too many in Redis", fail: ["position_consistency"]) { story in
        story.change("store_read", "positions", to: "NVDA=13", where: isRead("redis", 5.135))
    },
    BurstCase("PostgreSQL half a second behind", fail: ["position_consistency"]) { story in
        story.change("store_read", "positions", to: "", where: isRead("postgres", 5.7))
    },
    BurstCase("PostgreSQL half a second behind a governor that had no processor", inconclusive: ["position_consistency"]) { story in
        fallBehind(&story)
        for end in [5.3, 5.4] { story.wait(until: end, seconds: 0.09) }
    },
    BurstCase("PostgreSQL half a second behind a governor that had none for a moment", fail: ["position_consistency"]) { story in
        fallBehind(&story)
        story.wait(until: 5.3, seconds: 0.004)
    },
    BurstCase("PostgreSQL half a second behind a governor that had none later", fail: ["position_consistency"]) { story in
        fallBehind(&story)
        for end in [5.9, 6.0, 6.1] { story.wait(until: end, seconds: 0.09) }
    },
    BurstCase("reports that are late themselves", inconclusive: ["position_consistency"]) { story in
        story.shift("fix_in", by: 0.6)
        fallBehind(&story)
    },
    BurstCase("a version that falls", fail: ["position_consistency"]) { story in
        story.change("store_read", "versions", to: "NVDA=1 AMD=1 MSFT=1 AAPL=1 INTC=1", where: isRead("postgres", 6.4))
    },
    BurstCase("Redis that ends with another position", fail: ["position_consistency"]) { story in
        story.change("keys", "positions", to: ["NVDA": "201"])
    },
    BurstCase("PostgreSQL that ends with another position", fail: ["position_consistency", "store_complete"]) {
        $0.alter("positions", "NVDA", "quantity", by: 1)
    },
    BurstCase("too few reads while it moved", inconclusive: ["position_consistency"]) { story in
        story.remove("store_read") { $0["store"]?.string == "redis" && $0.at > Story.instant(5.5) }
    },
    BurstCase("stores that nobody looked at", inconclusive: ["position_consistency"]) { $0.remove("store_read") },
]

extension Story {
    fileprivate mutating func retellOrders(_ seconds: Double) {
        remove("store") { ["orders", "fills"].contains($0["table"]?.string) }
        for type in ["stored_order", "stored_fill"] { remove(type) }
        tellRows(seconds)
    }
}

private func fallBehind(_ story: inout Story) {
    story.change("store_read", "positions", to: "", where: isRead("postgres", 5.7))
    story.change("store_read", "versions", to: "", where: isRead("postgres", 5.7))
}

@Suite struct BurstGateTests {
    @Test(arguments: cases) fileprivate func `a burst turns exactly the gates that it must`(_ burst: BurstCase) throws {
        var story = try Story.burst()
        burst.change(&story)
        let verdict = try story.judged()
        func names(_ outcome: Outcome) -> Set<String> {
            Set(verdict.gates.filter { $0.outcome == outcome }.map(\.name.rawValue))
        }
        let reasons = verdict.gates.filter { $0.outcome != .pass }.map { "\($0.name.rawValue): \($0.reason ?? "")" }
        #expect(names(.fail) == burst.fail, "\(reasons)")
        #expect(names(.inconclusive) == burst.inconclusive, "\(reasons)")
    }

    @Test func `the numbers of a burst bear the names of the requirements`() throws {
        let verdict = try Story.burst().judged()
        // The reader refuses a name that stands twice.
        let measurements = try #require(try JSON(parsing: verdict.bytes)["measurements"])
        #expect(measurements["risk_limit_breaches"] == 0)
        #expect(measurements["fee_adj_pnl_delta_usd"]?.double == 0)
        #expect(measurements["execution_rate_pct"]?.double == 100)
        #expect(measurements["orders_in_flight_peak"] == 50)
        #expect(measurements["position_consistency_s"]?.double.map { $0 < 0.02 } == true)
        #expect(measurements["probes_denied"] == true)
    }

    @Test func `without the fee schedule nothing is known about fees`() throws {
        var story = try Story.burst()
        story.fees = nil
        let gates = try story.judged().gates.filter { $0.outcome != .pass }.map(\.name)
        #expect(Set(gates) == [.feeAdjustedProfitDelta, .riskLimitBreaches, .storeComplete])
    }
}
