// Each gate has been seen red: a good run, one thing wrong in it, and exactly the gates that must say so.

import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

struct Planted: CustomTestStringConvertible, Sendable {
    let name: String
    var drill: @Sendable () throws -> Story = { try .hardKill() }
    let change: @Sendable (inout Story) -> Void
    var fail: Set<String> = []
    var inconclusive: Set<String> = []

    var testDescription: String { name }
}

private func isFlatten(_ seen: Observation) -> Bool { seen["action"] == "flatten" }
private func isRaise(_ seen: Observation) -> Bool { seen["key"] == "critical_pause" && seen["value"] == "true" }

/// Every gate that rests on the fault, or on being armed.
private let afterFault: Set<String> = [
    "critical_pause_flag_raised", "pause_flag_delay", "orders_leaked", "late_delivery", "first_safe_action",
    "position_flattening_triggered", "recovery",
]
private let needsArmed: Set<String> = afterFault.subtracting(["late_delivery"])
    .union(["pause_exercised", "orders_flow_after_resume"])
private let needsEvidence: Set<String> = afterFault.union([
    "pause_exercised", "orders_flow_after_resume", "orders_resolved", "every_intent_decided", "evidence_complete",
])

private let flaws: [Planted] = [
    Planted(name: "ignores-pause", change: { story in
        story.order(25, "p1"); story.order(25.1, "p2"); story.retell(41.1)
    }, fail: ["orders_leaked", "recovery"]),
    Planted(name: "flag-late", change: { story in
        story.shift("flag", by: 3, where: isRaise)
    }, fail: ["pause_flag_delay"]),
    Planted(name: "flag-never", change: { story in
        story.remove("flag", where: isRaise)
        story.remove("flag") { $0["key"] == "critical_pause" && $0.at > Story.instant(20) }
        story.remove("flag") { $0["key"] == "pause" && $0.at > Story.instant(20) }
        story.flag(29.99, "pause", "true", by: "operator")
        story.flag(30, "pause", "false", by: "operator")
    }, fail: ["critical_pause_flag_raised", "pause_flag_delay"], inconclusive: ["orders_leaked", "pause_exercised"]),
    Planted(name: "leaks-one-order", change: { $0.left(21.8, "leak", reference: "i1000") }, fail: ["orders_leaked"]),
    Planted(name: "leaks-one-order that the broker takes", change: { story in
        story.order(21.8, "leak"); story.retell(41.1)
    }, fail: ["orders_leaked", "recovery", "position_flattening_triggered"]),
    Planted(name: "resends-stale-orders", change: { story in
        story.left(21.7, "i415", possDup: true)
    }, fail: ["orders_leaked"]),
    Planted(name: "flips-through-zero", change: { story in
        story.order(22.6, "f2", reference: "flatten-2", side: .sell, quantity: 30, reducing: true)
        story.order(22.7, "f3", reference: "flatten-3", side: .buy, quantity: 30, reducing: true)
        story.retell(41.1)
    }, fail: ["orders_leaked"]),
    Planted(name: "never-flattens", change: { story in
        story.remove("decision_out", where: isFlatten)
        story.remove("decision", where: isFlatten)
        story.remove("order_left") { $0["cl_ord_id"] == "f1" }
        story.removeLedger(of: "f1")
        story.left(22.2, "mass", type: "q")
    }, fail: ["position_flattening_triggered", "recovery"]),
    Planted(name: "flattens after a latency that was too short", drill: { try .sustainedLatency() }, change: { story in
        story.decide(8, nil, nil, "flatten", "sustained_latency")
    }, fail: ["position_flattening_triggered"]),
    Planted(name: "flattens-early", drill: { try .sustainedLatency() }, change: { story in
        story.shift("decision_out", by: -3, where: isFlatten)
    }, fail: ["position_flattening_triggered"]),
    Planted(name: "first reducing order too late", drill: { try .sustainedLatency() }, change: { story in
        story.shift("order_left", by: 1.5) { $0["cl_ord_id"] == "f1" }
    }, fail: ["position_flattening_triggered"]),
    Planted(name: "flag on latency alone", drill: { try .sustainedLatency() }, change: { story in
        story.flag(20, "critical_pause", "true", by: "governor")
        story.flag(23, "critical_pause", "false", by: "operator")
    }, fail: ["no_flag_on_latency"]),
    Planted(name: "flag-without-fault", change: { story in
        story.flag(5, "critical_pause", "true", by: "governor")
        story.flag(5.0001, "critical_pause", "false", by: "operator")
        story.change("premise", "holds", to: false)
        story.change("premise", "reason", to: "flags set")
    }, fail: ["no_flag_without_fault"], inconclusive: needsArmed.union(["armed"])),
    Planted(name: "fails-open-without-redis", drill: { try .storePartition() }, change: { story in
        story.order(7, "open", reference: "open"); story.order(7.1, "open2", reference: "open2", side: .sell)
        story.retell(22.6)
    }, fail: ["orders_leaked"]),
    Planted(name: "clears-own-latch", change: { story in
        story.flag(29, "critical_pause", "false", by: "governor")
        story.flag(29.001, "critical_pause", "true", by: "governor")
    }, fail: ["latch_kept"]),
    Planted(name: "clears-own-latch, and opens for the operator's word alone", change: { story in
        story.flag(26, "critical_pause", "false", by: "governor")
    }, fail: ["latch_kept"]),
    Planted(name: "uses-control-network", change: { story in
        story.see(15, .tap, "second_path", [("interface", "control"), ("what", "order"), ("remote", "198.18.1.12:9878")])
    }, fail: ["evidence_complete"], inconclusive: needsEvidence.subtracting(["evidence_complete"])),
    Planted(name: "an order that never passed the tap", change: { story in
        story.remove("order_left") { $0["cl_ord_id"] == "i100" }
    }, fail: ["evidence_complete", "every_intent_decided"], inconclusive: needsEvidence.subtracting(["evidence_complete", "every_intent_decided"])),
    Planted(name: "late delivery", change: { story in
        story.order(10.2, "late", reference: "flatten-0", latency: 3.0)
        story.order(22.49, "back", reference: "flatten-9", side: .sell, reducing: true)
        story.retell(41.1)
    }, fail: ["late_delivery"]),
    Planted(name: "no safe action in time", change: { story in
        story.shift("order_left", by: 15.5) { $0["cl_ord_id"] == "f1" }
    }, fail: ["first_safe_action"]),
    Planted(name: "recovery without a session", change: { story in
        story.remove("logon") { $0.at > Story.instant(20) }
    }, fail: ["recovery"], inconclusive: ["orders_leaked", "pause_exercised"]),
    Planted(name: "recovery without asking after open orders", change: { story in
        story.remove("fix_in") { $0.at > Story.instant(20) }
    }, fail: ["recovery"]),
    Planted(name: "stays shut after the resume", change: { story in
        story.muteAcceptances(from: 30, to: 33)
    }, fail: ["orders_flow_after_resume", "orders_resolved"]),
    Planted(name: "an intent without an outcome", change: { story in
        story.remove("decision") { $0["intent"] == "i600" }
        story.remove("decision_out") { $0["intent"] == "i600" }
    }, fail: ["every_intent_decided"]),
    Planted(name: "the governor dies unasked", change: { story in
        story.change("process", "expected", to: false) { $0["event"] == "exited" }
    }, fail: ["every_intent_decided"]),
    Planted(name: "the governor stops listening", change: { story in
        story.remove("intent_in") { $0["id"] == "i600" }
        story.remove("decision") { $0["intent"] == "i600" }
        story.remove("decision_out") { $0["intent"] == "i600" }
    }, fail: ["every_intent_decided"]),
    Planted(name: "an intent with two outcomes", change: { $0.decide(33, "i1500", 1500, "reject", "paused") },
        fail: ["every_intent_decided"]),
    Planted(name: "accepted and never sent", change: { story in
        story.change("decision", "action", to: "accept") { $0["intent"] == "i800" }
    }, fail: ["every_intent_decided"]),
    Planted(name: "rejected and sent all the same", change: { story in
        story.change("decision", "action", to: "reject") { $0["intent"] == "i50" }
    }, fail: ["every_intent_decided"]),
    Planted(name: "an order forgotten by the store", change: { story in
        story.orders.removeAll { $0["cl_ord_id"] == "i50" }
        story.retellStores(41.1)
    }, fail: ["orders_resolved"]),
    Planted(name: "a fill lost in the store", drill: { try .storePartition() }, change: { story in
        story.fills.removeLast()
        story.retellStores(22.6)
    }, fail: ["store_complete", "reconciled"]),
    Planted(name: "a fill twice in the store", drill: { try .storePartition() }, change: { story in
        story.fills.append(story.fills[0])
        story.retellStores(22.6)
    }, fail: ["store_complete", "reconciled"]),
    Planted(name: "a fill that the broker never made", drill: { try .storePartition() }, change: { story in
        story.fills.append(["exec_id": "Xnobody", "cl_ord_id": "i1", "quantity": "1", "price": "4400000"])
        story.retellStores(22.6)
    }, fail: ["store_complete", "reconciled"]),
    Planted(name: "a fill at another price", drill: { try .storePartition() }, change: { story in
        story.fills[0] = ["exec_id": story.fills[0]["exec_id"] ?? .null, "quantity": "1", "price": "4400001"]
        story.retellStores(22.6)
    }, fail: ["store_complete", "reconciled"]),
    Planted(name: "wrong fees in the store", drill: { try .storePartition() }, change: { story in
        story.paid += 1
        story.retellStores(22.6)
    }, fail: ["store_complete", "reconciled"]),
    Planted(name: "an order with other fills after the outage", drill: { try .storePartition() }, change: { story in
        let id = story.orders[3]["cl_ord_id"] ?? .null
        story.orders[3] = ["cl_ord_id": id, "status": "filled", "cumulative": "2"]
        story.retellStores(22.6)
    }, fail: ["orders_resolved", "reconciled"]),
    Planted(name: "an order still working after the outage", drill: { try .storePartition() }, change: { story in
        let id = story.orders[3]["cl_ord_id"] ?? .null
        story.orders[3] = ["cl_ord_id": id, "status": "working", "cumulative": "1"]
        story.retellStores(22.6)
    }, fail: ["orders_resolved", "reconciled"]),
    Planted(name: "wrong cash in the store", drill: { try .storePartition() }, change: { story in
        story.cash += 1
        story.retellStores(22.6)
    }, fail: ["store_complete", "reconciled"]),
    Planted(name: "positions wrong after the outage", drill: { try .storePartition() }, change: { story in
        story.position += 1
        story.retellStores(22.6)
    }, fail: ["store_complete", "reconciled"]),
    Planted(name: "no critical pause after the outage", drill: { try .storePartition() }, change: { story in
        story.shift("flag", by: 2.5, where: isRaise)
    }, fail: ["critical_pause_after_outage"]),
    Planted(name: "leftovers", change: { story in
        story.change("leftovers", "found", to: ["process 4711 (governor) of run r-1"]) { $0["stage"] == "host" }
    }, fail: ["leftovers"]),
]

