// The command socket: one JSON object a line in, one a line out, on a Unix socket that only its owner and root reach.
//
//     {"id":1,"command":"inject","fault":{…}}   → {"id":1,"ok":true,"fault":{…}}
//     {"id":2,"command":"heal","fault":"slow"}  → {"id":2,"ok":true}          ("fault" absent: all)
//     {"id":3,"command":"list"}                 → {"id":3,"ok":true,"faults":[…]}
//     {"id":4,"command":"watch"}                → {"id":4,"ok":true}, then {"event":"fault_healed","fault":"slow",…}
//     {"id":5,"command":"doctor"}, {"id":6,"command":"stop"}
//
// What is refused: {"id":1,"ok":false,"error":"…"}, and "missing_ability":true where this machine can't.

import ChaosAgentCore
import Glibc
import Messages
import Netlink
import Sockets
import Units

package final class CommandServer {
    package static let clientsMaximum = 32

    private enum Word: String, CaseIterable { case inject, heal, list, watch, doctor, stop }

    private final class Client {
        let connection: Connection
        var splitter = LineSplitter()
        init(_ connection: Connection) { self.connection = connection }
    }

    private let agent: ChaosAgent
    private var listener: Listener?
    private var clients: [ObjectIdentifier: Client] = [:]

    package init(_ agent: ChaosAgent, at path: String, on reactor: Reactor) throws(SystemError) {
        self.agent = agent
        listener = try Listener(unix: path, on: reactor) { [unowned self] connection, uid in accept(connection, uid) }
    }

    package func close() {
        listener?.close()
        for client in clients.values { client.connection.close() }
    }

    private func accept(_ connection: Connection, _ uid: UInt32?) {
        guard let uid, uid == 0 || uid == geteuid(), clients.count < CommandServer.clientsMaximum else {
            return connection.close()
        }
        let client = Client(connection)
        clients[ObjectIdentifier(client)] = client
        connection.onBytes = { [unowned self, unowned client] bytes in receive(bytes, from: client) }
        connection.onClose = { [unowned self, unowned client] _ in
            agent.removeWatcher(client)
            clients[ObjectIdentifier(client)] = nil
        }
        do { try connection.start() } catch { connection.close() }
    }

    private func receive(_ bytes: ArraySlice<UInt8>, from client: Client) {
        do {
            for line in try client.splitter.lines(in: bytes) where !line.isEmpty {
                client.connection.send(answer(line, client).bytes() + [0x0A])
            }
        } catch {
            client.connection.close()
        }
    }

    private func answer(_ line: [UInt8], _ client: Client) -> JSON {
        let json: JSON
        do { json = try JSON(parsing: line) } catch { return failure(.null, "the request is no JSON: \(error)") }
        let id = json["id"] ?? .null
        do {
            return success(id, try carryOut(json, client))
        } catch let error as AgentError {
            return failure(id, error.description, isMissingAbility: error.isMissingAbility)
        } catch {
            return failure(id, "\(error)")
        }
    }

    private func carryOut(_ json: JSON, _ client: Client) throws -> [JSON.Member] {
        let names = Word.allCases.map(\.rawValue)
        guard let text = json["command"]?.string, let word = Word(rawValue: text) else {
            let found = json["command"]?.text() ?? "nothing"
            let near =
                json["command"]?.string.flatMap { closest(to: $0, among: names) }.map { ". Did you mean '\($0)'?" }
                ?? ""
            throw AgentError("'command'", "expected one of \(names.joined(separator: ", ")), found \(found)\(near)")
        }
        switch word {
        case .inject:
            let life = try agent.inject(try FaultRequest(json: json["fault"] ?? .null))
            return [.init("fault", agent.describe(life))]
        case .heal:
            try agent.heal(json["fault"]?.string)
            return []
        case .list:
            return [.init("faults", .array(agent.core.faults.map { agent.describe($0) }))]
        case .watch:
            agent.addWatcher(client) { [unowned client] report in
                let members: [JSON.Member] = [
                    .init("event", .string(report.type)), .init("t", .integer(report.at.nanoseconds)),
                ]
                client.connection.send(JSON.object(members + report.fields).bytes() + [0x0A])
            }
            return []
        case .doctor:
            let core = agent.core
            let report = Doctor.report(interface: core.interface, backend: core.backend, probed: agent.probed)
            return [.init("doctor", report)]
        case .stop:
            agent.stop(.abort)
            return []
        }
    }

    private func success(_ id: JSON, _ members: [JSON.Member]) -> JSON {
        .object([.init("id", id), .init("ok", true)] + members)
    }

    private func failure(_ id: JSON, _ text: String, isMissingAbility: Bool = false) -> JSON {
        .object([
            .init("id", id), .init("ok", false), .init("error", .string(text)),
            .init("missing_ability", .bool(isMissingAbility)),
        ])
    }
}

