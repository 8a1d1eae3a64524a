import Messages
import Testing
import Verdicts

@Suite struct GoodRunTests {
    private func expectPass(_ story: Story) throws {
        let verdict = try story.judged()
        for gate in verdict.gates {
            #expect(gate.outcome == .pass, "\(gate.name.rawValue): \(gate.reason ?? "")")
        }
        #expect(verdict.outcome == .pass)
        #expect(verdict.measurements["overall_pass"] == true)
    }

    @Test func `a good governor passes hard_kill_governance`() throws {
        let story = try Story.hardKill()
        try expectPass(story)
        let measurements = try story.judged().measurements
        #expect(measurements["orders_leaked"] == 0)
        #expect(measurements["critical_pause_flag_raised"] == true)
        #expect(measurements["position_flattening_triggered"] == true)
        #expect(measurements["pause_flag_delay_s"] == .real(0.3))
        #expect(measurements["first_safe_action_s"] == .real(12.5))
        #expect(measurements["recovery_s"] == .real(12.502))
    }

    @Test func `a good governor passes sustained_latency`() throws { try expectPass(try .sustainedLatency()) }
    @Test func `a good governor passes silent_broker`() throws { try expectPass(try .silentBroker()) }
    @Test func `a good governor passes store_partition`() throws { try expectPass(try .storePartition()) }

    @Test func `records that the broker publishes again as they were change nothing in the verdict`() throws {
        var story = try Story.hardKill()
        story.publishAgain(where: { ($0["seq"]?.integer ?? 0) >= 40 })
        try expectPass(story)
        #expect(try story.judged().measurements == Story.hardKill().judged().measurements)
    }

    @Test func `the same evidence gives the same bytes, whatever the order in which equal times were recorded`() throws {
        let story = try Story.hardKill()
        let first = try story.judged()
        let second = try story.judged()
        #expect(first.bytes == second.bytes)
        #expect(first.junit == second.junit)
        #expect(first.summary(seal: "s") == second.summary(seal: "s"))
    }
}
