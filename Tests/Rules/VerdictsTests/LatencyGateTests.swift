import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

/// A good run of the hard kill with one more gate.
private func drill(_ gates: Gate...) throws -> Story {
    var story = try Story.hardKill()
    story.scenario.gates += gates
    return story
}

private let decisions = Gate(name: .decisionLatency, kind: .within, threshold: .number(Figure(units: 150_000)), premises: [])

@Suite struct LatencyGateTests {
    @Test func `decisions within half a millisecond pass, and the interval is shown`() throws {
        let gate = try #require(try drill(decisions).judged().gate(.decisionLatency))
        #expect(gate.outcome == .pass, "\(gate.reason ?? "")")
        #expect(try #require(gate.finding.interval?.high).rounded(.down) == 0)
        #expect(gate.json["comparator"] == "<" && gate.json["unit"] == "ms")
        #expect(gate.json["threshold"]?.double == 15)
    }

    @Test func `every fiftieth decision 20 ms late fails`() throws {
        var story = try drill(decisions)
        story.shift("decision_out", by: 0.02) { ($0["tick"]?.integer ?? 1) % 50 == 0 }
        let gate = try #require(try story.judged().gate(.decisionLatency))
        #expect(gate.outcome == .fail)
        #expect(gate.reason?.contains("required below 15") == true, "\(gate.reason ?? "")")
    }

    @Test func `what a governor waited for a processor is not held against it, and is no pass`() throws {
        var story = try drill(decisions)
        story.shift("decision_out", by: 0.02) { ($0["tick"]?.integer ?? 1) % 50 == 0 }
        for tenth in 10..<400 { story.wait(until: Double(tenth + 1) / 10, seconds: 0.018) }
        let gate = try #require(try story.judged().gate(.decisionLatency))
        #expect(gate.outcome == .inconclusive)
        #expect(gate.reason?.contains("had no processor for 7020.0 ms in all") == true, "\(gate.reason ?? "")")
    }

    @Test(arguments: [(10..<400, 0.002), (200..<260, 0.018)])
    func `a wait that was too short, or at another time, excuses nothing`(tenths: Range<Int>, waited: Double) throws {
        var story = try drill(decisions)
        story.shift("decision_out", by: 0.02) { ($0["tick"]?.integer ?? 1) % 50 == 0 }
        for tenth in tenths { story.wait(until: Double(tenth + 1) / 10, seconds: waited) }
        #expect(try story.judged().gate(.decisionLatency)?.outcome == .fail)
    }

    @Test(arguments: [(-0.009, 0.001, 0.009), (0.0, 0.005, 0.004)])
    func `of a wait no more counts than lay beside the decision`(from: Double, to: Double, waited: Double) throws {
        var story = try drill(decisions)
        for arrived in delayed(&story) { story.wait(from: arrived + from, to: arrived + to, seconds: waited) }
        #expect(try story.judged().gate(.decisionLatency)?.outcome == .fail)
    }

    @Test func `a wait that is longer than its stretch began before it`() throws {
        var story = try drill(decisions)
        for arrived in delayed(&story) { story.wait(from: arrived + 0.018, to: arrived + 0.023, seconds: 0.018) }
        #expect(try story.judged().gate(.decisionLatency)?.outcome == .inconclusive)
    }

    /// Every fiftieth decision 20 ms late: when each of their intents arrived, in seconds of the story.
    private func delayed(_ story: inout Story) -> [Double] {
        func isLate(_ seen: Observation) -> Bool { (seen["tick"]?.integer ?? 1) % 50 == 0 }
        story.shift("decision_out", by: 0.02, where: isLate)
        let arrived = story.observations.filter { $0.type == "intent_in" && isLate($0) }
        return arrived.map { Double(($0.at - Story.instant(0)).nanoseconds) / 1e9 }
    }

    @Test func `what is never decided waited for nothing`() throws {
        var story = try drill(decisions)
        story.remove("decision_out") { ($0["tick"]?.integer ?? 1) % 40 == 0 }
        for tenth in 10..<400 { story.wait(until: Double(tenth + 1) / 10, seconds: 0.09) }
        #expect(try story.judged().gate(.decisionLatency)?.outcome == .fail)
    }

    @Test func `decisions that never come are infinitely late`() throws {
        var story = try drill(decisions)
        story.remove("decision_out") { ($0["tick"]?.integer ?? 1) % 40 == 0 }
        let gate = try #require(try story.judged().gate(.decisionLatency))
        #expect(gate.outcome == .fail)
        #expect(gate.reason?.contains("never") == true, "\(gate.reason ?? "")")
    }

    @Test func `too few samples know nothing`() throws {
        var story = try drill(decisions)
        story.remove("intent_in") { ($0["tick"]?.integer ?? 1) > 250 }
        #expect(try story.judged().gate(.decisionLatency)?.outcome == .inconclusive)
    }
}

extension Story {
    /// In the tenth of a second before `end`.
    mutating func wait(until end: Double, seconds: Double) { wait(from: end - 0.1, to: end, seconds: seconds) }

    mutating func wait(from start: Double, to end: Double, seconds: Double) {
        see(end, .scrape, "processor_wait", [
            ("name", "governor"), ("pid", 9), ("from_ns", .integer(Story.instant(start).nanoseconds)),
            ("waited_ns", .integer(Int64(seconds * 1e9))),
        ])
    }
}
