import Glibc
import Messages
import Netlink
import Processes
import Sockets
import Testing
import Units

/// Ten thousand requests that nobody should send, to the real program: no crash, no effect, a line of audit for each,
/// and an honest client is still served.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct HostileRequestTests {
    private static let seed: UInt64 = 20_231_017
    let nodes: TwoNodes
    let agent: RunningAgent

    init() throws {
        nodes = try TwoNodes()
        agent = try RunningAgent(nodes.governor, listens: true)
    }

    private var door: Address { nodes.governor.host(RunningAgent.port) }

    private func stranger() throws -> RawClient { try RawClient(from: nodes.broker, to: door) }

    private func friend() throws -> RawClient {
        let client = try stranger()
        client.send(#"{"id":0,"command":"hello","token":"\#(RunningAgent.token)"}"#)
        return client
    }

    private func nothingHappened(_ where_: String) throws {
        #expect(agent.process.isRunning, "\(where_): \(agent.log)")
        let list = try agent.ask([.init("command", "list")])
        #expect(list["faults"]?.array == [], "\(where_): \(list.text())")
        #expect(!String(decoding: ProcessTable.contents(agent.ledgerPath), as: UTF8.self).contains("applying"))
        let table = Nftables(namespace: nodes.governor.namespace.number, node: "governor")
        #expect(try table.presence() == .absent)
    }

    @Test func `ten thousand hostile requests have no effect, and each has a line in the audit`() throws {
        var draws = Draws(state: HostileRequestTests.seed)
        var sent = 0
        // Clients with authority, over both doors, that talk nonsense.
        for batch in 0..<90 {
            let client = batch % 3 == 0 ? try friend() : try RawClient(unix: agent.socketPath)
            let lines = (0..<70).map { _ in HostileRequest.line(&draws) }
            client.send(Array(lines.map { $0 + [0x0A] }.joined()))
            let greeting = batch % 3 == 0 ? 1 : 0
            let answers = client.lines(lines.count + greeting).dropFirst(greeting)
            #expect(answers.count == lines.count, "batch \(batch), seed \(HostileRequestTests.seed)")
            #expect(answers.allSatisfy { $0.contains(#""ok":false"#) }, "batch \(batch): \(answers.filter { !$0.contains("false") })")
            sent += lines.count
        }
        try nothingHappened("with authority")
        // Clients without: the first line ends the connection, what follows is never read.
        for number in 0..<3_700 {
            let client = try stranger()
            let extra = number % 10 == 0 ? [0x0A] + Array(HostileRequest.wellFormed.utf8) : []
            client.send(HostileRequest.withoutToken(&draws) + extra + [0x0A])
            let answers = client.lines(2)
            #expect(answers.count == 1 && answers[0].contains(#""ok":false"#), "stranger \(number): \(answers)")
            #expect(client.isCutOff, "stranger \(number)")
            sent += 1
        }
        #expect(sent == 10_000)
        try nothingHappened("without authority")
        let audit = agent.audit
        #expect(audit.count { $0["result"]?.string?.hasPrefix("refused: ") == true } == sent)
        // What was taken: the greetings, and how this test itself looks.
        let taken = audit.filter { $0["result"]?.string?.hasPrefix("refused: ") != true }
        #expect(taken.allSatisfy { ["start", "list", "hello"].contains($0["what"]?.string ?? "") })
        #expect(audit.enumerated().allSatisfy { $0.element["n"]?.integer == Int64($0.offset) })
        #expect(!String(decoding: agent.auditBytes, as: UTF8.self).contains(RunningAgent.token))
    }

    @Test func `half lines, slow clients and floods of connections leave room for an honest client`() throws {
        let half = try (0..<10).map { number in
            let client = number % 2 == 0 ? try stranger() : try RawClient(unix: agent.socketPath)
            client.send(Array(HostileRequest.wellFormed.utf8.prefix(40 + number)))
            return client
        }
        let flood = try (0..<300).map { _ in try stranger() }
        let honest = try friend()
        honest.send(#"{"id":5,"command":"list"}"#)
        let answers = honest.lines(2)
        #expect(answers.count == 2 && answers.last?.contains(#""faults":[]"#) == true, "\(answers)")
        // Nobody without a token stays for longer than two seconds.
        let gone = flood.allSatisfy { $0.isClosed(within: .seconds(4)) }
        #expect(gone)
        withExtendedLifetime(half) {}
        try nothingHappened("after the flood")
    }

    @Test func `a line too long, and a client that never reads its answers, are cut off`() throws {
        let long = try RawClient(unix: agent.socketPath)
        long.send([UInt8](repeating: 0x41, count: 200_000))
        #expect(long.isClosed(within: .seconds(2)))
        let deaf = try RawClient(unix: agent.socketPath)
        // Each answer names what is wrong; nobody takes it.
        let request = Array((#"{"command":"inject","fault":{"id":""# + String(repeating: "é", count: 20_000) + "\"}}\n").utf8)
        var sent = 0
        while sent < 4_000, !deaf.isCutOff {
            deaf.sendUnread(request)
            sent += 1
        }
        #expect(deaf.isCutOff, "still there after \(sent) requests")
        try nothingHappened("after the deaf one")
    }

    /// The planted bug of the first test: what it looks for is there when somebody with the token does ask for it.
    @Test func `the same request has its effect with the token`() throws {
        let client = try friend()
        client.send(HostileRequest.wellFormed)
        #expect(client.lines(2).last?.contains(#""ok":true"#) == true)
        let table = Nftables(namespace: nodes.governor.namespace.number, node: "governor")
        #expect(try table.presence() == .ours(node: "governor"))
        #expect(agent.audit.contains { $0["what"]?.string?.hasPrefix("inject {") == true && $0["result"]?.string == "ok" })
    }
}
