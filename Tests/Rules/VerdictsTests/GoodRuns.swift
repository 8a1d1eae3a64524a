import Books
// What good governors leave behind in the four drills: every gate of the shipped scenarios passes on these.

import History
import Messages
import Scenarios
import Units

extension Story {
    mutating func begin(until end: Double) {
        open(until: end)
        order(1.1, "base", reference: "base-intent", quantity: 100)
        order(1.2, "rest", reference: "rest-intent", rests: true)
    }

    /// Everything up, the session logged on and reconciled, the operator's pause lifted.
    mutating func open(until end: Double) {
        see(0, .rig, "run", [
            ("run", "r-1"), ("scenario", .string(scenario.name)), ("seed", "7"),
            ("started_wall_ns", .integer(Story.wallOffset)), ("certifying", .bool(scenario.certifying)), ("governor", "./governor"),
        ])
        see(0.01, .redis, "monitor", [("event", "on")])
        for sample in 0...Int(end * 10) {
            let at = Double(sample) / 10
            see(at, .rig, "clock", [("wall_ns", .integer(Story.wallOffset + Story.instant(at).nanoseconds))])
        }
        flag(0.1, "pause", "true", by: "operator")
        flag(0.1, "critical_pause", "false", by: "operator")
        state(0.5, "PAUSED", "start")
        session(0.8, up: true)
        reconcile(0.95)
        flag(1, "pause", "false", by: "operator")
        state(1.02, "ACTIVE", "ok")
    }

    private mutating func armed(_ seconds: Double) {
        see(seconds, .rig, "premise", [
            ("name", "armed"), ("holds", true), ("position", ["NVDA": 100]), ("working", 1), ("session", true),
            ("flags_clear", true), ("reason", ""),
        ])
    }

    private mutating func resume(_ seconds: Double) {
        flag(seconds, "critical_pause", "false", by: "operator")
        flag(seconds + 0.01, "pause", "false", by: "operator")
        state(seconds + 0.05, "ACTIVE", "ok")
    }

    private mutating func cancelRest(_ seconds: Double) {
        left(seconds, "c-rest", type: "F", original: "rest")
        broker(seconds + 0.01) { $0.clOrdID = "c-rest"; $0.msgType = "F" }
        broker(seconds + 0.02) { $0.kind = .cancelled; $0.clOrdID = "c-rest"; $0.origClOrdID = "rest"; $0.msgType = "F" }
        orders = orders.map { row in
            row["cl_ord_id"] == "rest" ? ["cl_ord_id": "rest", "status": "cancelled", "cumulative": "0"] : row
        }
    }

    mutating func close(_ seconds: Double) {
        see(seconds, .feed, "feed_done", [("intents", 1), ("depths", 1), ("lateness_p99_ns", 1), ("lateness_max_ns", 1)])
        see(seconds + 0.5, .rig, "process", [
            ("node", "governor"), ("name", "governor"), ("pid", 9), ("event", "exited"), ("status", 0),
            ("expected", true),
        ])
        tellStores(seconds + 0.6)
        see(seconds + 0.7, .tap, "stats", [
            ("packets", 9), ("dropped", 0), ("holes", 0), ("second_path", 0), ("undecodable", 0),
        ])
        see(seconds + 0.8, .rig, "leftovers", [("stage", "lab"), ("found", [])])
        see(seconds + 0.9, .rig, "end", [])
        see(seconds + 1, .rig, "leftovers", [("stage", "host"), ("found", [])])
    }

    private static let toldHardKill = Result { try tellHardKill() }
    static func hardKill() throws -> Story { try toldHardKill.get() }

