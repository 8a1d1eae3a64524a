import Messages
import Testing
import Units

import Scenarios

@Suite struct ShippedFileTests {
    @Test(arguments: ProjectFiles.scenarios)
    func `every shipped scenario reads without a mistake, on every shipped topology`(_ file: String) throws {
        let scenario = try ProjectFiles.scenario(file)
        for topology in ProjectFiles.topologies {
            #expect(scenario.mistakes(on: try ProjectFiles.topology(topology)) == [])
        }
    }

    @Test func `the drills of the hard-kill group are there`() {
        let names = [
            "hard_kill_governance", "hard_kill_short", "silent_broker", "store_partition", "sustained_latency",
        ]
        for name in names { #expect(ProjectFiles.scenarios.contains("chaos/\(name).yaml")) }
    }

    @Test(arguments: ProjectFiles.faultDrills)
    func `every shipped scenario with faults asks for evidence, proof and clean-up`(_ file: String) throws {
        let scenario = try ProjectFiles.scenario(file)
        for name in [GateName.evidenceComplete, .leftovers, .latchKept, .noFlagWithoutFault] {
            #expect(scenario.gate(name) != nil, "\(name.rawValue)")
        }
        guard !scenario.faults.isEmpty else { return }
        for name in [GateName.armed, .faultsProven] { #expect(scenario.gate(name) != nil, "\(name.rawValue)") }
    }

    @Test func `the hard kill holds what the design demands of it`() throws {
        let scenario = try ProjectFiles.scenario("chaos/hard_kill_governance.yaml")
        let slow = try #require(scenario.fault("slow"))
        let cut = try #require(scenario.fault("cut"))
        #expect(slow.delay == .milliseconds(250) && slow.duration == .seconds(15) && slow.from == .everyone)
        #expect(cut.duration == .seconds(10) && cut.start == .inForce(fault: "slow", within: .milliseconds(50)))
        #expect(scenario.gate(.pauseFlagDelay)?.threshold == .duration(.seconds(2)))
        #expect(scenario.gate(.recovery)?.threshold == .duration(.seconds(25)))
        #expect(scenario.gate(.positionFlatteningTriggered)?.threshold == .range(.seconds(5), .seconds(7)))
        #expect(scenario.duration <= .seconds(75))
        #expect(scenario.load.intentsPerSecond == 100)
    }

    @Test func `the flash crash holds what the design demands of it`() throws {
        let scenario = try ProjectFiles.scenario("chaos/flash_crash_enhanced.yaml")
        let crash = try #require(scenario.feed.overlays.crash)
        #expect(crash.fallPercent == 10 && crash.fall == .seconds(30))
        #expect(crash.recoverPercent == 40 && crash.recover == .seconds(60))
        #expect(crash.thinningPercent == 80 && crash.thinning == .size)
        #expect(scenario.feed.lead + scenario.duration == .seconds(175), "one second a bar, all of the tape")
        #expect(scenario.feed.statesPerBar == 20 && scenario.feed.depthInterval == .milliseconds(50))
        #expect(scenario.feed.sharesPerLevel == Quantity(shares: 200))
        #expect(scenario.load.intentsPerSecond >= 20)
        #expect(scenario.broker.roundTripMean == .milliseconds(30))
        #expect(scenario.broker.roundTripVariance == SquareMilliseconds(units: 80_000))
    }

    @Test func `the short hard kill lasts 28 s and leaves time for every reaction`() throws {
        let scenario = try ProjectFiles.scenario("chaos/hard_kill_short.yaml")
        let slow = try #require(scenario.fault("slow"))
        #expect(scenario.duration == .seconds(28) && !scenario.certifying)
        #expect(slow.duration > .seconds(7), "the flattening may be decided as late as 7 s")
        #expect(try #require(scenario.fault("cut")).duration < slow.duration)
    }

    @Test func `limit overrides replace only what they name`() throws {
        let text = goodScenario.replacing("limits.json", with: "limits.json\n  limit_overrides: {max_position: 500}")
        let scenario = try Scenario(yaml: Array(text.utf8), file: "chaos/small.yaml", limits: ["max_position": 1])
        #expect(scenario.governor.limitOverrides == [JSON.Member("max_position", 500)])
    }
}
