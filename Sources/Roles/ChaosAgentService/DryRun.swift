// What an inject would send to the kernel, in words: made from the same entries that an inject applies.

import ChaosAgentCore
import Netlink
import Units

extension FaultHands {
    func plan(_ request: FaultRequest, dosed: [(request: FaultRequest, until: Instant)]) throws -> [String] {
        let ledger = "ledger \(settings.ledgerPath): one record, synced before anything else"
        return [ledger] + (try steps(request, dosed)) + [end(request)]
    }

    private func steps(_ request: FaultRequest, _ dosed: [(request: FaultRequest, until: Instant)]) throws -> [String] {
        switch request.kind {
        case .latency, .loss, .duplicate, .corrupt, .reorder, .rate:
            let now = Instant.now
            let plan = DosePlan(dosed + [(request, now + request.duration)])
            return plan.shares.filter { $0.faults.contains(request.id) }.flatMap { doses($0, at: now) }
        case .partition, .disconnect, .halfOpen:
            guard let own = settings.probeAddress?.host ?? request.from.first,
                let entry = table.cut(request, interface: settings.interface, own: own)
            else { throw AgentError("fault '\(request.id)'", "needs --probe-address or 'from'") }
            return words(entry) + (request.kind == .partition ? [] : [try destroys(request)])
        case .dropSocket:
            return [try destroys(request)]
        case .linkDown:
            let routes = try remains(for: request).count
            return [
                "a guardian process: sets \(settings.interface) up and puts \(routes) routes back when this agent dies "
                    + "or \(request.duration.written) are over",
                "rtnetlink: \(settings.interface) down",
            ]
        case .kill, .pause, .restart:
            let pid = request.pid ?? 0
            try ProcessFault.refuseStranger(pid)
            return ["pidfd of \(pid): \(request.kind == .pause ? "SIGSTOP, then SIGCONT at the heal" : "SIGKILL")"]
        }
    }

    private func doses(_ share: DosePlan.Share, at now: Instant) -> [String] {
        let dose = share.dose
        var text = "delay \(dose.delay.written), jitter \(dose.jitter.written), loss \(dose.lossPerMillion) ppm"
        if backend.hasHolder {
            let way = table.queueEntry(share, number: 0, backend: backend, interface: settings.interface, at: now)
            return words(way) + ["a holder's thread on that queue (its number is drawn at the inject): \(text)"]
        }
        text += ", duplicate \(dose.duplicatePerMillion) ppm, corrupt \(dose.corruptPerMillion) ppm"
        text += ", reorder \(dose.reorderPerMillion) ppm, rate \(dose.bitsPerSecond) bit/s"
        let senders = share.senders.map(dotted).joined(separator: ", ")
        return ["a device gntN with netem as its root: \(text)", "\(settings.interface), ingress: from \(senders) to gntN"]
    }

    private func words(_ entry: FaultTable.Entry) -> [String] {
        let sets = entry.sets.map { set in
            let keys = set.keys.map { key in
                set.type == .address
                    ? key.map(String.init).joined(separator: ".") : "port \(Int(key[0]) << 8 | Int(key[1]))"
            }
            let timeout = (entry.timeout + FaultTable.grace).written
            return "nft table gauntlet: set \(set.name) { \(keys.joined(separator: ", ")) } timeout \(timeout)"
        }
        let rules = entry.rules.map { rule in
            "nft table gauntlet: chain \(rule.chain.rawValue), priority \(rule.chain.priority): "
                + rule.expressions.map(\.description).joined(separator: " ")
        }
        return sets + rules
    }

    private func destroys(_ request: FaultRequest) throws -> String {
        let found = try sockets.connections(try pattern(request)).count
        return "sock_diag: SOCK_DESTROY of \(found) connections that are open now on port \(request.port ?? 0)"
            + (request.kind == .disconnect ? ", looked for again every \(ChaosAgent.sweepInterval.written)" : "")
    }

    private func end(_ request: FaultRequest) -> String {
        request.kind.isMomentary
            ? "nothing stays in force" : "after \(request.duration.written), or at a heal: all of it is taken away again"
    }
}
