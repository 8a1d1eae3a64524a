import CLinux
import Glibc
import Messages
import Sockets
import Testing
import Units

/// The planted bug of the whole rig: an injector that acknowledges and does nothing.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct IdleAgentTests {
    @Test func `an idle agent acknowledges and heals, and no first effect is ever reported`() throws {
        let nodes = try TwoNodes()
        let agent = try RunningAgent(nodes.governor, program: "idle-agent")
        let answer = try agent.inject(
            ("id", "slow"), ("kind", "latency"), ("from", ["198.18.0.12"]), ("delay_ns", .milliseconds(100)),
            ("duration_ns", .milliseconds(200)))
        #expect(answer["ok"]?.bool == true, "\(answer.text()); \(agent.log)")
        let sender = try nodes.broker.bound(SOCK_DGRAM, port: 0)
        let receiver = try nodes.governor.bound(SOCK_DGRAM, port: 5000)
        let during = try #require(leastOneWay(sender, receiver, nodes.governor.host(5000), below: .milliseconds(50)))
        #expect(during < .milliseconds(50))
        let fault = try agent.fault("slow", reaches: "healed")
        #expect(fault["first_effect_ns"] == nil)
    }
}
