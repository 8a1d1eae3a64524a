// The hands of the agent: they put a fault into the kernel, read it back, count, and take it away again.

import ChaosAgentCore
import Netlink
import Sockets
import Units

final class FaultHands {
    /// What applying a fault brought.
    struct Applied {
        let at: Instant
        let readback: FaultTable.Readback
        /// Stamped before the first socket was destroyed, or the process signalled.
        var effect: (at: Instant, by: String)?
        var sockets: UInt64 = 0
    }

    private static let destroyRounds = 20

    let settings: AgentSettings
    let backend: Backend
    let table: FaultTable
    let queues: any DoseKeeper
    let links: LinkControl
    let sockets: SocketDiagnostics
    private var lease: LinkLease?
    private unowned let reactor: Reactor

    init(_ settings: AgentSettings, backend: Backend, detour: Detour?, on reactor: Reactor) throws(NetlinkError) {
        self.settings = settings
        self.backend = backend
        self.reactor = reactor
        table = FaultTable(node: settings.node)
        if backend == .netem {
            let table = detour == .forward ? FaultTable(node: settings.node, device: settings.interface) : nil
            queues = try NetemDelays(interface: settings.interface, table: table, on: reactor) { duration in
                try ChildLease(
                    ["--interface", settings.interface, "--netem"], for: duration, program: settings.program,
                    on: reactor)
            }
        } else {
            queues = DelayQueues(table: table, backend: backend, interface: settings.interface)
        }
        links = try LinkControl()
        sockets = try SocketDiagnostics()
    }

    /// Why no fault may touch our interface; `nil` when it may.
    func refusal() throws(NetlinkError) -> String? { try InterfaceRule.refusal(settings.interface, links) }

    /// Routes that a link-down would lose, in hexadecimal, for the ledger.
    func remains(for request: FaultRequest) throws(NetlinkError) -> [String] {
        request.kind == .linkDown ? try LinkLease.routes(of: settings.interface, links) : []
    }

    func apply(_ request: FaultRequest, dosed: [(request: FaultRequest, until: Instant)]) throws -> Applied {
        switch request.kind {
        case .latency, .loss, .duplicate, .corrupt, .reorder, .rate:
            let now = Instant.now
            try queues.follow(DosePlan(dosed + [(request, now + request.duration)]), at: now)
            return Applied(at: Instant.now, readback: try queues.readBack(request.id))
        case .partition:
            return try applyCut(request)
        case .disconnect, .halfOpen:
            var applied = try applyCut(request)
            destroy(request, &applied)
            return applied
        case .dropSocket:
            var applied = Applied(at: Instant.now, readback: FaultTable.Readback(isEqual: true, text: ""))
            destroy(request, &applied)
            let left = try sockets.connections(try pattern(request)).count
            let readback = FaultTable.Readback(
                isEqual: left == 0, text: "\(applied.sockets) sockets destroyed, \(left) left")
            return Applied(at: applied.at, readback: readback, effect: applied.effect, sockets: applied.sockets)
        case .linkDown:
            let lease = try LinkLease(
                settings.interface, for: request.duration, program: settings.program, links, on: reactor)
            let at = Instant.now
            self.lease = lease
            try links.setDown(settings.interface)
            let isDown = try links.link(named: settings.interface)?.isUp == false
            let readback = FaultTable.Readback(
                isEqual: isDown, text: "\(settings.interface) is \(isDown ? "down" : "up")")
            return Applied(at: Instant.now, readback: readback, effect: (at, "link"))
        case .kill, .pause, .restart:
            return try ProcessFault.apply(request)
        }
    }

    private func applyCut(_ request: FaultRequest) throws -> Applied {
        guard let own = settings.probeAddress?.host ?? request.from.first,
            let entry = table.cut(request, interface: settings.interface, own: own)
        else {
            throw AgentError(
                "fault '\(request.id)'", "needs --probe-address or 'from': without either there is nothing to match")
        }
        try table.change(adding: [entry])
        return Applied(at: Instant.now, readback: try table.readBack(request.id))
    }

    /// Of our own interface alone: on the others the rig is driven and watched, over the same ports too.
    func pattern(_ request: FaultRequest) throws -> SocketDiagnostics.Pattern {
        SocketDiagnostics.Pattern(
            localHosts: try Interface.addresses(of: settings.interface), localPort: request.port,
            remoteHosts: request.from.isEmpty ? nil : Set(request.from))
    }

    /// Destroys until a dump shows none left: a call can report success and do nothing.
    private func destroy(_ request: FaultRequest, _ applied: inout Applied) {
        do {
            var seen: Set<SocketDiagnostics.Socket> = []
            for _ in 0..<FaultHands.destroyRounds {
                let found = try sockets.connections(try pattern(request))
                if found.isEmpty { break }
                if applied.effect == nil { applied.effect = (Instant.now, "socket") }
                for socket in found {
                    let outcome = try sockets.destroy(socket)
                    if outcome != .alreadyGone, seen.insert(socket).inserted { applied.sockets += 1 }
                }
            }
        } catch {
            // What was destroyed counts; what was refused shows in the proof and in this text.
            let text = applied.readback.text + "; \(error)"
            applied = Applied(
                at: applied.at, readback: FaultTable.Readback(isEqual: false, text: text), effect: applied.effect,
                sockets: applied.sockets)
        }
    }

    /// Looks again for sockets that a disconnect should have ended; how many more it ended.
    func destroyAgain(_ request: FaultRequest) -> UInt64 {
        var applied = Applied(at: Instant.now, readback: FaultTable.Readback(isEqual: true, text: ""))
        destroy(request, &applied)
        return applied.sockets
    }

    /// Takes a fault away and sees that it is gone; returns when it was. Calling it for one that is gone does nothing.
    @discardableResult
    func lift(_ request: FaultRequest, dosed: [(request: FaultRequest, until: Instant)]) throws -> Instant {
        switch request.kind {
        case .latency, .loss, .duplicate, .corrupt, .reorder, .rate:
            try queues.follow(DosePlan(dosed), at: Instant.now)
            guard queues.owners(of: request.id).isEmpty else {
                throw AgentError("fault '\(request.id)'", "its queue is still there after the heal")
            }
            return queues.changed
        case .partition, .disconnect, .halfOpen:
            guard table.owners.contains(request.id) else { return Instant.now }
            try table.change(adding: [], removing: [request.id])
            guard try table.isGone(request.id) else {
                throw AgentError("fault '\(request.id)'", "its rules are still there after the heal")
            }
            return table.changed
        case .linkDown:
            try lease?.end(links)
            lease = nil
        case .pause:
            try ProcessFault.resume(request)
        case .dropSocket, .kill, .restart:
            break
        }
        return Instant.now
    }

    /// The last thing: what would go later goes now.
    func close() { queues.close() }

    func counters() throws(NetlinkError) -> [String: FaultLife.Counters] { try table.counters() }
}