    private static func tellHardKill() throws -> Story {
        var story = Story(try shippedScenario("hard_kill_governance"))
        story.begin(until: 42)
        story.intents(from: 1.5, to: 9.9)
        story.armed(9.95)
        for fault in story.scenario.faults {
            if fault.kind == .latency {
                story.fault(fault, from: 10, to: 10 + fault.duration.seconds, node: "governor")
            } else {
                story.fault(fault, from: 10.05, to: 10.05 + fault.duration.seconds, node: "broker")
            }
        }
        story.session(10.05, up: false)
        story.flag(10.3, "critical_pause", "true", by: "governor")
        story.state(10.3, "PAUSED", "session lost")
        story.intents(from: 10.35, to: 21.6, delay: 0.25, reject: "critical_paused")
        story.decide(15.6, nil, nil, "flatten", "sustained_latency")
        story.session(21.5, up: true)
        story.intents(from: 21.6, to: 30, reject: "critical_paused")
        story.reconcile(22.1)
        story.cancelRest(22.2)
        let held = story.position
        story.order(22.5, "f1", reference: "flatten-1", side: .sell, quantity: held, reducing: true)
        story.state(22.8, "PAUSED", "reconciled and flat")
        story.resume(30)
        story.intents(from: 30.1, to: 40)
        story.close(40.5)
        return story
    }

    static func sustainedLatency() throws -> Story {
        var story = Story(try shippedScenario("sustained_latency"))
        story.begin(until: 42)
        story.intents(from: 1.5, to: 4.9)
        story.armed(4.95)
        story.fault(story.scenario.faults[0], from: 5, to: 9, node: "governor")
        story.fault(story.scenario.faults[1], from: 19, to: 31, node: "governor")
        story.intents(from: 10, to: 18)
        story.decide(24.7, nil, nil, "flatten", "sustained_latency")
        story.cancelRest(24.8)
        story.order(25.2, "f1", reference: "flatten-1", side: .sell, quantity: story.position, reducing: true)
        story.close(35)
        return story
    }

    static func silentBroker() throws -> Story {
        var story = Story(try shippedScenario("silent_broker"))
        story.fees = FeeSchedule()
        story.begin(until: 45)
        story.intents(from: 1.5, to: 4.9)
        story.armed(4.95)
        for (fault, start, back, resume) in zip3(story.scenario.faults, [5.0, 16.0], [8.0, 23.0], [13.0, 31.0]) {
            let end = start + fault.duration.seconds
            story.fault(fault, from: start, to: end, node: "broker")
            story.fault(fault, from: start, to: end, node: "governor")
            story.flag(start + 1.6, "critical_pause", "true", by: "governor")
            story.state(start + 1.6, "PAUSED", "silence")
            story.session(start + 1.7, up: false)
            story.session(back, up: true)
            story.reconcile(back + 0.4)
            story.state(back + 0.5, "PAUSED", "reconciled")
            story.intents(from: back + 0.6, to: resume, reject: "critical_paused")
            story.resume(resume)
            story.intents(from: resume + 0.1, to: resume + 2.5)
        }
        story.close(40)
        return story
    }

    static func storePartition() throws -> Story {
        var story = Story(try shippedScenario("store_partition"))
        story.fees = FeeSchedule()
        story.begin(until: 30)
        story.intents(from: 1.5, to: 4.9)
        story.armed(4.95)
        let fault = story.scenario.faults[0]
        story.fault(fault, from: 5, to: 10, node: "store")
        story.fault(fault, from: 5, to: 10, node: "governor")
        story.intents(from: 6.1, to: 9.9, reject: "paused")
        story.flag(10.4, "critical_pause", "true", by: "governor")
        story.state(10.4, "PAUSED", "outage")
        story.intents(from: 10.5, to: 14, reject: "critical_paused")
        story.resume(14)
        story.intents(from: 14.1, to: 20)
        story.close(22)
        return story
    }
}

private func zip3<A, B, C, D>(_ a: [A], _ b: [B], _ c: [C], _ d: [D]) -> [(A, B, C, D)] {
    a.indices.map { (a[$0], b[$0], c[$0], d[$0]) }
}
