// Whether the agents of a rig that somebody else started can do what the scenario will ask of them, asked before
// anything is touched. In a lab of our own the agents are started for the scenario, and the machine is checked instead.

import Scenarios
import Sockets
import Units

extension Conductor {
    private static let netemKinds: [FaultKind] = [.duplicate, .corrupt, .reorder, .rate]

    /// The agent that may end and stop processes of a node: a neighbour of the one that faults its packets.
    static func processAgent(of node: Topology.Node) -> String {
        node.processes == nil ? node.name : "\(node.name)-processes"
    }

    /// Throws what this rig can't do: exit code 77, and nothing was started.
    package func checkAgents() throws {
        for fault in scenario.faults { try refuseForeignProcess(fault) }
        try watchAgents()
        var reports: [String: AgentFleet.Ability] = [:]
        var isOver = false
        agents.askAbilities(within: RigPatience.answer) { found in
            reports = found
            isOver = true
        }
        _ = reactor.run(until: Instant.now + RigPatience.answer + .seconds(1), or: { isOver })
        for (node, ability) in reports.sorted(by: { $0.key < $1.key }) {
            try refuse(node, ability)
        }
    }

    private func refuseForeignProcess(_ fault: Fault) throws(ConductorError) {
        guard let process = fault.process, !StandBy.roles.contains(process) else { return }
        throw ConductorError(
            .machine, "fault \(fault.id)",
            "the \(process) runs in a container of its own, which the conductor did not start and can't start again",
            advice: "run the scenario in the lab, or fault it by hand (docs/containers.md, process-faults)")
    }

    private func refuse(_ node: String, _ ability: AgentFleet.Ability) throws(ConductorError) {
        let place = "node \(node)"
        guard options.backend == "auto" || ability.backend == options.backend else {
            throw ConductorError(
                .machine, place, "its agent makes delays by \(ability.backend ?? "nothing"), not by \(options.backend)",
                advice: "an agent of a rig that runs already chose when it started: give serve --backend there")
        }
        for fault in scenario.faults {
            let hit = fault.applications(on: topology).map(\.node)
            if Conductor.netemKinds.contains(fault.kind), hit.contains(node), ability.backend != "netem" {
                throw ConductorError(
                    .machine, place, "fault \(fault.id): \(fault.kind.rawValue) needs netem, its agent has none")
            }
            if let hurt = processNode(fault), hurt == node, !ability.mayEndProcesses {
                throw ConductorError(
                    .machine, place, "fault \(fault.id): its agent may not end processes: it lacks the capability KILL")
            }
        }
    }

    /// Which agent a fault of a process is for.
    private func processNode(_ fault: Fault) -> String? {
        guard fault.process != nil else { return nil }
        return topology.node(fault.to).map { Conductor.processAgent(of: $0) }
    }
}
