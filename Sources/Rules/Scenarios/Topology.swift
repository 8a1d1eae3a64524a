import Units

/// Who runs where: one file under `topology/`.
package struct Topology: Hashable, Sendable {
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// The conductor builds a network namespace for each node on this machine.
        case build
        /// The processes already run, in containers for example; the conductor attaches.
        case attach
    }

    package struct Node: Hashable, Sendable {
        package var name: String
        /// IPv4 address on the network that faults may hit. `nil`: not on it, so never faulted.
        package var market: String?
        package var control: String
        /// Where the node's chaos agent listens: a Unix socket path, or HOST:PORT on the control network.
        package var agent: String?
        /// HOST:PORT of a second agent of the node, which may end and stop its processes. `nil`: `agent` may.
        package var processes: String?
    }

    package struct Ports: Hashable, Sendable {
        package var redis: UInt16
        package var postgres: UInt16
        package var fix: UInt16
        package var governorMetrics: UInt16
        package var brokerMetrics: UInt16
        package var evidence: UInt16
        package var probe: UInt16
    }

    package var name: String
    package var mode: Mode
    /// `198.18.0.0/24`
    package var marketNetwork: String
    package var controlNetwork: String
    /// Name of the market interface in every node; `nil`: found by the node's address.
    package var marketInterface: String?
    package var controlInterface: String?
    package var nodes: [Node]
    package var ports: Ports

    /// The nodes that every topology has.
    package static let requiredNodes = ["feed", "broker", "governor", "store", "observer", "conductor"]

    package func node(_ name: String) -> Node? { nodes.first { $0.name == name } }
}

extension Topology {
    /// Nodes that a scenario can fault: those on the market network, each with an agent.
    package var faultable: [Node] { nodes.filter { $0.market != nil } }

    /// `HOST:PORT` on the network that faults may hit. A topology has every required node, and a node that is asked
    /// for here is on that network: that is checked where the file is read.
    package func market(_ node: String, _ port: UInt16) -> String { "\(found(node).market ?? ""):\(port)" }

    /// `HOST:PORT` on the network that is never faulted.
    package func control(_ node: String, _ port: UInt16) -> String { "\(found(node).control):\(port)" }

    /// Where sources send their observations.
    package var ingest: String { control("observer", ports.evidence) }

    private func found(_ name: String) -> Node {
        guard let node = node(name) else { preconditionFailure("topology '\(self.name)' has no node '\(name)'") }
        return node
    }
}