extension ChaosAgent {
    /// A fault for people and for the conductor.
    func describe(_ life: FaultLife) -> JSON {
        let proof = core.proof(of: life)
        let plan = core.dosed.isEmpty ? nil : DosePlan(core.dosed)
        let sums =
            life.request.kind.isDosed
            ? plan.map { plan in life.request.from.map { JSON.integer(plan.delay(from: $0).nanoseconds) } } : nil
        func stamp(_ instant: Instant?) -> JSON { .optional(instant?.nanoseconds) }
        return .object([
            .init("id", .string(life.request.id)), .init("kind", .string(life.request.kind.rawValue)),
            .init("state", .string(life.state.rawValue)), .init("backend", .string(backend.rawValue)),
            .init("applied_ns", stamp(life.applied)), .init("first_effect_ns", stamp(life.firstEffect)),
            .init("lifted_ns", stamp(life.lifted)), .init("effect_ended_ns", stamp(life.effectEnded)),
            .init("expires_ns", stamp(life.deadline)),
            .init("readback_equal", life.readbackEqual.map { .bool($0) } ?? .null),
            .init("packets", .integer(Int64(clamping: life.counters.packets))),
            .init("sockets", .integer(Int64(clamping: life.counters.sockets))),
            .init("holders", .array(holders(of: life.request.id).map { holder($0) })),
            .init("measured", .array(core.measured(life).map { measured($0.sender, $0.statistics) })),
            .init("delay_sum_ns", sums.map { .array($0) } ?? .null),
            .init("in_force", .string(proof.isProven ? "proven" : "unproven")),
            .init("missing", .array(proof.missing.map { .string($0) })), .init("failure", .optional(life.failure)),
        ])
    }

    private func measured(_ sender: UInt32, _ statistics: ProbeStatistics) -> JSON {
        .object([
            .init("source", .string(dotted(sender))), .init("n", .integer(Int64(statistics.count))),
            .init("p50_ns", .integer(statistics.median.nanoseconds)),
            .init("p99_ns", .integer(statistics.percentile99.nanoseconds)),
            .init("min_ns", .integer(statistics.minimum.nanoseconds)),
            .init("max_ns", .integer(statistics.maximum.nanoseconds)),
            .init("lost", .integer(Int64(statistics.lost))),
        ])
    }

    private func holder(_ statistics: PacketQueue.Statistics) -> JSON {
        let mean =
            statistics.released > 0 ? statistics.achievedTotal.nanoseconds / Int64(clamping: statistics.released) : 0
        return .object([
            .init("realtime", .bool(statistics.isRealtime)),
            .init("held", .integer(Int64(clamping: statistics.held))),
            .init("dropped", .integer(Int64(clamping: statistics.dropped))),
            .init("waiting_max", .integer(Int64(statistics.waitingMaximum))),
            .init("hold_mean_ns", .integer(mean)),
            .init("hold_max_ns", .integer(statistics.achievedMaximum.nanoseconds)),
        ])
    }
}
