// The agent: it carries out what its core decides, on one reactor thread.

import ChaosAgentCore
import Commands
import Glibc
import Messages
import Netlink
import Sockets
import Units

package final class ChaosAgent {
    /// How often counters and holders are looked at while a fault waits for its first effect or for its end.
    static let watchInterval = Duration.milliseconds(5)
    /// After a disconnect, sockets are looked for again this often, for as long as it lasts.
    static let sweepInterval = Duration.milliseconds(50)
    static let stopLimit = Duration.milliseconds(2_300)

    private(set) var core: AgentCore
    private let settings: AgentSettings
    private let hands: FaultHands
    private let ledger: LedgerFile
    /// What the backends said when this agent started.
    let probed: [BackendProbe.Result]
    private var probes: ProbeFlow?
    private unowned let reactor: Reactor
    private var lastLook: [String: Instant] = [:]
    private var lastSweep: [String: Instant] = [:]
    private var sockets: [String: UInt64] = [:]
    /// Where observations go: the evidence link, and the clients that watch.
    package var onReport: (AgentCore.Report) -> Void = { _ in }
    private var watchers: [ObjectIdentifier: (AgentCore.Report) -> Void] = [:]

    /// Heals what the ledger says an earlier agent left behind, then is ready. Refuses foreign objects and
    /// interfaces that it must not touch.
    package init(_ settings: AgentSettings, on reactor: Reactor) throws {
        self.settings = settings
        self.reactor = reactor
        ledger = try LedgerFile(settings.ledgerPath)
        try Healing.refuseForeign(node: settings.node)
        try Healing.heal(ledger, interface: settings.interface)
        probed = BackendProbe.probe()
        let backend = try BackendProbe.choose(settings.backend, from: probed)
        core = AgentCore(node: settings.node, interface: settings.interface, backend: backend)
        let detour = probed.first { $0.backend == .netem }?.detour
        hands = try FaultHands(settings, backend: backend, detour: detour, on: reactor)
        if let refusal = try hands.refusal() { throw AgentError("node \(settings.node)", refusal) }
        if let address = settings.probeAddress {
            probes = try ProbeFlow(at: address, to: settings.neighbours.map(\.probe), on: reactor) {
                [unowned self] sender, sample in
                handle(.probe(sender: sender, sample))
            }
            probes?.onTrain = { [unowned self] sender, train in handle(.train(sender: sender, train)) }
            probes?.wanted = { [unowned self] in core.askedForTrains }
        }
        reactor.every(ChaosAgent.watchInterval) { [unowned self] in watch() }
    }

    package var backend: Backend { core.backend }

    /// The holders of a dosed fault, while it lasts.
    func holders(of fault: String) -> [PacketQueue.Statistics] { hands.queues.statistics(of: fault) }

    func addWatcher(_ owner: AnyObject, _ watcher: @escaping (AgentCore.Report) -> Void) {
        watchers[ObjectIdentifier(owner)] = watcher
    }
    func removeWatcher(_ owner: AnyObject) { watchers[ObjectIdentifier(owner)] = nil }

    // MARK: commands

    /// Returns the fault as it is after it was applied; throws why not.
    func inject(_ request: FaultRequest) throws(AgentError) -> FaultLife {
        if let refusal = core.refusal(of: request) {
            throw AgentError("fault '\(request.id)'", refusal, isMissingAbility: request.kind.needsNetem)
        }
        if let missing = ProcessFault.missingAbility(for: request.kind) {
            throw AgentError("fault '\(request.id)'", missing, isMissingAbility: true)
        }
        do {
            if let refusal = try hands.refusal() { throw AgentError("fault '\(request.id)'", refusal) }
        } catch {
            throw AgentError("fault '\(request.id)'", "\(error)")
        }
        sockets[request.id] = 0
        hands.queues.forget(request.id)
        handle(.inject(request))
        guard let life = core.fault(request.id) else { throw AgentError("fault '\(request.id)'", "was not taken") }
        if let failure = life.failure { throw AgentError("fault '\(request.id)'", failure) }
        return life
    }

    /// What an inject would do to the kernel, in words. Refused like the inject itself; nothing is touched.
    func plan(_ request: FaultRequest) throws -> [String] {
        if let refusal = try core.refusal(of: request) ?? hands.refusal() {
            throw AgentError("fault '\(request.id)'", refusal, isMissingAbility: request.kind.needsNetem)
        }
        return try hands.plan(request, dosed: core.dosed)
    }

    /// A command that was given, for the evidence of the run and for those who watch.
    func tell(of command: AuditEntry) {
        carryOut(.report(core.report(of: command.members, at: Instant.now)))
    }

    func heal(_ id: String?) throws(AgentError) {
        guard let id else { return handle(.healAll(.request)) }
        guard core.fault(id) != nil else {
            let known = core.faults.map(\.request.id).joined(separator: ", ")
            throw AgentError("fault '\(id)'", "is not known; there are: \(known.isEmpty ? "none" : known)")
        }
        handle(.heal(fault: id, .request))
    }

    /// Heals everything and stops the reactor when all of it is over.
    package func stop(_ reason: HealReason) {
        handle(.healAll(reason))
        let deadline = Instant.now + ChaosAgent.stopLimit
        reactor.every(.milliseconds(10)) { [unowned self] in
            guard core.faults.allSatisfy(\.isOver) || Instant.now > deadline else { return }
            hands.close()
            reactor.stop()
        }
    }

    // MARK: carrying out

    private func handle(_ event: AgentCore.Event) {
        for directive in core.receive(event, at: Instant.now) { carryOut(directive) }
    }

    private func carryOut(_ directive: AgentCore.Directive) {
        switch directive {
        case .report(let report):
            onReport(report)
            for watcher in watchers.values { watcher(report) }
        case .record(let record): append(record)
        case .apply(let request): apply(request)
        case .lift(let request): lift(request)
        }
    }

    private func append(_ record: LedgerRecord) {
        do {
            if case .applying(let request, let interface, _) = record {
                try ledger.append(.applying(request, interface: interface, remains: try hands.remains(for: request)))
            } else {
                try ledger.append(record)
            }
        } catch {
            // Without its record a fault must not be applied.
            if case .applying(let request, _, _) = record { handle(.failed(fault: request.id, reason: "\(error)")) }
        }
    }

    private func apply(_ request: FaultRequest) {
        guard core.fault(request.id)?.failure == nil else { return }
        do {
            let applied = try hands.apply(request, dosed: core.dosed)
            let readback = applied.readback
            sockets[request.id, default: 0] += applied.sockets
            handle(.applied(fault: request.id, at: applied.at, equal: readback.isEqual, text: readback.text))
            if let effect = applied.effect {
                handle(.effect(fault: request.id, at: effect.at, uncertainty: .zero, by: effect.by))
            }
            count(request)
            if request.kind.isMomentary { handle(.heal(fault: request.id, .expiry)) }
        } catch {
            // A change is one batch, so nothing of it is in force; a link or a process is put back here.
            _ = try? hands.lift(request, dosed: core.dosed)
            handle(.failed(fault: request.id, reason: "\(error)"))
        }
    }

    private func lift(_ request: FaultRequest) {
        count(request)
        do {
            let gone = try hands.lift(request, dosed: core.dosed)
            handle(.lifted(fault: request.id, at: gone))
            look(request)
        } catch {
            handle(.failed(fault: request.id, reason: "heal: \(error)"))
        }
    }

    /// Brings the counters of a fault up to date and returns them.
    @discardableResult
    private func count(_ request: FaultRequest) -> FaultLife.Counters {
        var counters = FaultLife.Counters()
        do {
            let present = try hands.counters()
            counters =
                request.kind.isDosed ? hands.queues.counters(of: request.id, present) : present[request.id] ?? .init()
        } catch {
            return core.fault(request.id)?.counters ?? counters
        }
        let known = core.fault(request.id)?.counters ?? .init()
        counters.packets = max(counters.packets, known.packets)
        counters.bytes = max(counters.bytes, known.bytes)
        counters.sockets = sockets[request.id] ?? 0
        if request.kind.concernsProcess || request.kind == .linkDown, core.fault(request.id)?.firstEffect != nil {
            counters.sockets = 1
        }
        handle(.counters(fault: request.id, counters))
        return counters
    }

    // MARK: watching

    private func watch() {
        for life in core.faults where !life.isOver {
            let now = Instant.now
            if life.request.kind == .disconnect || life.request.kind == .halfOpen, life.lifted == nil {
                sweep(life, now)
            }
            look(life.request)
        }
        handle(.tick)
    }

    private func sweep(_ life: FaultLife, _ now: Instant) {
        guard life.state != .requested,
            now - (lastSweep[life.request.id] ?? Instant(nanoseconds: 0)) >= ChaosAgent.sweepInterval
        else { return }
        lastSweep[life.request.id] = now
        // Half-open leaves new connections alone: only those of the beginning are cut.
        guard life.request.kind == .disconnect else { return }
        let more = hands.destroyAgain(life.request)
        guard more > 0 else { return }
        sockets[life.request.id, default: 0] += more
        handle(.effect(fault: life.request.id, at: now, uncertainty: .zero, by: "socket"))
    }

    /// Looks for the first effect of a fault that has none yet, and for the end of one that was lifted.
    private func look(_ request: FaultRequest) {
        guard let life = core.fault(request.id), !life.isOver else { return }
        if life.request.kind.isDosed,
            let failure = hands.queues.statistics(of: request.id).compactMap(\.failure).first
        {
            return handle(.failed(fault: request.id, reason: failure))
        }
        if life.firstEffect == nil, let applied = life.applied, life.lifted == nil {
            lookForStart(life, applied)
        } else if let lifted = life.lifted, life.effectEnded == nil {
            lookForEnd(life, lifted)
        }
    }

    private func lookForStart(_ life: FaultLife, _ applied: Instant) {
        let id = life.request.id
        if life.request.kind.isDosed {
            let effects = hands.queues.statistics(of: id).compactMap(\.firstEffect).filter {
                $0 >= life.request.earliestEffect(applied)
            }
            if let first = effects.min() {
                count(life.request)
                return handle(.effect(fault: id, at: first, uncertainty: .zero, by: "holder"))
            }
            // Where the kernel does it itself, the first packet that it lost, or that took the detour, is the first sign.
            guard life.request.kind != .latency, !core.backend.hasHolder else { return }
        }
        let before = lastLook[id] ?? applied
        let now = Instant.now
        lastLook[id] = now
        let hit = life.request.kind == .loss ? hands.queues.dropped(by: id) : count(life.request).packets
        guard hit > 0 else { return }
        count(life.request)
        lastLook[id] = nil
        // The counter moved at some instant between two looks.
        let half = (now - before) / 2
        handle(.effect(fault: id, at: before + half, uncertainty: half, by: "counter"))
    }

    /// The neighbours that can be named.
    var nodes: [(name: String, host: UInt32)] {
        settings.neighbours.compactMap { neighbour in neighbour.name.map { ($0, neighbour.probe.host) } }
    }

    private func lookForEnd(_ life: FaultLife, _ lifted: Instant) {
        let peers = settings.neighbours.map(\.probe.host)
        let isProbed = peers.contains { life.request.from.isEmpty || life.request.from.contains($0) }
        switch life.request.kind {
        case .latency, .loss, .duplicate, .corrupt, .reorder, .rate:
            if !isProbed, let drained = hands.queues.statistics(of: life.request.id).compactMap(\.drained).max() {
                handle(.effectEnded(fault: life.request.id, at: max(drained, lifted), by: "holder"))
            }
        case .partition, .linkDown:
            if !isProbed { handle(.effectEnded(fault: life.request.id, at: lifted, by: "readback")) }
        default:
            handle(.effectEnded(fault: life.request.id, at: lifted, by: "readback"))
        }
    }
}

extension FaultRequest {
    /// A queue may hold a packet before our own read-back of it is done.
    func earliestEffect(_ applied: Instant) -> Instant { applied - .milliseconds(100) }
}
