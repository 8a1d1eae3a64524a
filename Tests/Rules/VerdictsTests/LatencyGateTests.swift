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
