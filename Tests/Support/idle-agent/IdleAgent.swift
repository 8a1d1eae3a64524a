// A chaos agent that lies: it takes every command, acknowledges every fault, says that it read it back, and does
// nothing. A drill with this agent must come out inconclusive. It shares the real agent's core and evidence link,
// so it says nothing that the real one would say differently.

import ArgumentParser
import ChaosAgentCore
import ChaosAgentService
import Messages
import Sockets
import Units

@main
struct IdleAgentProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle-agent", abstract: "Acknowledges faults and does nothing.", subcommands: [Serve.self])

    struct Serve: ParsableCommand {
        @Option var node: String
        @Option var interface = "market"
        @Option var socket: String
        @Option var ledger = ""
        @Option var audit: String?
        @Option var probeAddress: String?
        @Option var probePeers: String?
        @Option var observer: String?
        @Option var backend = "auto"

        func run() throws {
            let reactor = try Reactor()
            try reactor.onSignal { _ in reactor.stop() }
            let link = observer.flatMap { Address(written: $0) }.map { EvidenceLink(to: $0, node: node, on: reactor) }
            let agent = try IdleAgent(node: node, interface: interface, socket: socket, link: link, on: reactor)
            reactor.run()
            agent.close()
            _ = link?.close(on: reactor)
        }
    }
}

final class IdleAgent {
    private final class Client {
        let connection: Connection
        var splitter = LineSplitter()
        var watches = false
        init(_ connection: Connection) { self.connection = connection }
    }

    private var core: AgentCore
    private var listener: Listener?
    private var clients: [ObjectIdentifier: Client] = [:]
    private let link: EvidenceLink?

    init(node: String, interface: String, socket: String, link: EvidenceLink?, on reactor: Reactor) throws {
        core = AgentCore(node: node, interface: interface, backend: .queueTarget)
        self.link = link
        listener = try Listener(unix: socket, on: reactor) { [unowned self] connection, _ in accept(connection) }
        reactor.every(.milliseconds(5)) { [unowned self] in handle(.tick) }
    }

    func close() { listener?.close() }

    private func accept(_ connection: Connection) {
        let client = Client(connection)
        clients[ObjectIdentifier(client)] = client
        connection.onBytes = { [unowned self, unowned client] bytes in
            for line in (try? client.splitter.lines(in: bytes)) ?? [] { answer(line, client) }
        }
        connection.onClose = { [unowned self, unowned client] _ in clients[ObjectIdentifier(client)] = nil }
        do { try connection.start() } catch { connection.close() }
    }

    private func answer(_ line: [UInt8], _ client: Client) {
        guard let json = try? JSON(parsing: line) else { return client.connection.close() }
        var members: [JSON.Member] = [.init("id", json["id"] ?? .null), .init("ok", true)]
        switch json["command"]?.string {
        case "inject":
            guard let request = try? FaultRequest(json: json["fault"] ?? .null) else {
                return client.connection.close()
            }
            handle(.inject(request))
            members.append(.init("fault", ["id": .string(request.id), "state": "readBack"]))
        case "heal":
            handle(.healAll(.request))
        case "list":
            let faults = core.faults.map { life -> JSON in
                ["id": .string(life.request.id), "state": .string(life.state.rawValue)]
            }
            members.append(.init("faults", .array(faults)))
        case "watch":
            client.watches = true
        default:
            break
        }
        client.connection.send(JSON.object(members).bytes() + [0x0A])
    }

    private func handle(_ event: AgentCore.Event) {
        for directive in core.receive(event, at: Instant.now) {
            switch directive {
            case .report(let report): tell(report)
            case .record: continue
            case .apply(let request):
                // The lie.
                handle(.applied(fault: request.id, at: Instant.now, equal: true, text: "as asked for"))
            case .lift(let request): handle(.lifted(fault: request.id, at: Instant.now))
            }
        }
    }

    private func tell(_ report: AgentCore.Report) {
        link?.send(report)
        let members: [JSON.Member] = [
            .init("event", .string(report.type)), .init("t", .integer(report.at.nanoseconds)),
        ]
        let line = JSON.object(members + report.fields).bytes() + [0x0A]
        for client in clients.values where client.watches { client.connection.send(line) }
    }
}
