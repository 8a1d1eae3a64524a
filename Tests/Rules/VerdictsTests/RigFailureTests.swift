import Messages
import Scenarios
import Testing
import Units
import Verdicts

/// A part of the rig that is gone is missed some seconds later: what the governor does in between is nobody's failure.
@Suite struct RigFailureTests {
    private func fail(_ story: inout Story, at second: Double, _ reason: String = "rig: broker: no sign of life for 2 s") {
        story.see(second, .rig, "aborted", [("reason", .string(reason))])
    }

    @Test(arguments: [(9.0, "inconclusive"), (12.0, "fail")])
    func `a flag raised just before the rig failed is not held against the governor, one long before is`(
        failure: Double, expected: String
    ) throws {
        var story = try Story.sustainedLatency()
        story.flag(7, "critical_pause", "true", by: "governor")
        story.flag(7.0001, "critical_pause", "false", by: "operator")
        fail(&story, at: failure)
        let verdict = try story.judged()
        #expect(verdict.gate(.noFlagOnLatency)?.outcome.rawValue == expected)
        #expect(verdict.outcome.rawValue == expected)
    }

    @Test(arguments: [(4.0, "inconclusive"), (8.0, "fail")])
    func `the same before any fault`(failure: Double, expected: String) throws {
        var story = try Story.hardKill()
        story.flag(3, "critical_pause", "true", by: "governor")
        story.flag(3.0001, "critical_pause", "false", by: "operator")
        fail(&story, at: failure)
        #expect(try story.judged().gate(.noFlagWithoutFault)?.outcome.rawValue == expected)
    }

    @Test(arguments: [(8.0, "inconclusive"), (12.0, "fail")])
    func `an intent without an outcome likewise`(failure: Double, expected: String) throws {
        var story = try Story.hardKill()
        for type in ["decision", "decision_out"] {
            story.remove(type) { $0.at > Story.instant(5.9) && $0.at < Story.instant(6.1) }
        }
        fail(&story, at: failure)
        #expect(try story.judged().gate(.everyIntentDecided)?.outcome.rawValue == expected)
    }

    @Test func `a drill that a person ended gives nothing the benefit of the doubt`() throws {
        var story = try Story.sustainedLatency()
        story.flag(7, "critical_pause", "true", by: "governor")
        fail(&story, at: 9, "Ctrl-C")
        #expect(try story.judged().gate(.noFlagOnLatency)?.outcome == .fail)
    }

    /// In containers: the rig ends its broker, and the governor raises the pause as it must.
    @Test(arguments: [(9.61, "pass"), (9.59, "fail")])
    func `a flag that answers to the rig's own end is no flag without a fault, one before it is`(
        raised: Double, expected: String
    ) throws {
        var story = try Story.burst()
        story.remove("process") { $0["name"] == "governor" && $0["event"] == "exited" }
        story.see(9.6, .rig, "closing", [])
        story.flag(raised, "critical_pause", "true", by: "governor")
        let verdict = try story.judged()
        #expect(verdict.gate(.noFlagWithoutFault)?.outcome.rawValue == expected)
        #expect(verdict.outcome.rawValue == expected, "\(verdict.gates.filter { $0.outcome != .pass }.map { $0.reason ?? "" })")
    }

    @Test func `a governor that ends unasked is no failure of the rig`() throws {
        var story = try Story.hardKill()
        story.see(7, .rig, "process", [
            ("node", "governor"), ("name", "governor"), ("pid", 9), ("event", "exited"), ("status", 139), ("expected", false),
        ])
        fail(&story, at: 8)
        #expect(try story.judged().gate(.everyIntentDecided)?.outcome == .fail)
    }

    /// Restarted by whoever it was: away from the sixth second to the seventh.
    private func restart(_ story: inout Story) {
        for (second, event) in [(6.5, "exited"), (7, "started")] {
            story.see(second, .rig, "process", [
                ("node", "governor"), ("name", "governor"), ("pid", 0), ("event", .string(event)), ("status", .null),
                ("expected", .bool(event == "started")),
            ])
        }
    }

    @Test func `a governor that nobody is known to have ended proves nothing, and is not convicted of its absence`() throws {
        var story = try Story.hardKill()
        restart(&story)
        for type in ["decision", "decision_out"] {
            story.remove(type) { $0.at > Story.instant(6) && $0.at < Story.instant(7) }
        }
        let verdict = try story.judged()
        #expect(verdict.outcome == .inconclusive && !verdict.certifying)
        for gate in [GateName.faultsProven, .everyIntentDecided] {
            #expect(verdict.gate(gate)?.outcome == .inconclusive)
            #expect(verdict.gate(gate)?.reason?.contains("it crashed, or somebody ended it by hand") == true)
        }
    }

    @Test(arguments: [(13.0, Outcome.inconclusive), (25, .fail)])
    func `until its first outcome it is at most fifteen seconds on its way back`(_ end: Double, _ expected: Outcome) throws {
        var story = try Story.hardKill()
        restart(&story)
        for type in ["decision", "decision_out"] {
            story.remove(type) { $0.at > Story.instant(6) && $0.at < Story.instant(end) }
        }
        #expect(try story.judged().gate(.everyIntentDecided)?.outcome == expected)
    }

    @Test func `what it does wrong long after that is held against it all the same`() throws {
        var story = try Story.hardKill()
        restart(&story)
        for type in ["decision", "decision_out"] {
            story.remove(type) { $0.at > Story.instant(31) && $0.at < Story.instant(31.2) }
        }
        #expect(try story.judged().gate(.everyIntentDecided)?.outcome == .fail)
    }
}
