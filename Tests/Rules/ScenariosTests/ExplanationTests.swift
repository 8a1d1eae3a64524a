import Messages
import Testing
import Units

import Scenarios

@Suite struct ExplanationTests {
    @Test(arguments: ProjectFiles.scenarios)
    func `an explanation names every phase, fault and gate`(_ file: String) throws {
        let scenario = try ProjectFiles.scenario(file)
        let text = scenario.explanation(on: try ProjectFiles.topology())
        for phase in scenario.phases { #expect(text.contains(phase.name.rawValue)) }
        for fault in scenario.faults { #expect(text.contains("\(fault.id): \(fault.kind.rawValue)")) }
        for gate in scenario.gates { #expect(text.contains(gate.name.rawValue)) }
    }

    @Test func `250 ms one way add 250 ms to the round trip, both ways 500 ms`() throws {
        var scenario = try ProjectFiles.scenario("chaos/hard_kill_short.yaml")
        let topology = try ProjectFiles.topology()
        let one = scenario.expectedEffects(of: scenario.faults[0], on: topology)
        #expect(one.contains("broker → governor held 250ms, round trip broker ↔ governor + 250ms"))
        scenario.faults[0].direction = .twoWay
        let two = scenario.expectedEffects(of: scenario.faults[0], on: topology)
        #expect(two.contains("broker → governor held 250ms, round trip broker ↔ governor + 500ms"))
    }

    @Test func `jitter is said as what it is: evenly from the delay upwards`() throws {
        var scenario = try ProjectFiles.scenario("chaos/hard_kill_short.yaml")
        scenario.faults[0].jitter = .milliseconds(40)
        let effects = scenario.expectedEffects(of: scenario.faults[0], on: try ProjectFiles.topology())
        #expect(effects[0].contains("held 250ms to 290ms, evenly, "))
        #expect(!effects.contains { $0.contains("±") })
    }

    @Test func `latencies that lie over each other in time add up, others don't`() throws {
        var scenario = try ProjectFiles.scenario("chaos/sustained_latency.yaml")
        let topology = try ProjectFiles.topology()
        let apart = scenario.expectedEffects(of: scenario.faults[0], on: topology)
        #expect(apart[0].hasSuffix("+ 250ms"))
        scenario.faults[1].start = .phase(.fault, offset: .seconds(1))
        #expect(scenario.expectedEffects(of: scenario.faults[0], on: topology)[0].hasSuffix("+ 500ms"))
    }
}