@Suite struct PlantedFlawTests {
    @Test(arguments: flaws) func `a planted flaw turns exactly its gates red`(_ planted: Planted) throws {
        var story = try planted.drill()
        planted.change(&story)
        let verdict = try story.judged()
        func names(_ outcome: Outcome) -> Set<String> {
            Set(verdict.gates.filter { $0.outcome == outcome }.map(\.name.rawValue))
        }
        let reasons = verdict.gates.filter { $0.outcome != .pass }.map { "\($0.name.rawValue): \($0.reason ?? "")" }
        #expect(names(.fail) == planted.fail, "\(reasons)")
        #expect(names(.inconclusive) == planted.inconclusive, "\(reasons)")
        #expect(verdict.outcome == .fail)
    }

    @Test func `every gate of the closed list has been seen red or not known`() throws {
        let seen = flaws.reduce(into: Set<String>()) { $0.formUnion($1.fail.union($1.inconclusive)) }
        let elsewhere: Set = [
            "pause_propagation", "load_accepted", "faults_proven", "max_drawdown_pct", "hard_limit_breaches",
            "risk_limit_breaches", "final_position_shares", "depth_thinning_applied", "broker_latency_jitter",
            "ungoverned_twin", "participation", "fee_adj_pnl_delta_usd", "execution_rate_pct", "orders_in_flight_peak",
            "position_consistency", "probes_denied",
            "pipeline_latency_p99_ms", "decision_latency_p99_ms",
            "redis_backlog_max", "memory_leak_mb", "accepted_rate", "generator_lateness",
            "orders_in_shadow", "orders_in_halt", "watermark_true", "metrics_present",
        ]
        #expect(Set(GateName.allCases.map(\.rawValue)).subtracting(seen).subtracting(elsewhere) == [])
    }
}
