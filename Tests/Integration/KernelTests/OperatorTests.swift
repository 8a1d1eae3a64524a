import CLinux
import Glibc
import Messages
import Netlink
import Processes
import Sockets
import Testing
import Units

/// `chaos-agent` as an operator types it, against a running agent.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct OperatorTests {
    let nodes: TwoNodes
    let agent: RunningAgent
    /// The other end of the probe flow.
    let peer: RunningAgent

    init() throws {
        nodes = try TwoNodes()
        agent = try RunningAgent(nodes.governor, peer: nodes.broker)
        peer = try RunningAgent(nodes.broker, name: "broker", peer: nodes.governor)
    }

    private func start(_ arguments: [String], on other: RunningAgent? = nil) throws -> (process: ChildProcess, log: String) {
        let agent = other ?? agent
        let log = "\(agent.directory)/cli-\(UInt32.random(in: 0...UInt32.max))"
        let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(output) }
        let command = Command(
            "\(Programs.ownDirectory)/chaos-agent", arguments, environment: ["GAUNTLET_AGENT": agent.socketPath],
            endsWithUs: true)
        return (try ChildProcess("chaos-agent", command, output: output, on: agent.reactor), log)
    }

    /// Its exit code and all that it said.
    private func run(_ arguments: String..., on other: RunningAgent? = nil) throws -> (status: Int32?, text: String) {
        let (process, log) = try start(arguments, on: other)
        defer { unlink(log) }
        _ = (other ?? agent).reactor.run(until: Instant.now + .seconds(20)) { !process.isRunning }
        return (process.status, String(decoding: ProcessTable.contents(log), as: UTF8.self))
    }

    private func isAbsent() throws -> Bool {
        try Nftables(namespace: nodes.governor.namespace.number, node: "governor").presence() == .absent
    }

    @Test func `inject waits for the effect and lays the measured dose beside the one that was asked for`() throws {
        let found = try run("inject", "latency", "--id", "slow", "--from", "broker", "--delay", "100ms", "--for", "20s")
        #expect(found.status == 0, "\(found.text)")
        #expect(found.text.contains("slow: in force"), "\(found.text)")
        #expect(found.text.contains("asked for: latency 100.0 ms from 198.18.0.12, for 20s"), "\(found.text)")
        #expect(found.text.contains("measured:  198.18.0.12 p50 10"), "\(found.text)")
        let list = try run("list")
        #expect(list.text.contains("slow: inForce, 1") && list.text.contains("s left"), "\(list.text)")
        #expect(!list.text.contains(", 0 packets"), "\(list.text)")
    }

    @Test func `a fault that no packet meets is not confirmed, exit 2`() throws {
        let found = try run("inject", "partition", "--from", "198.18.0.99", "--for", "10s", "--within", "300ms")
        #expect(found.status == 2, "\(found.text)")
        #expect(found.text.contains("not confirmed: no packet and no socket was hit"), "\(found.text)")
    }

    /// The planted bug: an agent that takes everything and does nothing is not believed.
    @Test func `an agent that only says that it did is not confirmed`() throws {
        let idle = try RunningAgent(nodes.governor, program: "idle-agent")
        let found = try run(
            "inject", "latency", "--from", "198.18.0.12", "--delay", "50ms", "--for", "5s", "--within", "300ms", on: idle)
        #expect(found.status == 2, "\(found.text)")
    }

    @Test func `a dry run says what would be sent to the kernel, and sends nothing`() throws {
        let cut = try run("inject", "partition", "--from", "broker", "--for", "10s", "--dry-run")
        #expect(cut.status == 0, "\(cut.text)")
        for part in ["synced before anything else", "{ 198.18.0.12 } timeout 10100ms", "priority -320", "drop", "taken away again"] {
            #expect(cut.text.contains(part), "\(part) in: \(cut.text)")
        }
        for arguments in [
            ["inject", "latency", "--from", "broker", "--delay", "1ms", "--dry-run"], ["inject", "link-down", "--dry-run"],
            ["inject", "disconnect", "--port", "9878", "--dry-run"], ["inject", "drop-socket", "--port", "9878", "--dry-run"],
        ] {
            let (process, log) = try start(arguments)
            _ = agent.reactor.run(until: Instant.now + .seconds(5)) { !process.isRunning }
            #expect(process.status == 0, "\(arguments): \(String(decoding: ProcessTable.contents(log), as: UTF8.self))")
            unlink(log)
        }
        #expect(try isAbsent())
        #expect(try agent.ask([.init("command", "list")])["faults"]?.array == [])
        #expect(try run("inject", "latency", "--from", "broker", "--dry-run").status == 64)
    }

    @Test func `every command has a form that a program can read`() throws {
        func json(_ found: (status: Int32?, text: String)) -> JSON? {
            #expect(found.status == 0, "\(found.text)")
            return try? JSON(parsing: found.text)
        }
        let injected = json(try run("inject", "partition", "--from", "broker", "--for", "10s", "--format", "json"))
        #expect(injected?["confirmed"]?.bool == true)
        let listed = json(try run("list", "--format", "json"))
        #expect(listed?.array?.first?["left_ns"]?.integer ?? 0 > 0)
        #expect(json(try run("heal", "--all", "--format", "json"))?["healed"]?.array == ["all"])
        let plan = json(try run("inject", "partition", "--from", "broker", "--dry-run", "--format", "json"))
        #expect(plan?["by-hand"]?.array?.isEmpty == false)
        #expect(json(try run("doctor", "--format", "json"))?["backends"]?.array?.count == 3)
    }

    @Test func `a preset is injected whole, or not at all`() throws {
        let wifi = try run("inject", "--preset", "flaky-wifi", "--from", "broker", "--for", "10s", "--id", "w", "--no-wait")
        #expect(wifi.status == 0, "\(wifi.text)")
        let ids = try agent.ask([.init("command", "list")])["faults"]?.array?.compactMap { $0["id"]?.string }
        #expect(ids == ["w-latency", "w-loss"])
        _ = try run("heal", "--all")
        let storm = try run("inject", "--preset", "packet-storm", "--from", "broker", "--for", "10s", "--id", "s", "--no-wait")
        let after = try agent.ask([.init("command", "list")])["faults"]?.array?.compactMap { $0["id"]?.string } ?? []
        // On a machine with netem it is taken; elsewhere none of it, exit 77.
        #expect(storm.status == 0 ? after.count == 5 : storm.status == 77 && after == ids, "\(storm.text) \(after)")
        let wrong = try run("inject", "--preset", "flaky-wify", "--from", "broker")
        #expect(wrong.status == 64 && wrong.text.contains("Did you mean 'flaky-wifi'?"), "\(wrong.text)")
    }

    @Test func `a schedule injects again and again, each time a fault of its own`() throws {
        let found = try run(
            "inject", "partition", "--from", "broker", "--for", "100ms", "--every", "400ms", "--repeat", "3", "--no-wait")
        #expect(found.status == 0, "\(found.text)")
        let faults = try agent.ask([.init("command", "list")])["faults"]?.array ?? []
        #expect(faults.compactMap { $0["id"]?.string } == ["by-hand-1", "by-hand-2", "by-hand-3"])
        let starts = faults.compactMap { $0["applied_ns"]?.integer }
        #expect(zip(starts, starts.dropFirst()).allSatisfy { (350_000_000...700_000_000).contains($1 - $0) }, "\(starts)")
        #expect(try run("inject", "partition", "--for", "1s", "--every", "1s", "--repeat", "2").status == 64)
    }

    @Test func `Ctrl-C in a schedule heals what is in force and ends it`() throws {
        let (process, log) = try start(
            ["inject", "partition", "--from", "broker", "--for", "30s", "--every", "40s", "--repeat", "2", "--within", "20s", "--id", "s"])
        defer { unlink(log) }
        _ = try agent.fault("s-1", reaches: "inForce")
        _ = agent.reactor.run(until: Instant.now + .seconds(3)) { ProcessTable.contents(log).contains(0x0A) }
        process.signal(SIGINT)
        #expect(agent.reactor.run(until: Instant.now + .seconds(3)) { !process.isRunning })
        #expect(process.status == 2)
        _ = try agent.fault("s-1", reaches: "healed")
        #expect(try agent.fault("s-2") == nil)
    }

    @Test func `watch shows what happens and ends with Ctrl-C`() throws {
        let (process, log) = try start(["watch"])
        defer { unlink(log) }
        func text() -> String { String(decoding: ProcessTable.contents(log), as: UTF8.self) }
        // It watches once its command is in the audit.
        #expect(eventually { agent.audit.contains { $0["what"]?.string == "watch" } })
        _ = try run("inject", "partition", "--from", "broker", "--for", "10s", "--id", "cut")
        let seen = agent.reactor.run(until: Instant.now + .seconds(5)) { text().contains("cut: first effect (by counter)") }
        #expect(seen, "\(text())")
        #expect(text().contains("command: uid"), "\(text())")
        process.signal(SIGINT)
        #expect(agent.reactor.run(until: Instant.now + .seconds(3)) { !process.isRunning })
        #expect(process.status == 0)
    }

    /// Foundation and ICU are half of a program's start, and the command line is started for every command.
    @Test func `the agent and its command line are linked without Foundation`() {
        func maps(_ pid: Int32) -> String { String(decoding: ProcessTable.contents("/proc/\(pid)/maps"), as: UTF8.self) }
        #expect(maps(agent.process.pid).contains("libswiftCore"))
        #expect(!maps(agent.process.pid).contains("libFoundation.so"))
        // This program has it: the name is the right one to look for.
        #expect(maps(getpid()).contains("libFoundation.so"))
    }

    /// Another user's drills are closed to an ordinary one, and are not "none".
    @Test(.enabled(if: geteuid() == 0, "takes root to become somebody else"))
    func `who may not look at an agent hears that it is another user's`() throws {
        let log = "\(agent.directory)/other-user"
        defer { unlink(log) }
        let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(output) }
        // The right to read is for the program's own file alone, which may lie in a home.
        let command = Command(
            "/usr/bin/setpriv",
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search",
                "\(Programs.ownDirectory)/chaos-agent", "list", "--node", "governor",
            ], keepsCapabilities: true, endsWithUs: true)
        let process = try ChildProcess("setpriv", command, output: output, on: agent.reactor)
        _ = agent.reactor.run(until: Instant.now + .seconds(20)) { !process.isRunning }
        let text = String(decoding: ProcessTable.contents(log), as: UTF8.self)
        #expect(process.status == 64 && text.contains("of another user: ask as that user, or with sudo"), "\(text)")
    }

    @Test func `mistakes are 64, an agent that is gone is 70`() throws {
        #expect(try run("inject").status == 64)
        #expect(try run("inject", "latency", "--preset", "wan-250ms").status == 64)
        let node = try run("inject", "latency", "--from", "brocker", "--delay", "1ms")
        #expect(node.status == 64 && node.text.contains("Did you mean 'broker'?"), "\(node.text)")
        #expect(try run("list", "--node", "nowhere").status == 64)
        #expect(try run("list", "--socket", "\(agent.directory)/none").status == 70)
        let bash = try run("completion", "bash")
        #expect(bash.status == 0 && bash.text.contains("inject") && bash.text.contains("wan-250ms"))
    }
}
