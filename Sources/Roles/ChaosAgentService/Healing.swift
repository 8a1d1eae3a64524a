// Healing without a running agent: what a ledger says was left behind, and every object that bears our mark.

import ChaosAgentCore
import Netlink
import Sockets
import Units

package enum Healing {
    /// Heals what the ledger names and our table; returns what was done, in words.
    @discardableResult
    static func heal(_ ledger: LedgerFile, interface: String) throws -> [String] {
        var done: [String] = []
        let table = Nftables(node: "heal")
        if case .ours(let node) = try table.presence() {
            try table.remove()
            done.append("removed table gauntlet of node \(node)")
        }
        for record in ledger.unfinished() {
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

    /// For the command line: no agent is asked. A ledger that a live agent holds is refused.
    package static func healAll(ledgerPath: String) throws -> [String] {
        try Nftables(node: "heal").refuseForeign()
        return try heal(try LedgerFile(ledgerPath), interface: "")
    }
}
