import Netlink
import Scenarios
import Sockets

extension LabNetwork {
    /// What the agents left in the nodes' kernel state once they have ended: tables, and links that are not the lab's.
    package func leftovers() -> [String] {
        topology.nodes.flatMap { node -> [String] in
            do { return try leftovers(in: node) } catch {
                return ["node \(node.name): could not be looked at: \(error)"]
            }
        }
    }

    /// Packets of the governor's node that were stopped on their way to the control network.
    package func stoppedAtTheGuard() throws -> UInt64 {
        try Nftables.stoppedByControlGuard(namespace: namespace(of: "governor"))
    }

    private func leftovers(in node: Topology.Node) throws -> [String] {
        let number = namespace(of: node.name)
        var found: [String] = []
        for family in [Nftables.Family.ip, .netdev] {
            let table = Nftables(namespace: number, node: node.name, family: family)
            if try table.presence() != .absent {
                found.append("node \(node.name): nf_tables table \(family) \(Nftables.tableName)")
            }
        }
        let expected: Set = node.market != nil ? ["lo", "market", "control"] : ["lo", "control"]
        let links = try LinkControl(namespace: number).links()
        found += links.filter { !expected.contains($0.name) }.map { "node \(node.name): link \($0.name)" }
        found += links.filter { expected.contains($0.name) && !$0.isUp }.map {
            "node \(node.name): link \($0.name) is down"
        }
        return found
    }
}
