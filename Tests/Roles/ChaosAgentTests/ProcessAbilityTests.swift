import ChaosAgentCore
import Testing

@Suite struct ProcessAbilityTests {
    @Test func `only an agent that was given KILL may fault processes`() {
        #expect(ProcessAbility.mayKill("Name:\tagent\nCapPrm:\t0\nCapEff:\t000001ffffffffff\nCapBnd:\t0\n"))
        #expect(ProcessAbility.mayKill("CapEff:\t0000000000000020\n"))
        // NET_ADMIN, NET_RAW, SYS_NICE: what an agent has in the compose file.
        #expect(!ProcessAbility.mayKill("CapPrm:\t0000000000000020\nCapEff:\t0000000000803000\n"))
    }

    @Test(arguments: ["", "CapEff:", "CapEff:\tall", "CapPrm:\t0000000000000020"])
    func `a status that says nothing of it gives no leave`(status: String) {
        #expect(!ProcessAbility.mayKill(status))
    }
}
