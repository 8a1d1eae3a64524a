// What an agent can be told, over its command servers (`Drivers/Commands`); docs/chaos-agent.md describes every member:
//
//     {"id":1,"command":"inject","fault":{…}}   → {"id":1,"ok":true,"fault":{…}}
//     {"id":2,"command":"inject","dry_run":true,"fault":{…}} → {"id":2,"ok":true,"plan":["…"]}
//     {"id":3,"command":"heal","fault":"slow"}  → {"id":3,"ok":true}          ("fault" absent: all)
//     {"id":4,"command":"list"}                 → {"id":4,"ok":true,"node":"…","faults":[…]}
//     {"id":5,"command":"watch"}                → {"id":5,"ok":true}, then {"event":"fault_healed","fault":"slow",…}
//     {"id":6,"command":"nodes"}                → {"id":6,"ok":true,"nodes":{"broker":"198.18.0.12"}}
//     {"id":7,"command":"doctor"}, {"id":8,"command":"stop"}

import ChaosAgentCore
import Commands
import Messages
import Netlink
import Sockets
import Units

package final class AgentCommands {
    package enum Word: String, CaseIterable {
        case inject, heal, list, watch, nodes, doctor, stop

        /// Its members besides `id` and `command`.
        package var members: [String] {
            switch self {
            case .inject: ["fault", "dry_run"]
            case .heal: ["fault"]
            case .list, .watch, .nodes, .doctor, .stop: []
            }
        }

        /// Does something to the node: what a run's evidence must know of.
        var hasEffect: Bool { [.inject, .heal, .stop].contains(self) }
    }

    /// Commands that go into the evidence of a run; more stand in the audit alone.
    static let evidenceMaximum = 1_000

    private let agent: ChaosAgent
    private let servers: [CommandServer]
    private let audit: AuditLog?
    private var toldProblem = false
    private var evidenceCount = 0

    /// Takes commands for `agent` on every server: its Unix socket, and TCP where that was asked for.
    /// - Parameter audit: gets a line for each command, whatever became of it.
    package init(_ agent: ChaosAgent, on servers: [CommandServer], audit: AuditLog?) {
        self.agent = agent
        self.servers = servers
        self.audit = audit
        for server in servers {
            server.onRequest = { [unowned self] in answer($0) }
            server.onGone = { [unowned agent] in agent.removeWatcher($0) }
            server.onAudit = { [unowned self] in note($0) }
        }
    }

    /// Called with what an operator must know of the audit itself.
    package var onProblem: (String) -> Void = { _ in }

    package func close() { for server in servers { server.close() } }

    private func note(_ entry: AuditEntry) {
        audit?.write(entry)
        if let problem = audit?.problem, !toldProblem { onProblem("no fault is taken any more: \(problem)") }
        toldProblem = audit?.problem != nil
        guard Word(rawValue: entry.word)?.hasEffect == true, evidenceCount < AgentCommands.evidenceMaximum else { return }
        evidenceCount += 1
        agent.tell(of: entry)
    }

    private func answer(_ request: CommandServer.Request) {
        do {
            request.reply(try carryOut(request))
        } catch let error as AgentError {
            request.refuse(CommandError(error.subject, error.detail, isMissingAbility: error.isMissingAbility))
        } catch {
            request.refuse(CommandError("fault", "\(error)"))
        }
    }

    private func carryOut(_ request: CommandServer.Request) throws -> [JSON.Member] {
        let json = request.json
        let word = try word(request)
        let client = request.client
        switch word {
        case .inject: return try inject(json, client)
        case .heal:
            try agent.heal(try fault(json))
            return []
        case .list:
            let now = Instant.now
            return [
                .init("node", .string(agent.core.node)), .init("now_ns", .integer(now.nanoseconds)),
                .init("faults", .array(agent.core.faults.map { agent.describe($0, at: now) })),
            ]
        case .watch:
            agent.addWatcher(client) { [unowned client] report in
                let members: [JSON.Member] = [
                    .init("event", .string(report.type)), .init("t", .integer(report.at.nanoseconds)),
                ]
                client.send(.object(members + report.fields))
            }
            return []
        case .nodes:
            return [.init("nodes", .object(agent.nodes.map { JSON.Member($0.name, .string(dotted($0.host))) }))]
        case .doctor:
            let core = agent.core
            let report = Doctor.report(interface: core.interface, backend: core.backend, probed: agent.probed)
            return [.init("doctor", report)]
        case .stop:
            agent.stop(.abort)
            return []
        }
    }

    private func word(_ request: CommandServer.Request) throws(AgentError) -> Word {
        let names = Word.allCases.map(\.rawValue)
        guard let word = Word(rawValue: request.word) else {
            let near = closest(to: request.word, among: names).map { ". Did you mean '\($0)'?" } ?? ""
            throw AgentError(
                "'command'",
                "expected one of \(names.joined(separator: ", ")), found '\(request.word)'\(near)")
        }
        // A misspelt member must not turn "heal this" into "heal all".
        let legal = ["id", "command"] + word.members
        guard let unknown = request.json.members?.first(where: { !legal.contains($0.key) }) else { return word }
        throw AgentError(
            "'\(unknown.key)'", "is no member of '\(word.rawValue)': expected \(legal.joined(separator: ", "))")
    }

    private func inject(_ json: JSON, _ client: CommandServer.Client) throws -> [JSON.Member] {
        if let problem = audit?.problem {
            throw AgentError("the audit", "\(problem): no fault without a line of who asked for it; make room, and heal")
        }
        guard json["dry_run"].map({ $0.bool != nil }) ?? true else {
            throw AgentError("'dry_run'", "expected true or false, found \(json["dry_run"]?.text() ?? "")")
        }
        var fault = try FaultRequest(json: json["fault"] ?? .null)
        fault.who = client.peer
        if json["dry_run"]?.bool == true { return [.init("plan", .array(try agent.plan(fault).map { .string($0) }))] }
        return [.init("fault", agent.describe(try agent.inject(fault), at: Instant.now))]
    }

    /// `nil`: all of them.
    private func fault(_ json: JSON) throws(AgentError) -> String? {
        guard let value = json["fault"], !value.isNull else { return nil }
        guard let id = value.string else {
            throw AgentError("'fault'", "expected the name of a fault, or nothing for all, found \(value.text())")
        }
        return id
    }
}
