// What the agent decides: which faults it takes, when they end, and what it says about them.
//
// A value: events in, directives out, the time is an argument. It knows nothing of netlink. The order of the
// directives matters: a ledger record is synced before the apply that follows it is carried out.

import Messages
import Units

package struct AgentCore {
    package enum Event {
        case inject(FaultRequest)
        case heal(fault: String, HealReason)
        case healAll(HealReason)
        /// The kernel took it; `text` is what was read back right after, `equal` whether that is what was asked for.
        case applied(fault: String, at: Instant, equal: Bool, text: String)
        case failed(fault: String, reason: String)
        case effect(fault: String, at: Instant, uncertainty: Duration, by: String)
        case counters(fault: String, FaultLife.Counters)
        /// The kernel objects are gone, and were seen gone.
        case lifted(fault: String, at: Instant)
        case effectEnded(fault: String, at: Instant, by: String)
        case probe(sender: UInt32, ProbeSample)
        case train(sender: UInt32, ProbeTrain)
        case tick
    }

    package enum Directive: Hashable, Sendable {
        case record(LedgerRecord)
        case apply(FaultRequest)
        case lift(FaultRequest)
        case report(Report)
    }

    /// An observation of the catalogue, and an event for those who watch.
    package struct Report: Hashable, Sendable {
        package let type: String
        package let at: Instant
        package let uncertainty: Duration
        package let fields: [JSON.Member]
    }

    /// How long the end of an effect is looked for after a heal before the fault counts as over, its end unseen.
    package static let endPatience = Duration.seconds(2)
    /// How much of the probe flow before a fault is its baseline.
    package static let baseline = Duration.seconds(5)
    /// Two a second for the longest fault, of each sender.
    package static let trainsMaximum = 1_500
    /// Faults remembered after they are over.
    package static let historyMaximum = 64
    /// Faults of this node that may be in force at once.
    package static let faultsMaximum = 8

    package let node: String
    package let interface: String
    package let backend: Backend
    private(set) var lives: [FaultLife] = []
    private(set) var windows: [UInt32: ProbeWindow] = [:]
    private(set) var trains: [UInt32: [ProbeTrain]] = [:]

    package init(node: String, interface: String, backend: Backend) {
        self.node = node
        self.interface = interface
        self.backend = backend
    }

    package var faults: [FaultLife] { lives }
    package func fault(_ id: String) -> FaultLife? { lives.last { $0.request.id == id } }
    /// The dosed faults that should be in force, for `DosePlan`.
    package var dosed: [(request: FaultRequest, until: Instant)] {
        lives.filter { $0.request.kind.isDosed && !$0.isOver && $0.lifting == nil && $0.state != .requested }
            .compactMap { life in life.deadline.map { (life.request, $0) } }
    }

    /// Why a request can't be taken now; `nil` when it can.
    package func refusal(of request: FaultRequest) -> String? {
        if let known = fault(request.id), !known.isOver {
            return "fault '\(request.id)' is \(known.state.rawValue) already; heal it or give another id"
        }
        let present = lives.filter { !$0.isOver }.count
        if present >= AgentCore.faultsMaximum {
            return "\(present) faults are in force already, the maximum at once; heal one first"
        }
        if request.duration > FaultRequest.durationMaximum {
            return
                "it would last \(request.duration.written), the maximum is \(FaultRequest.durationMaximum.written)"
        }
        if request.kind.needsNetem, backend != .netem {
            return
                "'\(request.kind.rawValue)' needs the netem backend (a kernel with ifb and sch_netem); this agent uses "
                + "\(backend.rawValue)"
        }
        if let other = otherHold(request) {
            return "fault '\(other)' holds packets of the same senders: beside it a reorder can't be told apart"
        }
        return nil
    }

    /// A fault in force that holds packets of the same senders, where one of the two lets some of them overtake.
    private func otherHold(_ request: FaultRequest) -> String? {
        guard request.kind.holds else { return nil }
        return lives.first { life in
            life.request.kind.holds && !life.isOver && (life.request.kind == .reorder || request.kind == .reorder)
                && !Set(life.request.from).isDisjoint(with: request.from)
        }?.request.id
    }

    package mutating func receive(_ event: Event, at now: Instant) -> [Directive] {
        switch event {
        case .inject(let request): inject(request, at: now)
        case .heal(let id, let reason): open(id).map { lift($0, by: reason, at: now) } ?? []
        case .healAll(let reason):
            lives.indices.filter { !lives[$0].isOver }.flatMap { lift($0, by: reason, at: now) }
        case .applied(let id, let at, let equal, let text):
            open(id).map { applied($0, at: at, equal: equal, text) } ?? []
        case .failed(let id, let reason): open(id).map { fail($0, reason, at: now) } ?? []
        case .effect(let id, let at, let uncertainty, let by):
            open(id).map { effect($0, at: at, uncertainty, by: by) } ?? []
        case .counters(let id, let counters): open(id).map { count($0, counters) } ?? []
        case .lifted(let id, let at): open(id).map { lifted($0, at: at) } ?? []
        case .effectEnded(let id, let at, let by): open(id).map { ended($0, at: at, by: by) } ?? []
        case .probe(let sender, let sample): probe(sender, sample)
        case .train(let sender, let train): receive(train, from: sender)
        case .tick: tick(now)
        }
    }

    /// The place of a fault that isn't over.
    private func open(_ id: String) -> Int? { lives.lastIndex { $0.request.id == id && !$0.isOver } }

    private mutating func count(_ index: Int, _ counters: FaultLife.Counters) -> [Directive] {
        lives[index].counters = counters
        return []
    }

    // MARK: start

    private mutating func inject(_ request: FaultRequest, at now: Instant) -> [Directive] {
        guard refusal(of: request) == nil else { return [] }
        if lives.count >= AgentCore.historyMaximum, let over = lives.firstIndex(where: \.isOver) {
            lives.remove(at: over)
        }
        lives.removeAll { $0.request.id == request.id }
        lives.append(FaultLife(request))
        let fields = request.members + [.init("to", .string(node)), .init("node", .string(node))]
        return [
            report("fault_requested", at: now, fields),
            .record(.applying(request, interface: interface, remains: [])), .apply(request),
        ]
    }

    private mutating func applied(_ index: Int, at: Instant, equal: Bool, _ text: String) -> [Directive] {
        guard lives[index].state == .requested else { return [] }
        let id = lives[index].request.id
        lives[index].applied = at
        lives[index].readbackEqual = equal
        lives[index].enter(.acknowledged)
        lives[index].enter(.readBack)
        return [
            report(
                "fault_acknowledged", at: at,
                [.init("fault", .string(id)), .init("backend", .string(backend.rawValue))]),
            report(
                "fault_readback", at: at,
                [.init("fault", .string(id)), .init("equal", .bool(equal)), .init("text", .string(text))]),
        ]
    }

    private mutating func fail(_ index: Int, _ reason: String, at now: Instant) -> [Directive] {
        let id = lives[index].request.id
        lives[index].failure = reason
        lives[index].enter(.failed)
        return [
            report("fault_failed", at: now, [.init("fault", .string(id)), .init("reason", .string(reason))]),
            .record(.gone(fault: id)),
        ]
    }

    private mutating func effect(_ index: Int, at: Instant, _ uncertainty: Duration, by: String) -> [Directive] {
        guard lives[index].firstEffect == nil, lives[index].state == .readBack else { return [] }
        lives[index].firstEffect = at
        lives[index].enter(.inForce)
        let fields: [JSON.Member] = [.init("fault", .string(lives[index].request.id)), .init("by", .string(by))]
        return [report("fault_first_effect", at: at, uncertainty: uncertainty, fields)]
    }

    // MARK: end

    private mutating func lift(_ index: Int, by reason: HealReason, at now: Instant) -> [Directive] {
        guard lives[index].lifting == nil, lives[index].state != .requested else { return [] }
        lives[index].lifting = (now, reason)
        return [.lift(lives[index].request)]
    }

    private mutating func lifted(_ index: Int, at: Instant) -> [Directive] {
        guard lives[index].lifted == nil else { return [] }
        lives[index].lifted = at
        // Never seen to begin: there is no end to wait for.
        return lives[index].firstEffect == nil || lives[index].request.kind.isMomentary ? finish(index, at: at) : []
    }

    private mutating func ended(_ index: Int, at: Instant, by: String) -> [Directive] {
        guard lives[index].effectEnded == nil, lives[index].state == .inForce, lives[index].lifted != nil else {
            return []
        }
        lives[index].effectEnded = at
        lives[index].enter(.ended)
        let fields: [JSON.Member] = [.init("fault", .string(lives[index].request.id)), .init("by", .string(by))]
        return [report("fault_effect_ended", at: at, fields)] + finish(index, at: at)
    }

    private mutating func finish(_ index: Int, at: Instant) -> [Directive] {
        let life = lives[index]
        let id = JSON.Member("fault", .string(life.request.id))
        var directives = [
            report(
                "fault_counters", at: at,
                [
                    id, .init("packets", .integer(Int64(clamping: life.counters.packets))),
                    .init("bytes", .integer(Int64(clamping: life.counters.bytes))),
                    .init("sockets", .integer(Int64(clamping: life.counters.sockets))),
                ])
        ]
        directives += measurements(life, at: at)
        lives[index].enter(.healed)
        let reason = life.lifting?.by ?? .expiry
        directives.append(report("fault_healed", at: at, [id, .init("by", .string(reason.rawValue))]))
        return directives + [.record(.gone(fault: life.request.id))]
    }

    private mutating func tick(_ now: Instant) -> [Directive] {
        var directives: [Directive] = []
        for index in lives.indices where !lives[index].isOver {
            if lives[index].lifting == nil, let deadline = lives[index].deadline, now >= deadline {
                directives += lift(index, by: .expiry, at: now)
            } else if let lifted = lives[index].lifted, now - lifted > AgentCore.endPatience {
                directives += finish(index, at: now)
            }
        }
        return directives
    }

    // MARK: probes

    private mutating func probe(_ sender: UInt32, _ sample: ProbeSample) -> [Directive] {
        windows[sender, default: ProbeWindow()].append(sample)
        var directives: [Directive] = []
        for index in lives.indices where !lives[index].isOver && concerns(lives[index].request, sender) {
            let life = lives[index]
            if let lifted = life.lifted, sample.sent >= lifted, life.effectEnded == nil, isBackToNormal(life, sample)
            {
                directives += ended(index, at: sample.sent, by: "probe")
            } else if !backend.hasHolder, life.request.kind == .latency, wasHeld(sample, life, sender) {
                directives += effect(index, at: sample.sent, .zero, by: "probe")
            }
        }
        return directives
    }

    private func wasHeld(_ sample: ProbeSample, _ life: FaultLife, _ sender: UInt32) -> Bool {
        guard let applied = life.applied, sample.sent >= applied else { return false }
        let others = dosedLatencies.filter { $0.request.id != life.request.id && concerns($0.request, sender) }
        guard let alone = alone(sample, others) else { return false }
        return alone.delay * 10 > life.request.delay * 9
    }

    private var dosedLatencies: [FaultLife] { lives.filter { $0.request.kind == .latency && !$0.isOver } }

    private mutating func receive(_ train: ProbeTrain, from sender: UInt32) -> [Directive] {
        trains[sender, default: []].append(train)
        if trains[sender, default: []].count > AgentCore.trainsMaximum { trains[sender]?.removeFirst() }
        return []
    }

    /// The senders whose trains some fault needs now: they have to be asked for.
    package var askedForTrains: [UInt32] {
        Set(lives.filter { $0.request.kind == .rate && !$0.isOver && $0.lifting == nil }.flatMap(\.request.from)).sorted()
    }

    func concerns(_ request: FaultRequest, _ sender: UInt32) -> Bool {
        guard request.kind.isDosed || request.kind == .partition || request.kind == .linkDown else { return false }
        return request.from.isEmpty || request.from.contains(sender)
    }

    /// Whether this probe came as it would without the fault; another one may still hold it.
    private func isBackToNormal(_ life: FaultLife, _ sample: ProbeSample) -> Bool {
        guard life.request.kind == .latency else { return true }
        let others = DosePlan(dosed.filter { $0.request.id != life.request.id })
        return life.request.from.allSatisfy { others.delay(from: $0) > .zero }
            || sample.delay < life.request.delay / 2
    }

    /// A command that somebody gave: who, what, and what came of it.
    package func report(of command: [JSON.Member], at: Instant) -> Report {
        Report(type: "command", at: at, uncertainty: .zero, fields: command + [.init("node", .string(node))])
    }

    func report(
        _ type: String, at: Instant, uncertainty: Duration = .zero, _ fields: [JSON.Member]
    ) -> Directive {
        // A fault of two directions has an agent at each end: whose word is it?
        let named = fields.contains { $0.key == "node" } ? fields : fields + [.init("node", .string(node))]
        return .report(Report(type: type, at: at, uncertainty: uncertainty, fields: named))
    }
}
