import CLinux
import Glibc
import Messages
import Netlink
import Processes
import Sockets
import Testing
import Units

/// Each kind of fault: injected over the socket, read back, felt by real traffic, proven, healed.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct AgentFaultTests {
    let nodes: TwoNodes
    let agent: RunningAgent

    init() throws {
        nodes = try TwoNodes()
        agent = try RunningAgent(nodes.governor, peer: nodes.broker)
    }

    private func isProven(_ fault: JSON) -> Bool { fault["in_force"]?.string == "proven" }

    @Test func `a latency holds what the named sender sends, is proven by probes, and lets go`() throws {
        let other = try RunningAgent(nodes.broker, name: "broker", peer: nodes.governor)
        let sender = try nodes.broker.bound(SOCK_DGRAM, port: 0)
        let receiver = try nodes.governor.bound(SOCK_DGRAM, port: 5000)
        let before = try #require(leastOneWay(sender, receiver, nodes.governor.host(5000), below: .milliseconds(50)))
        #expect(before < .milliseconds(50))
        let answer = try agent.inject(
            ("id", "slow"), ("kind", "latency"), ("from", ["198.18.0.12"]), ("delay_ns", .milliseconds(100)),
            ("duration_ns", .milliseconds(1500)))
        #expect(answer["ok"]?.bool == true, "\(answer.text())")
        #expect(answer["fault"]?["readback_equal"]?.bool == true)
        let during = try #require(leastOneWay(sender, receiver, nodes.governor.host(5000), below: .milliseconds(150)))
        #expect(during >= .milliseconds(100) && during < .milliseconds(150), "held \(during)")
        let fault = try agent.fault("slow", reaches: "healed")
        #expect(isProven(fault), "\(fault.text()); \(agent.log); \(other.log)")
        let after = try #require(leastOneWay(sender, receiver, nodes.governor.host(5000), below: .milliseconds(50)))
        #expect(after < .milliseconds(50))
        #expect(try Nftables(namespace: nodes.governor.namespace.number, node: "x").presence() == .absent)
    }

    @Test func `two latencies on one sender add up while both last`() throws {
        let sender = try nodes.broker.bound(SOCK_DGRAM, port: 0)
        let receiver = try nodes.governor.bound(SOCK_DGRAM, port: 5000)
        for (id, delay) in [("one", Int64(60)), ("two", 40)] {
            let length: Int64 = id == "one" ? 8000 : 2000
            let answer = try agent.inject(
                ("id", .string(id)), ("kind", "latency"), ("from", ["198.18.0.12"]),
                ("delay_ns", .milliseconds(delay)),
                ("duration_ns", .milliseconds(length)))
            #expect(answer["ok"]?.bool == true, "\(answer.text())")
        }
        let both = try #require(leastOneWay(sender, receiver, nodes.governor.host(5000), below: .milliseconds(150)))
        #expect(both >= .milliseconds(100) && both < .milliseconds(150), "held \(both)")
        let gone = try eventually(within: .seconds(5)) { try agent.fault("two")?["lifted_ns"]?.integer != nil }
        #expect(gone)
        let one = try #require(leastOneWay(sender, receiver, nodes.governor.host(5000), below: .milliseconds(99)))
        #expect(one >= .milliseconds(60) && one < .milliseconds(99), "held \(one)")
    }

    @Test func `a loss takes about its share`() throws {
        let sender = try nodes.broker.bound(SOCK_DGRAM, port: 0)
        let receiver = try nodes.governor.bound(SOCK_DGRAM, port: 5000)
        _ = try agent.inject(
            ("id", "lossy"), ("kind", "loss"), ("from", ["198.18.0.12"]), ("loss_ppm", 300_000),
            ("duration_ns", .milliseconds(60_000)))
        var byte: UInt8 = 7
        var lost = 400
        for _ in 0..<8 {
            for _ in 0..<50 {
                _ = withSocketAddress(nodes.governor.host(5000)) { sendto(sender.number, &byte, 1, 0, $0, $1) }
            }
            while read(receiver, within: .milliseconds(200)) != nil { lost -= 1 }
        }
        // 400 draws at 0.3: 120 ± 9.2; five standard deviations.
        #expect((74...166).contains(lost), "lost \(lost) of 400")
        #expect(try agent.fault("lossy")?["state"]?.string == "inForce")
    }

    @Test func `a partition drops one sender's packets, sockets stay, and what was lost is sent again`() throws {
        let listener = try nodes.broker.listener(port: 9878)
        let pair = try nodes.connection(port: 9878, listener: listener)
        let answer = try agent.inject(
            ("id", "cut"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(1500)))
        #expect(answer["fault"]?["readback_equal"]?.bool == true, "\(answer.text())")
        #expect(write(pair.accepted) == 1)
        #expect(read(pair.client, within: .milliseconds(300)) == nil)
        let got = try #require(read(pair.client, within: .seconds(8)))
        #expect(got.count == 1)
        let fault = try agent.fault("cut", reaches: "healed")
        #expect((fault["packets"]?.integer ?? 0) > 0)
        #expect(fault["first_effect_ns"]?.integer != nil)
    }

    @Test func `what a queue held when a partition began does not leak through it`() throws {
        let sender = try nodes.broker.bound(SOCK_DGRAM, port: 0)
        let receiver = try nodes.governor.bound(SOCK_DGRAM, port: 5000)
        _ = try agent.inject(
            ("id", "slow"), ("kind", "latency"), ("from", ["198.18.0.12"]), ("delay_ns", .milliseconds(1500)),
            ("duration_ns", .milliseconds(20_000)))
        #expect(oneWay(sender, receiver, nodes.governor.host(5000), within: .milliseconds(1)) == nil)
        _ = try agent.inject(
            ("id", "cut"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(20_000)))
        #expect(read(receiver, within: .milliseconds(2500)) == nil)
        // Dropped by the second cut: it had passed the first before the partition was there.
        #expect((try agent.fault("cut")?["packets"]?.integer ?? 0) > 0)
    }

    @Test func `a heal lets go of everything that was held, in order, at once`() throws {
        let sender = try nodes.broker.bound(SOCK_DGRAM, port: 0)
        let receiver = try nodes.governor.bound(SOCK_DGRAM, port: 5000)
        _ = try agent.inject(
            ("id", "slow"), ("kind", "latency"), ("from", ["198.18.0.12"]), ("delay_ns", .milliseconds(5000)),
            ("duration_ns", .milliseconds(60_000)))
        var sent: [UInt8] = []
        func send(_ number: UInt8) {
            var byte = number
            _ = withSocketAddress(nodes.governor.host(5000)) { sendto(sender.number, &byte, 1, 0, $0, $1) }
            sent.append(number)
        }
        for number in 0..<50 { send(UInt8(number)) }
        _ = try agent.ask([.init("command", "heal"), .init("fault", "slow")])
        send(50)
        var received: [UInt8] = []
        while received.count < sent.count, clinux_wait_readable(receiver.number, -1, 1_000_000_000) & 1 != 0 {
            var byte: UInt8 = 255
            if recv(receiver.number, &byte, 1, 0) == 1 { received.append(byte) }
        }
        #expect(received == sent)
    }

    @Test func `a partition that nobody's packets meet is not proven`() throws {
        _ = try agent.inject(
            ("id", "idle"), ("kind", "partition"), ("from", ["198.18.0.99"]), ("duration_ns", .milliseconds(100)))
        let fault = try agent.fault("idle", reaches: "healed")
        #expect(fault["in_force"]?.string == "unproven")
        #expect(fault["missing"]?.array?.contains("no packet and no socket was hit") == true, "\(fault.text())")
    }

    @Test func `a killed process is gone and a paused one stands still until the heal`() throws {
        let sleep = Command("/bin/sleep", ["30"], endsWithUs: true)
        let child = try ChildProcess("sleeper", sleep, output: 2, on: agent.reactor)
        defer { child.signal(SIGKILL) }
        let paused = try agent.inject(
            ("id", "stop"), ("kind", "pause"), ("pid", .integer(Int64(child.pid))),
            ("duration_ns", .milliseconds(1000)))
        #expect(paused["fault"]?["state"]?.string == "inForce", "\(paused.text())")
        #expect(state(child.pid) == "T")
        #expect(isProven(try agent.fault("stop", reaches: "healed")))
        #expect(eventually { state(child.pid) == "S" })
        let killed = try agent.inject(("id", "kill"), ("kind", "kill"), ("pid", .integer(Int64(child.pid))))
        #expect(killed["fault"]?["state"]?.string == "healed", "\(killed.text())")
        #expect(agent.reactor.run(until: Instant.now + .seconds(2)) { !child.isRunning })
        #expect(child.status == 128 + SIGKILL)
    }

    private func state(_ pid: Int32) -> String {
        String(decoding: ProcessTable.contents("/proc/\(pid)/stat"), as: UTF8.self).split(separator: ")").last.map {
            String($0.dropFirst().prefix(1))
        } ?? ""
    }

    @Test func `a link that goes down comes back with its routes`() throws {
        let link = try nodes.governor.link()
        let route = try addRoute()
        let answer = try agent.inject(("id", "down"), ("kind", "link-down"), ("duration_ns", .milliseconds(1500)))
        #expect(answer["fault"]?["readback_equal"]?.bool == true, "\(answer.text()); \(agent.log)")
        #expect(try link.link(named: "market")?.isUp == false)
        #expect(try !link.routes().contains(route))
        _ = try agent.fault("down", reaches: "healed")
        #expect(try link.link(named: "market")?.isUp == true)
        #expect(try link.routes().contains(route))
    }

    @Test func `a link that is down comes back when the agent is killed`() throws {
        let link = try nodes.governor.link()
        let route = try addRoute()
        _ = try agent.inject(("id", "down"), ("kind", "link-down"), ("duration_ns", .milliseconds(60_000)))
        #expect(try link.link(named: "market")?.isUp == false)
        agent.killHard()
        #expect(try eventually { try link.link(named: "market")?.isUp == true && link.routes().contains(route) })
    }

    /// 10.9.0.0/16 by way of the broker: a route that goes with the link and that nobody puts back by itself.
    private func addRoute() throws -> LinkControl.Route {
        let link = try nodes.governor.link()
        let index = try link.index(of: "market")
        let attributes: [UInt8] =
            [8, 0, 1, 0, 10, 9, 0, 0, 8, 0, 5, 0, 198, 18, 0, 12, 8, 0, 4, 0]
            + withUnsafeBytes(of: index) { Array($0) }
        try link.restore(LinkControl.Route(raw: [2, 16, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0] + attributes))
        return try #require(try link.routes().first { $0.raw.count > 1 && $0.raw[1] == 16 })
    }
}
