import CLinux
import Glibc
import Messages
import Netlink
import Sockets
import Testing
import Units

/// The faults of sockets, at the acceptor's node.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct SocketFaultTests {
    let nodes: TwoNodes
    let agent: RunningAgent
    let listener: Descriptor

    init() throws {
        nodes = try TwoNodes()
        agent = try RunningAgent(nodes.broker, name: "broker")
        listener = try nodes.broker.listener(port: 9878)
    }

    @Test func `a silent disconnect resets the connection, swallows new ones, and ends`() throws {
        let pair = try nodes.connection(port: 9878, listener: listener)
        let answer = try agent.inject(
            ("id", "cut"), ("kind", "disconnect"), ("port", 9878), ("duration_ns", .milliseconds(2000)))
        #expect(answer["fault"]?["readback_equal"]?.bool == true, "\(answer.text())")
        #expect(answer["fault"]?["sockets"]?.integer == 1)
        let ending = try #require(read(pair.client, within: .seconds(1)))
        #expect(ending.code == ECONNRESET)
        #expect(
            try nodes.governor.connect(to: nodes.broker.host(9878), within: .milliseconds(200)).code == EINPROGRESS)
        let fault = try agent.fault("cut", reaches: "healed")
        #expect(fault["in_force"]?.string == "proven", "\(fault.text())")
        #expect((fault["packets"]?.integer ?? 0) > 0)
        #expect(try nodes.governor.connect(to: nodes.broker.host(9878)).code == 0)
    }

    @Test func `a refusing disconnect answers new connections with a reset at once`() throws {
        _ = try agent.inject(
            ("id", "cut"), ("kind", "disconnect"), ("port", 9878), ("mode", "refuse"),
            ("duration_ns", .milliseconds(1500)))
        let begin = Instant.now
        #expect(try nodes.governor.connect(to: nodes.broker.host(9878)).code == ECONNREFUSED)
        #expect(Instant.now - begin < .seconds(1), "before a SYN is sent again")
        let fault = try agent.fault("cut", reaches: "healed")
        #expect(fault["in_force"]?.string == "proven", "\(fault.text())")
        #expect(try nodes.governor.connect(to: nodes.broker.host(9878)).code == 0)
    }

    @Test func `another port is left alone`() throws {
        let second = try nodes.broker.listener(port: 9879)
        let pair = try nodes.connection(port: 9879, listener: second)
        _ = try agent.inject(
            ("id", "cut"), ("kind", "disconnect"), ("port", 9878), ("duration_ns", .milliseconds(300)))
        #expect(write(pair.client) == 1)
        #expect(try #require(read(pair.accepted, within: .seconds(1))).count == 1)
    }

    /// The conductor's way to the agent, scrapes and evidence travel there, over ports that a fault may name.
    @Test func `a connection on another interface is left alone, on the same port too`() throws {
        try nodes.governor.link().createVeth("control", peer: "control", peerNamespace: nodes.broker.namespace.number)
        let near = Node(namespace: nodes.governor.namespace, address: "198.18.1.13")
        let far = Node(namespace: nodes.broker.namespace, address: "198.18.1.12")
        for node in [near, far] {
            try node.link().addAddress("control", node.address, prefix: 24)
            try node.link().setUp("control")
        }
        let other = try far.listener(port: 9878)
        let client = try near.connect(to: far.host(9878)).descriptor
        let accepted = Descriptor(accept(other.number, nil, nil))
        let pair = try nodes.connection(port: 9878, listener: listener)
        let answer = try agent.inject(
            ("id", "cut"), ("kind", "disconnect"), ("port", 9878), ("duration_ns", .milliseconds(300)))
        #expect(answer["fault"]?["sockets"]?.integer == 1, "\(answer.text())")
        #expect(try #require(read(pair.client, within: .seconds(1))).code == ECONNRESET)
        #expect(write(client) == 1)
        #expect(try #require(read(accepted, within: .seconds(1))).count == 1)
    }

    @Test func `drop-socket kills the live connections and nothing after`() throws {
        let pair = try nodes.connection(port: 9878, listener: listener)
        let answer = try agent.inject(("id", "drop"), ("kind", "drop-socket"), ("port", 9878))
        #expect(answer["fault"]?["state"]?.string == "healed", "\(answer.text())")
        #expect(answer["fault"]?["in_force"]?.string == "proven", "\(answer.text())")
        #expect(try #require(read(pair.client, within: .seconds(1))).code == ECONNRESET)
        #expect(try #require(read(pair.accepted, within: .seconds(1))).code == ECONNABORTED)
        _ = try nodes.connection(port: 9878, listener: listener)
    }

    @Test func `half-open kills our socket while the peer goes on believing`() throws {
        let pair = try nodes.connection(port: 9878, listener: listener)
        let answer = try agent.inject(
            ("id", "half"), ("kind", "half-open"), ("port", 9878), ("duration_ns", .milliseconds(1500)))
        #expect(answer["fault"]?["sockets"]?.integer == 1, "\(answer.text())")
        #expect(try #require(read(pair.accepted, within: .seconds(1))).code == ECONNABORTED)
        #expect(write(pair.client) == 1)
        #expect(read(pair.client, within: .milliseconds(200)) == nil)
        let states = try SocketDiagnostics(namespace: nodes.governor.namespace.number).connections(
            .init(remotePort: 9878))
        #expect(states.map(\.state) == [UInt8(TCP_ESTABLISHED)])
        let fault = try agent.fault("half", reaches: "healed")
        #expect((fault["packets"]?.integer ?? 0) > 0, "our resets should have been held back: \(fault.text())")
        // Healed: the peer's next retransmission is answered.
        #expect(try #require(read(pair.client, within: .seconds(8))).code == ECONNRESET)
    }

    @Test func `a socket can be ended through a copy of its owner's descriptor`() throws {
        let pair = try nodes.connection(port: 9878, listener: listener)
        let diagnostics = try SocketDiagnostics(namespace: nodes.broker.namespace.number)
        let found = try #require(try diagnostics.connections(.init(localPort: 9878)).first)
        #expect(try diagnostics.disconnect(found) == .disconnected)
        #expect(try #require(read(pair.client, within: .seconds(1))).code == ECONNRESET)
        #expect(try diagnostics.connections(.init(localPort: 9878)).isEmpty)
    }
}
