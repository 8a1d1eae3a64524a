import CLinux
import Commands
import Glibc
import Messages
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

/// The audit file by itself, and as the agent writes it.
final class AuditTests {
    private let directory: String
    private var path: String { "\(directory)/audit" }

    init() throws {
        directory = try ScratchFolder.make("audit")
    }

    deinit {
        ScratchFolder.remove(directory)
    }

    private func entry(_ number: Int) -> AuditEntry {
        AuditEntry(who: "uid 0, pid 1", word: "list", what: "list \(number)", result: "ok")
    }

    private var lines: [JSON] {
        ProcessTable.contents(path).split(separator: 0x0A).compactMap { try? JSON(parsing: Array($0)) }
    }

    @Test func `an audit that is full loses its older half and says so`() throws {
        let log = try AuditLog(path, bytesMaximum: 10_000)
        for number in 0..<1_000 { log.write(entry(number)) }
        #expect(ProcessTable.contents(path).count <= 10_000)
        let found = lines
        #expect(found.first?["left_out_bytes"]?.integer ?? 0 > 0)
        #expect(found.last?["what"]?.string == "list 999")
        let numbers = found.dropFirst().compactMap { $0["n"]?.integer }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 + 1 }, "no gap in what is left")
        #expect(log.problem == nil)
    }

    @Test func `a text of any length makes a line of bounded length`() throws {
        let log = try AuditLog(path)
        let long = String(repeating: "é", count: 100_000)
        log.write(AuditEntry(who: "uid 0", word: long, what: long, result: long))
        #expect(ProcessTable.contents(path).count < 4_000)
        #expect(lines.count == 2)
    }

    @Test func `an audit that has no room, or is a link to somewhere else, is no audit`() throws {
        #expect(throws: CommandError.self) { try AuditLog("/dev/full") }
        #expect(symlink("/dev/null", path) == 0)
        #expect(throws: CommandError.self) { try AuditLog(path) }
    }

    @Test func `a token that can't be told from its surroundings is refused`() {
        for text in ["short", "with \"quotes\" in it", #"with-a-back\slash"#, "with-an-é-in-the-middle"] {
            #expect(throws: CommandError.self) { try Token(text.replacing(" ", with: ""), from: "test") }
        }
        #expect(throws: Never.self) { try Token("0123456789abcdef", from: "test") }
    }
}

@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct AgentAuditTests {
    let nodes: TwoNodes
    let agent: RunningAgent

    init() throws {
        nodes = try TwoNodes()
        agent = try RunningAgent(nodes.governor, listens: true)
    }

    @Test func `each command has a line that says who, what and what came of it`() throws {
        _ = try agent.inject(
            ("id", "cut"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(60_000)))
        _ = try agent.inject(("id", "cut"), ("kind", "latancy"))
        _ = try agent.ask([.init("command", "heal"), .init("fault", "cut")])
        _ = try agent.ask([.init("command", "heal"), .init("falt", "cut")])
        let lines = agent.audit.filter { $0["what"]?.string != "list" }.dropFirst()
        let who = "uid \(geteuid()), pid \(getpid())"
        #expect(lines.allSatisfy { $0["who"]?.string == who && $0["wall_ns"]?.integer != nil })
        let results = lines.compactMap { $0["result"]?.string }
        #expect(results.count == 4, "\(results)")
        #expect([results[0], results[2]] == ["ok", "ok"])
        #expect(results[1].contains("Did you mean 'latency'?"))
        #expect(results[3] == "refused: 'falt': is no member of 'heal': expected id, command, fault")
        var status = stat()
        #expect(stat(agent.auditPath, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func `a token never gets into the audit, wherever a client puts it`() throws {
        let token = RunningAgent.token
        let client = try RawClient(from: nodes.broker, to: nodes.governor.host(RunningAgent.port))
        client.send(#"{"id":0,"command":"hello","token":"\#(token)"}"#)
        client.send(#"{"id":1,"command":"\#(token)"}"#)
        client.send(#"{"id":2,"command":"heal","fault":"\#(token)"}"#)
        client.send(#"{"id":3,"command":"inject","fault":{"id":"x","kind":"\#(token)","\#(token)":1}}"#)
        client.send(#"{"id":4,"command":"hello","token":"\#(token)","deep":{"token":["\#(token)"]}}"#)
        client.send(#"{"id":5,"command":\#(token)}"#)
        #expect(client.lines(6).count == 6)
        let text = String(decoding: ProcessTable.contents(agent.auditPath), as: UTF8.self)
        #expect(text.contains("[token]"))
        #expect(!text.contains(token.prefix(10)), "\(text)")
    }

    @Test func `without room for its audit an agent takes no fault, and heals`() throws {
        _ = try agent.inject(
            ("id", "cut"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(60_000)))
        func limitFiles(to bytes: String) throws {
            let limit = Command(
                "/usr/bin/prlimit", ["--pid", "\(agent.process.pid)", "--fsize=\(bytes):unlimited"], endsWithUs: true)
            let child = try ChildProcess("prlimit", limit, output: STDERR_FILENO, on: agent.reactor)
            #expect(agent.reactor.run(until: Instant.now + .seconds(5)) { !child.isRunning } && child.status == 0)
        }
        try limitFiles(to: "1")
        _ = try agent.ask([.init("command", "list")])
        let other: [(String, JSON)] = [
            ("id", "two"), ("kind", "partition"), ("from", ["198.18.0.12"]), ("duration_ns", .milliseconds(60_000)),
        ]
        let refused = try agent.inject(other[0], other[1], other[2], other[3])
        #expect(refused["error"]?.string?.contains("no fault without a line of who asked for it") == true, "\(refused.text())")
        #expect(try agent.ask([.init("command", "heal")])["ok"]?.bool == true)
        _ = try agent.fault("cut", reaches: "healed")
        try limitFiles(to: "unlimited")
        _ = try agent.ask([.init("command", "list")])
        #expect(try agent.inject(other[0], other[1], other[2], other[3])["ok"]?.bool == true)
    }

    @Test func `a running agent has no more rights than it needs, in every thread`() throws {
        let answer = try agent.inject(
            ("id", "slow"), ("kind", "latency"), ("from", ["198.18.0.12"]), ("delay_ns", .milliseconds(10)),
            ("duration_ns", .milliseconds(60_000)))
        #expect(answer["ok"]?.bool == true, "\(answer.text())")
        let pid = agent.process.pid
        let threads = Programs.entries(of: "/proc/\(pid)/task").filter { !$0.hasPrefix(".") }
        #expect(threads.count >= 2, "the holder has a thread of its own")
        for thread in threads {
            let status = String(decoding: ProcessTable.contents("/proc/\(pid)/task/\(thread)/status"), as: UTF8.self)
            func field(_ name: String) -> String? {
                status.split(separator: "\n").first { $0.hasPrefix("\(name):") }?.split(separator: "\t").last.map(String.init)
            }
            // KILL, NET_ADMIN, SYS_PTRACE, SYS_NICE at most.
            let allowed: UInt64 = 1 << 5 | 1 << 12 | 1 << 19 | 1 << 23
            for set in ["CapEff", "CapPrm", "CapBnd"] {
                let bits = UInt64(field(set) ?? "", radix: 16)
                #expect(bits.map { $0 & ~allowed } == 0, "\(set) of thread \(thread): \(field(set) ?? "?")")
            }
            #expect(field("NoNewPrivs") == "1")
        }
        // The planted bug: our own thread, which gave up nothing, would be found.
        #expect(clinux_capabilities() & ~UInt64(1 << 5 | 1 << 12 | 1 << 19 | 1 << 23) != 0)
    }
}
