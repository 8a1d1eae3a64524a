import CLinux
import Glibc
import Messages
import Processes
import Sockets
import Testing
import Units

/// `chaos-agent console`: lines in, the same commands, one connection.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct ConsoleTests {
    let agent: RunningAgent
    let peer: RunningAgent

    init() throws {
        let nodes = try TwoNodes()
        agent = try RunningAgent(nodes.governor, peer: nodes.broker)
        peer = try RunningAgent(nodes.broker, name: "broker", peer: nodes.governor)
    }

    /// A console whose input stays open until it is told otherwise.
    private final class Session {
        let process: ChildProcess
        private let agent: RunningAgent
        private let log: String
        private var input: Descriptor?

        init(_ agent: RunningAgent, _ arguments: [String] = [], file: Int32? = nil) throws {
            self.agent = agent
            signal(SIGPIPE, SIG_IGN)  // a console that ends in the middle of a line takes no test with it
            log = "\(agent.directory)/console-\(UInt32.random(in: 0...UInt32.max))"
            var ends: [Int32] = [-1, -1]
            try check(clinux_pipe(&ends), "pipe", "open")
            let reading = Descriptor(ends[0])
            input = file == nil ? Descriptor(ends[1]) : nil
            if file != nil { close(ends[1]) }
            let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            defer { close(output) }
            let command = Command(
                "\(Programs.ownDirectory)/chaos-agent", ["console"] + arguments,
                environment: ["GAUNTLET_AGENT": agent.socketPath], endsWithUs: true)
            process = try withExtendedLifetime(reading) {
                try ChildProcess("chaos-agent", command, input: file ?? reading.number, output: output, on: agent.reactor)
            }
        }

        deinit {
            process.signal(SIGKILL)
            unlink(log)
        }

        var text: String { String(decoding: ProcessTable.contents(log), as: UTF8.self) }

        func say(_ line: String) {
            guard let input else { return }
            let bytes = Array("\(line)\n".utf8)
            _ = write(input.number, bytes, bytes.count)
        }

        func hears(_ words: String) -> Bool {
            eventually {
                _ = agent.reactor.run(until: Instant.now + .milliseconds(5)) { !process.isRunning }
                return text.contains(words)
            }
        }

        func endOfInput() { input = nil }

        /// Its exit code.
        func end() -> Int32? {
            input = nil
            _ = agent.reactor.run(until: Instant.now + .seconds(10)) { !process.isRunning }
            return process.status
        }
    }

    @Test func `a console obeys line after line, over one connection`() throws {
        let console = try Session(agent)
        console.say("# a remark, and an empty line")
        console.say("")
        console.say("inject partition --from broker --for 20s --id cut --no-wait   # and one behind a command")
        #expect(console.hears("cut: taken"), "\(console.text)")
        console.say("chaos-agent list")
        #expect(console.hears("partition from 198.18.0.12, for 20s"), "\(console.text)")
        console.say("heal --id cut")
        #expect(console.end() == 0 && console.text.contains("healed cut"), "\(console.text)")
        let commands = agent.audit.filter { line in
            ["inject", "heal"].contains { line["what"]?.string?.hasPrefix($0) == true }
        }
        #expect(commands.count == 2 && Set(commands.map { $0["who"] }).count == 1, "\(agent.audit.map { $0.text() })")
    }

    @Test func `a mistake in a line is said and costs the console nothing but its exit code`() throws {
        let console = try Session(agent)
        for line in ["injekt", "inject latency --from brocker --delay 1ms", "list --socket elsewhere", "heal --all --ledger x"] {
            console.say(line)
        }
        console.say("list")
        #expect(console.hears("no faults"), "\(console.text)")
        for words in ["injekt", "Did you mean 'broker'?", "expected no --socket", "--ledger"] {
            #expect(console.text.contains(words), "\(words) in: \(console.text)")
        }
        console.say("exit")
        #expect(console.end() == 64)
    }

    @Test func `the console's form holds for its lines, and help is an answer`() throws {
        let console = try Session(agent, ["--format", "json"])
        console.say("help inject")
        #expect(console.hears("OVERVIEW"), "\(console.text)")
        console.say("inject --help")
        let help = console.text.count
        console.say("list")
        #expect(console.hears("[]"), "\(console.text.dropFirst(help))")
        #expect(console.end() == 0)
    }

    @Test func `Ctrl-C ends the command that runs, and the console where none does`() throws {
        let console = try Session(agent)
        console.say("watch")
        #expect(eventually { agent.audit.contains { $0["what"]?.string == "watch" } })
        console.process.signal(SIGINT)
        console.say("list")
        #expect(console.hears("no faults"), "\(console.text)")
        console.process.signal(SIGINT)
        #expect(agent.reactor.run(until: Instant.now + .seconds(5)) { !console.process.isRunning })
        #expect(console.process.status == 0)
    }

    @Test func `a signal that means the program ends the console in the middle of a command`() throws {
        let console = try Session(agent)
        console.say("watch")
        #expect(eventually { agent.audit.contains { $0["what"]?.string == "watch" } })
        console.process.signal(SIGTERM)
        #expect(agent.reactor.run(until: Instant.now + .seconds(5)) { !console.process.isRunning })
    }

    @Test func `an agent that is gone ends the console with 70`() throws {
        let console = try Session(agent)
        console.say("list")
        #expect(console.hears("no faults"), "\(console.text)")
        agent.terminate()
        #expect(agent.reactor.run(until: Instant.now + .seconds(5)) { !console.process.isRunning })
        #expect(console.process.status == 70 && console.text.contains("has ended the connection"), "\(console.text)")
    }

    @Test func `a file of lines is obeyed to its last, which needs no end`() throws {
        let path = "\(agent.directory)/lines"
        defer { unlink(path) }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        let bytes = Array("inject partition --from broker --for 20s --no-wait\nheal --all".utf8)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        lseek(file, 0, SEEK_SET)
        let console = try Session(agent, file: file)
        #expect(console.end() == 0 && console.text.contains("healed all"), "\(console.text)")
    }

    @Test(arguments: [["list"], ["console"]])
    func `an answer that can't be written is no success`(_ arguments: [String]) throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        let path = "\(agent.directory)/lines"
        defer { unlink(path) }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        #expect(write(file, "list\n", 5) == 5)
        lseek(file, 0, SEEK_SET)
        let command = Command(
            "\(Programs.ownDirectory)/chaos-agent", arguments, environment: ["GAUNTLET_AGENT": agent.socketPath],
            endsWithUs: true)
        let process = try ChildProcess("chaos-agent", command, input: file, output: full, on: agent.reactor)
        #expect(agent.reactor.run(until: Instant.now + .seconds(5)) { !process.isRunning })
        #expect(process.status == 70)
    }

    @Test func `a line beyond the limit is refused`() throws {
        let console = try Session(agent)
        console.say(String(repeating: "x", count: 70_000))
        #expect(console.end() == 64 && console.text.contains("more than 65536 bytes"), "\(console.text)")
    }
}
