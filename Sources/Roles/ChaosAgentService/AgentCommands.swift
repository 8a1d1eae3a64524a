// What an agent can be told, over its command servers (`Drivers/Commands`):
//
//     {"id":1,"command":"inject","fault":{…}}   → {"id":1,"ok":true,"fault":{…}}
//     {"id":2,"command":"heal","fault":"slow"}  → {"id":2,"ok":true}          ("fault" absent: all)
//     {"id":3,"command":"list"}                 → {"id":3,"ok":true,"faults":[…]}
//     {"id":4,"command":"watch"}                → {"id":4,"ok":true}, then {"event":"fault_healed","fault":"slow",…}
//     {"id":5,"command":"doctor"}, {"id":6,"command":"stop"}

import ChaosAgentCore
import Commands
import Messages
import Netlink
import Sockets
import Units

package final class AgentCommands {
    package enum Word: String, CaseIterable { case inject, heal, list, watch, doctor, stop }

    private let agent: ChaosAgent
    private let servers: [CommandServer]

    /// Takes commands for `agent` on every server: its Unix socket, and TCP where that was asked for.
    package init(_ agent: ChaosAgent, on servers: [CommandServer]) {
        self.agent = agent
        self.servers = servers
        for server in servers {
            server.onRequest = { [unowned self] in answer($0) }
            server.onGone = { [unowned agent] in agent.removeWatcher($0) }
        }
    }

    package func close() { for server in servers { server.close() } }

    private func answer(_ request: CommandServer.Request) {
        do {
            request.reply(try carryOut(request.json, request.word, request.client))
        } catch let error as AgentError {
            request.refuse(CommandError(error.subject, error.detail, isMissingAbility: error.isMissingAbility))
        } catch {
            request.refuse(CommandError("fault", "\(error)"))
        }
    }

    private func carryOut(_ json: JSON, _ text: String, _ client: CommandServer.Client) throws -> [JSON.Member] {
        let names = Word.allCases.map(\.rawValue)
        guard let word = Word(rawValue: text) else {
            let near = closest(to: text, among: names).map { ". Did you mean '\($0)'?" } ?? ""
            throw AgentError(
                "'command'",
                "expected one of \(names.joined(separator: ", ")), found \(json["command"]?.text() ?? "")\(near)")
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
                client.send(.object(members + report.fields))
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
            .init(
                "measured",
                .array(
                    core.measured(life).map { measured($0.sender, $0.statistics, core.trains(life, from: $0.sender)) })),
            .init("delay_sum_ns", sums.map { .array($0) } ?? .null),
            .init("in_force", .string(proof.isProven ? "proven" : "unproven")),
            .init("missing", .array(proof.missing.map { .string($0) })), .init("failure", .optional(life.failure)),
        ])
    }

    private func measured(_ sender: UInt32, _ statistics: ProbeStatistics, _ trains: TrainStatistics) -> JSON {
        .object([
            .init("source", .string(dotted(sender))), .init("n", .integer(Int64(statistics.count))),
            .init("p50_ns", .integer(statistics.median.nanoseconds)),
            .init("p99_ns", .integer(statistics.percentile99.nanoseconds)),
            .init("min_ns", .integer(statistics.minimum.nanoseconds)),
            .init("max_ns", .integer(statistics.maximum.nanoseconds)),
            .init("lost", .integer(Int64(statistics.lost))), .init("copies", .integer(Int64(statistics.copies))),
            .init("overtook", .integer(Int64(statistics.overtook))), .init("trains", .integer(Int64(trains.count))),
            .init("bits_per_second", .integer(trains.medianBitsPerSecond)),
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
