// Healing without a running agent: what a ledger says was left behind, and every object that bears our mark.

import ChaosAgentCore
import Glibc
import Netlink
import Sockets
import Units

package enum Healing {
    /// Heals what the ledger names and our table; returns what was done, in words.
    @discardableResult
    static func heal(_ ledger: LedgerFile, interface: String) throws -> [String] {
        var done: [String] = []
        if let text = try removeTable(.ip) { done.append(text) }
        let detour = try removeTable(.netdev)
        if let detour { done.append(detour) }
        let devices = try NetemControl().removeAll(interface: interface, andIngress: detour == nil)
        if !devices.isEmpty {
            done.append(
                "removed \(devices.joined(separator: ", "))"
                    + (detour == nil ? " and the ingress qdisc of \(interface)" : ""))
        }
        for record in try ledger.unfinished() {
            guard case .applying(let request, let interface, let remains) = record else { continue }
            if request.kind == .linkDown {
                try LinkLease.restore(interface, remains, try LinkControl())
                done.append("set \(interface) up with \(remains.count) routes")
            }
            if request.kind == .pause {
                try ProcessFault.resume(request)
                done.append("continued pid \(request.pid ?? 0)")
            }
            try ledger.append(.gone(fault: request.id))
            done.append("closed fault '\(request.id)' (\(request.kind.rawValue))")
        }
        return done
    }

    /// Removes our table, if there is one.
    private static func removeTable(_ family: Nftables.Family) throws(NetlinkError) -> String? {
        let table = Nftables(node: "heal", family: family)
        let presence: Nftables.Presence
        do {
            presence = try table.presence()
        } catch {
            // A kernel without nf_tables for IPv4 (User Mode Linux) can't hold a table of ours.
            guard hasNoTables(error) else { throw error }
            return nil
        }
        guard case .ours(let node) = presence else { return nil }
        try table.remove()
        return "removed table \(family) gauntlet of node \(node)"
    }

    /// Throws when a table of our name isn't ours.
    static func refuseForeign(node: String) throws(NetlinkError) {
        do {
            try Nftables(node: node).refuseForeign()
            try Nftables(node: node, family: .netdev).refuseForeign()
        } catch {
            // Without nf_tables nothing foreign can be there.
            guard hasNoTables(error) else { throw error }
        }
    }

    private static func hasNoTables(_ error: NetlinkError) -> Bool {
        [EOPNOTSUPP, EINVAL, EPROTONOSUPPORT].contains(error.code)
    }

    /// For the command line: no agent is asked. A ledger that a live agent holds is refused.
    package static func healAll(ledgerPath: String, interface: String) throws -> [String] {
        try refuseForeign(node: "heal")
        return try heal(try LedgerFile(ledgerPath), interface: interface)
    }
}
