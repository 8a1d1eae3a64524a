import Units

package enum FaultKind: String, Hashable, Sendable, CaseIterable {
    case latency, loss, duplicate, corrupt, reorder, rate
    case dropSocket = "drop-socket"
    case disconnect, partition
    case halfOpen = "half-open"
    case linkDown = "link-down"
    case kill, pause, restart
}

package enum FaultDirection: String, Hashable, Sendable, CaseIterable {
    /// Only packets on the way from `from` to `to`.
    case oneWay = "one-way"
    /// Both ways: applied at the ingress of both ends.
    case twoWay = "two-way"
}

/// What new connections meet while a disconnect lasts.
package enum DisconnectMode: String, Hashable, Sendable, CaseIterable { case silent, refuse }

/// One fault of a scenario. Nodes are names of the topology.
package struct Fault: Hashable, Sendable {
    package enum Start: Hashable, Sendable {
        /// At this offset from the start of phase `fault`, or of another one.
        case phase(PhaseName, offset: Duration)
        /// As soon as another fault is confirmed in force, and no later than `within` after it.
        case inForce(fault: String, within: Duration)
    }

    package var id: String
    package var kind: FaultKind
    /// Where the packets come from: node names, or all nodes with a market interface but the target.
    package var from: Peers
    /// Whose ingress is hit; for kill, pause and restart the node of the process.
    package var to: String
    /// Latency, and the packets of a reorder that don't overtake: held this long, one way.
    package var delay: Duration?
    package var jitter: Duration?
    /// Loss, duplicate, corrupt, reorder: of the packets, in percent.
    package var percent: Int?
    /// Rate: bits a second.
    package var bitsPerSecond: Int64?
    /// Disconnect and drop-socket: the TCP port at `to`.
    package var port: UInt16?
    package var mode: DisconnectMode?
    package var direction: FaultDirection
    /// Kill, pause, restart: the program's name.
    package var process: String?
    package var duration: Duration
    package var start: Start

    /// Processes that keep what they must not forget outside of themselves.
    package static let restartable = ["governor", "broker-stub"]

    /// No fault lasts longer.
    package static let durationMaximum: Duration = .seconds(600)
    /// Two probes of the agents' flow must be on their way at once, or overtaking can't be seen.
    package static let reorderDelayMinimum: Duration = .milliseconds(40)
    /// Below, the agents' own trains of probes would fill the way; above, they can't tell it from none.
    package static let bitRates: ClosedRange<Int64> = 256_000...100_000_000

    package enum Peers: Hashable, Sendable {
        case everyone
        case nodes([String])
    }
}

extension Fault {
    /// It happens once: nothing stays in force that would have to be taken back.
    package var isMomentary: Bool { [.dropSocket, .kill, .restart].contains(kind) }

    /// One hit ingress: the agent of `node` is told to do it.
    package struct Application: Hashable, Sendable {
        package var fault: String
        package var node: String
        package var peers: [String]
    }

    /// What the agents are asked for: one ingress a direction. `everyone` is all other nodes on the market network.
    package func applications(on topology: Topology) -> [Application] {
        let market = topology.nodes.filter { $0.market != nil }.map(\.name)
        let peers =
            switch from {
            case .everyone: market.filter { $0 != to }
            case .nodes(let names): names
            }
        var applications = [Application(fault: id, node: to, peers: peers)]
        if direction == .twoWay {
            applications += peers.map { Application(fault: id, node: $0, peers: [to]) }
        }
        return applications
    }
}
