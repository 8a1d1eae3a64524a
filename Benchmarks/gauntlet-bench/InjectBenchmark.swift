import CLinux
import Glibc
import Messages
import Processes
import Sockets
import Units

/// From the start of `chaos-agent inject` as a process, and from a line to a running `chaos-agent console`, to the first
/// packet that the fault hit.
///
/// The witness is a flow of our own, a datagram every 100 µs: the first one that never came left at the first effect.
struct InjectBenchmark {
    static let goal = Duration.milliseconds(5)
    private static let spacing = Duration.microseconds(100)
    private static let port: UInt16 = 7021
    /// So many in a row that didn't come are no loss but the fault.
    private static let missing = 20
    private static let patience = Duration.seconds(2)

    let rounds: Int
    let report: FigureTable

    func run() throws {
        report.begin("inject to first effect, through the command line, \(rounds) rounds")
        let name = "inject: start of the command to the first packet hit"
        guard AnonymousNodes.isPossible else { return report.skip(name, because: AnonymousNodes.requirement) }
        let nodes = try AnonymousNodes()
        let reactor = try Reactor()
        var template = Array("/tmp/gauntlet-bench-XXXXXX".utf8CString)
        guard let directory = mkdtemp(&template).map({ String(cString: $0) }) else {
            throw SystemError("/tmp", "mkdtemp", code: errno)
        }
        defer { for name in Programs.entries(of: directory) { unlink("\(directory)/\(name)") }; rmdir(directory) }
        let agent = try serve(in: directory, nodes, reactor)
        defer {
            agent.signal(SIGTERM)
            _ = reactor.run(until: Instant.now + .seconds(5)) { !agent.isRunning }
        }
        let flow = Flow(
            try nodes.far.bound(SOCK_DGRAM, port: 0), try nodes.near.bound(SOCK_DGRAM, port: InjectBenchmark.port),
            nodes.near.address(InjectBenchmark.port))
        var effects = Samples()
        var commands = Samples()
        var answers = Samples()
        for round in 0..<rounds {
            let id = "r\(round)"
            let began = Instant.now
            unlink("\(directory)/cli.log")
            let arguments = ["inject", "partition", "--id", id, "--from", "198.18.0.12", "--for", "30s"]
            let child = try command(arguments + ["--no-wait", "--format", "json"], directory, reactor)
            let effect = flow.firstMissing()
            _ = reactor.run(until: Instant.now + InjectBenchmark.patience) { !child.isRunning }
            if let effect {
                effects.add(effect - began)
                if let sent = sent(directory) { commands.add(effect - sent) }
            }
            let asked = Instant.now
            let heal = try command(["heal", "--id", id], directory, reactor)
            _ = reactor.run(until: Instant.now + InjectBenchmark.patience) { !heal.isRunning }
            answers.add(Instant.now - asked)
        }
        for (row, samples) in [(name, effects), ("inject: the command is sent to the first packet hit", commands)] {
            report.add(
                row, "P50 \(shown(samples.median)), P99 \(shown(samples.p99)), n \(samples.count)",
                goal: "P50 ≤ 5 ms", met: samples.count == rounds && samples.median <= InjectBenchmark.goal)
        }
        report.add("heal: start of the command to its end", "P50 \(shown(answers.median)), P99 \(shown(answers.p99))")
        try runConsole(in: directory, flow, reactor)
    }

    private func runConsole(in directory: String, _ flow: Flow, _ reactor: Reactor) throws {
        let console = try BenchedConsole(in: directory, reactor)
        var effects = Samples()
        for round in 0..<rounds {
            let began = Instant.now
            console.say("inject partition --id c\(round) --from 198.18.0.12 --for 30s --no-wait")
            if let effect = flow.firstMissing() { effects.add(effect - began) }
            console.say("heal --id c\(round)")
            guard console.hears("healed c\(round)\n") else { break }
        }
        report.add(
            "inject: a line to the console to the first packet hit",
            "P50 \(shown(effects.median)), P99 \(shown(effects.p99)), n \(effects.count)",
            goal: "P50 ≤ 5 ms", met: effects.count == rounds && effects.median <= InjectBenchmark.goal)
        console.end()
    }

    /// When the command line sent its command, by its own word.
    private func sent(_ directory: String) -> Instant? {
        let json = try? JSON(parsing: ProcessTable.contents("\(directory)/cli.log"))  // no answer is no sample
        return json?["sent_ns"]?.integer.map { Instant(nanoseconds: $0) }
    }

    private func serve(in directory: String, _ nodes: AnonymousNodes, _ reactor: Reactor) throws -> ChildProcess {
        let arguments = [
            "serve", "--node", "bench", "--socket", "\(directory)/agent.sock", "--ledger", "\(directory)/agent.ledger",
            "--probe-address", "198.18.0.13:7020",
        ]
        let log = open("\(directory)/agent.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        let agent = try ChildProcess(
            "chaos-agent",
            Command(
                "\(Programs.ownDirectory)/chaos-agent", arguments, namespace: nodes.near.namespace.number,
                keepsCapabilities: true),
            output: log, on: reactor)
        let isThere = reactor.run(until: Instant.now + .seconds(5)) {
            String(decoding: ProcessTable.contents("\(directory)/agent.log"), as: UTF8.self).contains("ready")
        }
        guard isThere, agent.isRunning else {
            throw SystemError("\(directory)/agent.log", "start chaos-agent", code: ECHILD)
        }
        return agent
    }

    private func command(_ arguments: [String], _ directory: String, _ reactor: Reactor) throws -> ChildProcess {
        let command = Command(
            "\(Programs.ownDirectory)/chaos-agent", arguments,
            environment: ["GAUNTLET_AGENT": "\(directory)/agent.sock"])
        let sink = open("\(directory)/cli.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(sink) }
        return try ChildProcess("chaos-agent", command, output: sink, on: reactor)
    }

    /// Datagrams at fixed times from one node to the other.
    private struct Flow {
        let sender: Descriptor
        let receiver: Descriptor
        let target: Address

        init(_ sender: Descriptor, _ receiver: Descriptor, _ target: Address) {
            self.sender = sender
            self.receiver = receiver
            self.target = target
        }

        /// When the first of twenty in a row left that never came; `nil` when that isn't seen in time.
        func firstMissing() -> Instant? {
            var departures: [Instant] = []
            var next = Instant.now
            let deadline = next + InjectBenchmark.patience
            while next < deadline {
                clinux_sleep_until_ns(next.nanoseconds)
                let left = Instant.now
                var stamp = left.nanoseconds
                _ = withSocketAddress(target) { sendto(sender.number, &stamp, 8, 0, $0, $1) }
                departures.append(left)
                next = max(next + InjectBenchmark.spacing, Instant.now)
                while recv(receiver.number, &stamp, 8, Int32(MSG_DONTWAIT)) == 8 {
                    departures.removeAll { $0.nanoseconds <= stamp }
                }
                if departures.count >= InjectBenchmark.missing { return departures.first }
            }
            return nil
        }
    }
}
