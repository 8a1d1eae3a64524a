// The chaos agents of the lab, one a node, and what is known of each fault.

import Commands
import ConductorCore
import Messages
import Sockets
import Units

package final class AgentFleet {
    /// Which agent did not do what was asked of it, and why.
    package struct Failure: Sendable {
        package let node: String
        package let error: CommandError
    }

    /// What an agent says of itself.
    package struct Ability: Hashable, Sendable {
        package var backend: String?
        package var mayEndProcesses: Bool
    }

    package private(set) var faults: [String: DrillView.FaultView] = [:]
    package var onNews: (_ node: String, JSON) -> Void = { _, _ in }
    /// A fault on several nodes (a two-way partition) is in force when it is on all of them.
    private var parts: [String: [String: DrillView.FaultView]] = [:]
    private let clients: [String: CommandClient]

    /// - Parameter endpoints: where the agent of each node takes its commands.
    package init(at endpoints: [String: Endpoint], token: Token?, on reactor: Reactor) {
        clients = Dictionary(
            uniqueKeysWithValues: endpoints.map { node, endpoint in
                (node, CommandClient("chaos-agent on \(node)", at: endpoint, token: token, on: reactor))
            })
        for (node, client) in clients {
            client.onEvent = { [weak self] event in self?.heard(event, from: node) }
        }
    }

    /// Connects and subscribes; `done` is called when every agent has answered, or with the first failure.
    package func watch(within limit: Duration, _ done: @escaping (Failure?) -> Void) {
        var left = clients.count
        var isOver = false
        func settle(_ node: String, _ error: CommandError?) {
            guard !isOver else { return }
            left -= 1
            isOver = error != nil || left == 0
            if isOver { done(error.map { Failure(node: node, error: $0) }) }
        }
        for (node, client) in clients {
            client.connect(within: limit) { error in
                if let error { return settle(node, error) }
                client.request("watch", within: limit) { reply in
                    if case .failure(let error) = reply { settle(node, error) } else { settle(node, nil) }
                }
            }
        }
    }

    package func inject(
        _ requests: [String: JSON], as fault: String, within limit: Duration,
        _ done: @escaping (CommandError?) -> Void
    ) {
        parts[fault] = requests.mapValues { _ in DrillView.FaultView() }
        faults[fault] = DrillView.FaultView()
        for (node, request) in requests {
            guard let client = clients[node] else {
                note(fault, node) { $0.stage = .failed }
                done(CommandError("node \(node)", "no chaos agent serves it"))
                continue
            }
            client.request("inject", [.init("fault", request)], within: limit) { [weak self] reply in
                switch reply {
                case .success: self?.note(fault, node) { $0.stage = max($0.stage, .acknowledged) }
                case .failure(let error):
                    self?.note(fault, node) { $0.stage = .failed }
                    done(error)
                }
            }
        }
    }

    /// Asks each agent for a sign of life; `silent` gets those that gave none, with what was heard instead.
    package func checkLife(within limit: Duration, _ silent: @escaping (_ node: String, CommandError) -> Void) {
        for (node, client) in clients {
            client.request("list", within: limit) { if case .failure(let error) = $0 { silent(node, error) } }
        }
    }

    /// By node; an agent that doesn't answer in time is left out.
    package func askAbilities(within limit: Duration, _ done: @escaping ([String: Ability]) -> Void) {
        var left = clients.count
        var found: [String: Ability] = [:]
        for (node, client) in clients {
            client.request("doctor", within: limit) { reply in
                if case .success(let json) = reply, let report = json["doctor"] {
                    found[node] = Ability(
                        backend: report["chosen"]?.string, mayEndProcesses: report["may_end_processes"]?.bool == true)
                }
                left -= 1
                if left == 0 { done(found) }
            }
        }
    }

    package func healAll(within limit: Duration, _ done: @escaping ([CommandError]) -> Void) {
        var left = clients.count
        var errors: [CommandError] = []
        for client in clients.values {
            client.request("heal", within: limit) { reply in
                if case .failure(let error) = reply { errors.append(error) }
                left -= 1
                if left == 0 { done(errors) }
            }
        }
    }

    /// Faults that the agents have not healed, in words.
    package func leftovers(within limit: Duration, _ done: @escaping ([String]) -> Void) {
        var left = clients.count
        var found: [String] = []
        for (node, client) in clients {
            client.request("list", within: limit) { reply in
                switch reply {
                case .success(let json):
                    let active = (json["faults"]?.array ?? []).filter { $0["state"]?.string != "healed" }
                    found += active.map {
                        "node \(node): fault \($0["id"]?.string ?? "?") is \($0["state"]?.string ?? "?")"
                    }
                // An agent that is gone can't be asked; what it left is looked for in the kernel, in any case.
                case .failure: break
                }
                left -= 1
                if left == 0 { done(found.sorted()) }
            }
        }
    }

    private func heard(_ event: JSON, from node: String) {
        onNews(node, event)
        guard let kind = event["event"]?.string, let fault = event["fault"]?.string else { return }
        let at = event["t"]?.integer.map { Instant(nanoseconds: $0) }
        switch kind {
        case "fault_acknowledged": note(fault, node) { $0.stage = max($0.stage, .acknowledged) }
        case "fault_first_effect":
            note(fault, node) {
                $0.stage = max($0.stage, .inForce)
                $0.firstEffect = $0.firstEffect ?? at
            }
        case "fault_effect_ended": note(fault, node) { $0.endOfEffect = at }
        case "fault_healed": note(fault, node) { if $0.stage != .failed { $0.stage = .ended } }
        case "fault_failed": note(fault, node) { $0.stage = .failed }
        default: break
        }
    }

    private func note(_ fault: String, _ node: String, _ change: (inout DrillView.FaultView) -> Void) {
        guard var view = parts[fault]?[node] else { return }
        change(&view)
        parts[fault]?[node] = view
        let all = parts[fault].map { Array($0.values) } ?? []
        let stages = all.map(\.stage)
        faults[fault] = DrillView.FaultView(
            stage: stages.contains(.failed) ? .failed : stages.min() ?? .unknown,
            firstEffect: all.compactMap(\.firstEffect).min(), endOfEffect: all.compactMap(\.endOfEffect).max())
    }
}
