import Archive
import CLinux
import Glibc
import Messages
import Netlink
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

/// What an agent must never do, and what must happen when it dies.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct SafetyTests {
    let nodes: TwoNodes

    init() throws { nodes = try TwoNodes() }

    private func table() -> Nftables { Nftables(namespace: nodes.governor.namespace.number, node: "governor") }

    @Test(arguments: ["latency", "partition"])
    func `a fault ends by itself when the agent is killed`(kind: String) throws {
        let agent = try RunningAgent(nodes.governor)
        let sender = try nodes.broker.bound(SOCK_DGRAM, port: 0)
        let receiver = try nodes.governor.bound(SOCK_DGRAM, port: 5000)
        let delay = JSON.Member("delay_ns", kind == "latency" ? .milliseconds(300) : .null)
        let answer = try agent.inject(
            ("id", "left"), ("kind", .string(kind)), ("from", ["198.18.0.12"]), (delay.key, delay.value),
            ("duration_ns", .milliseconds(1500)))
        #expect(answer["ok"]?.bool == true, "\(answer.text())")
        let applied = Instant.now
        agent.killHard()
        if kind == "partition" {
            // The kernel goes on with it…
            #expect(oneWay(sender, receiver, nodes.governor.host(5000), within: .milliseconds(200)) == nil)
        }
        // … until its time is over, and a queue without a holder lets everything pass.
        let isOver = eventually(within: .seconds(5)) {
            oneWay(sender, receiver, nodes.governor.host(5000), within: .milliseconds(20)) != nil
        }
        #expect(isOver)
        #expect(Instant.now - applied < .milliseconds(1500 + 1000), "its time, and a second")
    }

    @Test func `an agent that starts again heals what its ledger left`() throws {
        let agent = try RunningAgent(nodes.governor)
        _ = try agent.inject(
            ("id", "left"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(60_000)))
        agent.killHard()
        #expect(try table().presence() == .ours(node: "governor"))
        let second = try RunningAgent(nodes.governor, directory: agent.directory)
        #expect(second.process.isRunning, "\(second.log)")
        #expect(try table().presence() == .absent)
    }

    @Test func `a ledger of many thousand faults is read to its end`() throws {
        let agent = try RunningAgent(nodes.governor)
        _ = try agent.inject(
            ("id", "left"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(60_000)))
        agent.killHard()
        func ledger() throws -> String { String(decoding: try readFile(agent.ledgerPath), as: UTF8.self) }
        let before = (0..<40_000).map { "{\"state\":\"gone\",\"fault\":\"f\($0)\"}\n" }.joined()
        try #require(before.utf8.count > 1 << 20)
        try ScratchFolder.write(before + ledger(), to: agent.ledgerPath)
        let written = try ledger()
        let second = try RunningAgent(nodes.governor, directory: agent.directory)
        #expect(second.process.isRunning, "\(second.log)")
        #expect(try ledger().dropFirst(written.count).contains("left"), "closed, and so put right")
    }

    @Test func `SIGTERM heals everything before the agent ends`() throws {
        let agent = try RunningAgent(nodes.governor)
        _ = try agent.inject(
            ("id", "cut"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(60_000)))
        agent.terminate()
        #expect(agent.process.status == 0, "\(agent.log)")
        #expect(try table().presence() == .absent)
    }

    @Test func `a foreign table of our name is refused and left as it is`() throws {
        // A mark of no node is no mark: a table as somebody else would make it.
        let foreign = Nftables(namespace: nodes.governor.namespace.number, node: "")
        try foreign.apply([.table])
        let agent = try RunningAgent(nodes.governor)
        #expect(agent.reactor.run(until: Instant.now + .seconds(3)) { !agent.process.isRunning })
        #expect(agent.process.status == 70)
        #expect(agent.log.contains("belongs to somebody else"), "\(agent.log)")
        #expect(try foreign.presence() == .foreign)
    }

    @Test func `an interface with the default route is refused`() throws {
        try nodes.governor.link().addDefaultRoute(by: "198.18.0.12")
        let agent = try RunningAgent(nodes.governor)
        #expect(agent.reactor.run(until: Instant.now + .seconds(3)) { !agent.process.isRunning })
        #expect(agent.log.contains("default route"), "\(agent.log)")
    }

    @Test func `an interface with a routable IPv6 address is refused, a link-local one is not`() throws {
        let agent = try RunningAgent(nodes.governor)
        #expect(agent.process.isRunning, "\(agent.log)")
        let address: [UInt8] = [0xFD, 0x12] + [UInt8](repeating: 0, count: 13) + [1]
        try nodes.governor.link().addAddress("market", sixteen: address, prefix: 64)
        let answer = try agent.inject(
            ("id", "cut"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(100)))
        #expect(answer["ok"]?.bool == false)
        #expect(answer["error"]?.string?.contains("routable IPv6") == true, "\(answer.text())")
    }

    @Test func `a request that breaks the rules is refused with every mistake`() throws {
        let agent = try RunningAgent(nodes.governor)
        let answer = try agent.inject(("id", "x y"), ("kind", "latancy"), ("duration_ns", .integer(601_000_000_000)))
        #expect(answer["ok"]?.bool == false)
        let text = answer["error"]?.string ?? ""
        for part in ["'id'", "Did you mean 'latency'?", "(600s)"] { #expect(text.contains(part), "\(text)") }
        let netem = try agent.inject(
            ("id", "x"), ("kind", "corrupt"), ("from", ["198.18.0.12"]), ("share_ppm", 300_000),
            ("duration_ns", .milliseconds(10)))
        #expect(netem["missing_ability"]?.bool == true)
    }

    @Test func `the command socket is its owner's alone`() throws {
        let agent = try RunningAgent(nodes.governor)
        var status = stat()
        #expect(stat(agent.socketPath, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }
}

/// The wall on the control interface.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct ControlGuardTests {
    @Test func `scrapes come in, everything else stays out, both ways`() throws {
        let nodes = try TwoNodes()
        try Nftables.installControlGuard(
            namespace: nodes.governor.namespace.number, interface: "market", port: 8000,
            peers: [nodes.broker.host(7010)])
        let metrics = try nodes.governor.listener(port: 8000)
        let other = try nodes.governor.listener(port: 8001)
        let observer = try nodes.broker.listener(port: 7010)
        let broker = try nodes.broker.listener(port: 9878)
        defer { _ = (metrics, other, observer, broker) }
        let limit = Duration.milliseconds(200)
        #expect(try nodes.broker.connect(to: nodes.governor.host(8000)).code == 0)
        #expect(try nodes.broker.connect(to: nodes.governor.host(8001), within: limit).code == EINPROGRESS)
        #expect(try nodes.governor.connect(to: nodes.broker.host(7010)).code == 0)
        #expect(try nodes.governor.connect(to: nodes.broker.host(9878), within: limit).code != 0)
        try Nftables.removeControlGuard(namespace: nodes.governor.namespace.number)
        #expect(try nodes.governor.connect(to: nodes.broker.host(9878), within: limit).code == 0)
    }
}
