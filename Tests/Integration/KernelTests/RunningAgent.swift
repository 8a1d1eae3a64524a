import ChaosAgentService
import Commands
import Glibc
import Messages
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

/// The real program, in a node's namespace, with a directory of its own.
final class RunningAgent {
    let node: Node
    let directory: String
    let reactor: Reactor
    private(set) var process: ChildProcess
    private var watcher: Connection?
    private(set) var events: [JSON] = []

    var socketPath: String { "\(directory)/agent.sock" }
    var ledgerPath: String { "\(directory)/agent.ledger" }
    var auditPath: String { "\(directory)/agent.audit" }
    /// Of its TCP door.
    static let token = "k7Qx-not-guessed-02f9c1"
    static let port: UInt16 = 7030

    init(
        _ node: Node, name: String = "governor", peer: Node? = nil, directory: String? = nil,
        program: String = "chaos-agent", listens: Bool = false
    ) throws {
        self.node = node
        reactor = try Reactor()
        let made = try directory ?? ScratchFolder.make("kernel")
        self.directory = made
        process = try RunningAgent.start(program, node, name, peer, made, listens, reactor)
        let deadline = Instant.now + .seconds(5)
        // Ready when it answers; a socket file may be a dead agent's. An agent that refuses to start never answers.
        while Instant.now < deadline, process.isRunning, (try? ask([.init("command", "list")]))?["ok"]?.bool != true {
            _ = reactor.run(until: Instant.now + .milliseconds(10)) { !process.isRunning }
        }
    }

    private static func start(
        _ program: String, _ node: Node, _ name: String, _ peer: Node?, _ directory: String, _ listens: Bool,
        _ reactor: Reactor
    ) throws -> ChildProcess {
        var arguments = [
            "serve", "--node", name, "--socket", "\(directory)/agent.sock", "--ledger", "\(directory)/agent.ledger",
            "--audit", "\(directory)/agent.audit", "--probe-address", "\(node.host(7020))",
        ]
        if let peer {
            arguments += ["--probe-peers", "\(name == "broker" ? "governor" : "broker")=\(peer.host(7020))"]
        }
        if listens { arguments += ["--listen", "\(node.host(port))"] }
        let log = open("\(directory)/agent.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        let command = Command(
            "\(Programs.ownDirectory)/\(program)", arguments, environment: [Token.variable: token],
            namespace: node.namespace.number, keepsCapabilities: true, endsWithUs: true)
        return try ChildProcess(program, command, output: log, on: reactor)
    }

    var log: String { String(decoding: ProcessTable.contents("\(directory)/agent.log"), as: UTF8.self) }

    /// The lines of its audit, oldest first.
    var audit: [JSON] {
        auditBytes.split(separator: 0x0A).compactMap { try? JSON(parsing: Array($0)) }
    }

    /// All of it, however long.
    var auditBytes: [UInt8] {
        let file = open(auditPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    func ask(_ members: [JSON.Member]) throws -> JSON {
        do {
            return try CommandClient.ask(
                .unix(socketPath), members.first { $0.key == "command" }?.value.string ?? "",
                members.filter { $0.key != "command" })
        } catch {
            return ["ok": false, "error": .string(error.description), "missing_ability": .bool(error.isMissingAbility)]
        }
    }

    func inject(_ members: (String, JSON)...) throws -> JSON {
        try ask([.init("command", "inject"), .init("fault", .object(members.map { JSON.Member($0.0, $0.1) }))])
    }

    func fault(_ id: String) throws -> JSON? {
        try ask([.init("command", "list")])["faults"]?.array?.first { $0["id"]?.string == id }
    }

    /// The fault once it has this state; fails the test when it doesn't come to it.
    func fault(_ id: String, reaches state: String, within limit: Duration = .seconds(8)) throws -> JSON {
        let reached = try eventually(within: limit) { try fault(id)?["state"]?.string == state }
        let found = try fault(id)
        #expect(reached, "fault \(id) should be \(state), is \(found?.text() ?? "unknown"); log: \(log)")
        return found ?? .null
    }

    /// Ends it at once, as a crash would.
    func killHard() {
        process.signal(SIGKILL)
        _ = reactor.run(until: Instant.now + .seconds(5)) { !process.isRunning }
    }

    func terminate() {
        process.signal(SIGTERM)
        _ = reactor.run(until: Instant.now + .seconds(5)) { !process.isRunning }
    }

    deinit {
        killHard()
        for name in ["agent.sock", "agent.ledger", "agent.log", "agent.audit"] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }
}

extension JSON {
    static func milliseconds(_ value: Int64) -> JSON { .integer(value * 1_000_000) }
}
