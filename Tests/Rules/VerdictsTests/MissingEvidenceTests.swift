import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

struct Missing: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let change: @Sendable (inout Story) -> Void

    init(_ name: String, _ change: @escaping @Sendable (inout Story) -> Void) {
        testDescription = name
        self.change = change
    }
}

private let missing: [Missing] = [
    Missing("no tap statistics") { $0.remove("stats") },
    Missing("dropped packets") { $0.change("stats", "dropped", to: 3) },
    Missing("dropped packets unknown") { $0.change("stats", "dropped", to: .null) },
    Missing("a hole in the wire") { $0.change("stats", "holes", to: 1) },
    Missing("no drop copy") { $0.remove("execution") },
    Missing("a gap in the drop copy") { $0.remove("execution") { $0["seq"] == 40 } },
    Missing("a number of the drop copy with two records") { story in
        story.publishAgain(where: { $0["seq"] == 40 }, changing: ["position": 7])
    },
    Missing("a number of the drop copy at two instants") { $0.publishAgain(where: { $0["seq"] == 40 }, later: 0.001) },
    Missing("never monitored") { $0.remove("monitor") },
    Missing("a stretch without MONITOR") { $0.see(12, .redis, "monitor", [("event", "off")]) },
    Missing("no end") { $0.remove("end") },
    Missing("no word of the feed") { $0.remove("feed_done") },
    Missing("a gap in a source") { $0.see(12, .rig, "evidence_gap", [("source", "feed"), ("expected", 4), ("found", 6)]) },
    Missing("aborted") { $0.see(12, .rig, "aborted", [("reason", "Ctrl-C")]) },
    Missing("torn once") { $0.see(12, .rig, "torn", [("bytes", 12)]) },
    Missing("no clock") { $0.remove("clock") },
    Missing("a clock step") { $0.change("clock", "wall_ns", to: .integer(Story.wallOffset)) { $0.at == Story.instant(20) } },
    Missing("no capture file") { $0.files.removeAll { $0.path == "orders.pcapng" } },
    Missing("no premise") { $0.remove("premise") },
    Missing("not armed") { $0.change("premise", "holds", to: false) },
    Missing("a fault never requested") { $0.remove("fault_requested") },
    Missing("a fault not read back") { $0.remove("fault_readback") },
    Missing("a readback that differs") { $0.change("fault_readback", "equal", to: false) },
    Missing("a fault that hit nothing") { $0.change("fault_counters", "packets", to: 0); $0.change("fault_counters", "sockets", to: 0) },
    Missing("a dose 2.2 ms too small") { $0.change("fault_measured", "p50_ns", to: 248_000_000) },
    Missing("a dose that is not a number") { $0.change("fault_measured", "p50_ns", to: .real(.nan)) },
    Missing("no end of effect") { $0.remove("fault_effect_ended") },
    Missing("nobody looked for leftovers") { $0.remove("leftovers") },
    Missing("no final orders in the store") { $0.remove("store") },
    Missing("intents never reached the governor") { $0.remove("intent_in") },
    Missing("a flag record without a writer") { $0.change("flag", "by", to: .null) { $0.at > Story.instant(9) } },
    Missing("nothing at all") { $0.observations = [] },
]

@Suite struct MissingEvidenceTests {
    @Test(arguments: missing) func `what is missing makes the run inconclusive, and never green`(_ missing: Missing) throws {
        var story = try Story.hardKill()
        missing.change(&story)
        let verdict = try story.judged()
        let states = verdict.gates.filter { $0.outcome != .pass }.map { "\($0.name.rawValue) \($0.outcome.rawValue): \($0.reason ?? "")" }
        #expect(verdict.outcome != .pass, "\(states)")
        let failing = Set(verdict.gates.filter { $0.outcome == .fail }.map(\.name.rawValue))
        // Where the governor's own acts are missing, a failure is right; nowhere else.
        let allowed: Set = ["a flag record without a writer"]
        #expect(failing.isEmpty || allowed.contains(missing.testDescription), "\(states)")
        #expect(verdict.gates.count == story.scenario.gates.count)
    }

    @Test func `a torn history is readable and inconclusive`() throws {
        let story = try Story.hardKill()
        let bytes = story.sealed().bytes()
        let torn = Array(bytes.prefix(bytes.count - 10))
        let evidence = Evidence(
            scenario: story.scenario, history: try History(parsing: torn), samples: story.samples(),
            environment: story.environment, files: story.sealed().files)
        #expect(evidence.history.tornBytes > 0)
        #expect(judge(evidence).outcome == .inconclusive)
    }

    @Test func `a pause that the governor never acknowledges fails pause_propagation`() throws {
        var story = try Story.hardKill()
        var gate = try #require(story.scenario.gate(.pauseFlagDelay))
        gate.name = .pausePropagation
        gate.threshold = .duration(.milliseconds(50))
        story.scenario.gates.append(gate)
        #expect(try story.judged().gate(.pausePropagation)?.outcome == .inconclusive)
        story.flag(39.8, "pause", "true", by: "operator")
        #expect(try story.judged().gate(.pausePropagation)?.outcome == .fail)
        story.state(39.83, "PAUSED", "operator")
        #expect(try story.judged().gate(.pausePropagation)?.outcome == .pass)
    }

    @Test func `too little load is no pass`() throws {
        var story = try Story.sustainedLatency()
        story.change("execution", "kind", to: "rejected") { $0["kind"] == "new" }
        #expect(try story.judged().gate(.loadAccepted)?.outcome == .inconclusive)
    }

    @Test(arguments: [(5.0, "pass"), (3.0, "fail")])
    func `a flag that is raised once the drill was aborted blames nobody, one before it does`(
        seconds: Double, expected: String
    ) throws {
        var story = try Story.hardKill()
        story.see(4, .rig, "aborted", [("reason", "Ctrl-C")])
        story.flag(seconds, "critical_pause", "true", by: "governor")
        story.flag(seconds + 0.0001, "critical_pause", "false", by: "operator")
        #expect(try story.judged().gate(.noFlagWithoutFault)?.outcome.rawValue == expected)
    }

    @Test(arguments: [(14.5, "inconclusive"), (12.0, "fail")])
    func `what was under way when the evidence broke off convicts nobody, what was overdue does`(
        lastDecision: Double, expected: String
    ) throws {
        var story = try Story.hardKill()
        story.observations.removeAll { $0.at > Story.instant(15) }
        for type in ["decision", "decision_out"] { story.remove(type) { $0.at > Story.instant(lastDecision) } }
        story.see(17, .rig, "leftovers", [("found", [])])
        #expect(try story.judged().gate(.everyIntentDecided)?.outcome.rawValue == expected)
    }
}
