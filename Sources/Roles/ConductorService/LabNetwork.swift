// The lab's network: a bridge for each of the two networks, and one network namespace a node.

import CLinux
import Glibc
import Netlink
import Scenarios
import Sockets
import Units

package struct LabNetwork {
    let topology: Topology
    private var namespaces: [String: Descriptor] = [:]
    private let bridges: Descriptor

    /// Builds it all. The caller's own namespace holds the bridges and nothing else.
    package init(_ topology: Topology) throws {
        self.topology = topology
        bridges = Descriptor(try check(clinux_open_namespace("/proc/self/ns/net"), "the lab's own network", "open"))
        let switchboard = try LinkControl(namespace: bridges.number)
        try LabNetwork.quieten(bridges.number, "bridges")
        for bridge in ["market", "control"] {
            try switchboard.createBridge(bridge)
            try switchboard.setUp(bridge)
        }
        for node in topology.nodes {
            namespaces[node.name] = try LabNetwork.add(node, to: switchboard)
        }
    }

    package func namespace(of node: String) -> Int32 {
        guard let descriptor = namespaces[node] else { preconditionFailure("no namespace for '\(node)'") }
        return descriptor.number
    }

    /// Inode numbers of every network namespace of this lab, the bridges' included: what must be gone afterwards.
    package var inodes: [UInt64] { ([bridges] + namespaces.values).map { clinux_inode($0.number) }.sorted() }

    /// The governor's way to the control network: it may be asked for metrics and health, and nothing else.
    package func guardTheGovernor() throws {
        guard let observer = Address(written: topology.ingest) else {
            preconditionFailure("the lab's own addresses are well formed")
        }
        // The agent in the governor's node reports to the observer over the same interface.
        try Nftables.installControlGuard(
            namespace: namespace(of: "governor"), interface: "control", port: topology.ports.governorMetrics,
            peers: [observer])
    }

    /// Moves this process to the conductor's node for good.
    package func enterConductorsNode() throws {
        try check(clinux_enter_network_namespace(namespace(of: "conductor")), "node conductor", "setns")
    }

    private static func add(_ node: Topology.Node, to switchboard: LinkControl) throws -> Descriptor {
        let namespace = Descriptor(try check(clinux_new_network_namespace(), "node \(node.name)", "unshare"))
        try publish(namespace, as: node.name)
        try quieten(namespace.number, node.name)
        let inside = try LinkControl(namespace: namespace.number)
        try inside.setUp("lo")
        for (network, address) in [("market", node.market), ("control", node.control)] {
            guard let address else { continue }
            let outer = "\(node.name)-\(network.prefix(1))"
            try switchboard.createVeth(outer, peer: network, peerNamespace: namespace.number)
            try switchboard.setMaster(outer, bridge: network)
            try switchboard.setUp(outer)
            try inside.addAddress(network, address, prefix: 24)
            try inside.setUp(network)
        }
        return namespace
    }

    /// A name for people (`ip netns exec governor …` works inside the lab) and for the tap.
    private static func publish(_ namespace: Descriptor, as name: String) throws(SystemError) {
        let path = "/run/netns/\(name)"
        close(open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0o600))
        try check(clinux_bind_mount("/proc/self/fd/\(namespace.number)", path), path, "bind mount")
    }

    /// No IPv6, no bridge netfilter; a node answers ARP only for the address of the interface that was asked, so
    /// that the control network is no second way to a market address.
    private static func quieten(_ namespace: Int32, _ name: String) throws(SystemError) {
        for (setting, value) in [
            ("ipv6/conf/all/disable_ipv6", "1"), ("ipv6/conf/default/disable_ipv6", "1"),
            ("ipv4/conf/all/arp_ignore", "1"), ("ipv4/conf/all/rp_filter", "0"),
            ("ipv4/conf/default/rp_filter", "0"), ("bridge/bridge-nf-call-iptables", "0"),
        ] {
            let result = clinux_write_in_namespace(namespace, "/proc/sys/net/\(setting)", value)
            // A kernel without IPv6 or without bridge netfilter has nothing to switch off.
            guard result == -ENOENT else {
                try check(result, "node \(name)", "set \(setting)")
                continue
            }
        }
    }
}
