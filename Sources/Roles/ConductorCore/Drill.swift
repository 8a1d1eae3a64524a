// The course of a drill as a value: what is seen goes in, what is to be done comes out.
//
// Invariant: a phase never starts before the one before it has ended; a fault is injected at most once, and
// only when the premise `armed` held; whatever happens, the last directive is `finish`.
//
//   waiting → phase 1 → … → phase n → finished
//                 └───────────┴─ abort ─→ finished

import Units

package struct Drill: Sendable {
    package enum Directive: Hashable, Sendable {
        case enter(phase: String)
        /// The operator lets the governor trade: `governor.pause` false.
        case unpause
        /// The operator clears the latch at this epoch, then the pause.
        case resume(epoch: Int64)
        case premise(holds: Bool, reason: String)
        case inject(fault: String)
        case abort(reason: String)
        case finish
    }

    private enum Course: Hashable, Sendable {
        case waiting
        case phase(Int, since: Instant)
        case finished
    }

    private let script: DrillScript
    private var course = Course.waiting
    private var injected: Set<String> = []
    private var stopWatch: StopWatch
    private var armed = false
    private var hasUnpaused = false
    /// Since when the governor has been recovered without a break, for the resume that is next.
    private var recoveredAt: Instant?
    package private(set) var resumesDone = 0

    package init(_ script: DrillScript) {
        self.script = script
        stopWatch = StopWatch(script.stops)
    }

    package var phase: String? {
        if case .phase(let index, _) = course { return script.phases[index].name }
        return nil
    }

    package var isFinished: Bool { course == .finished }

    /// To be called often: every 20 ms and whenever something was heard.
    package mutating func step(at now: Instant, seeing view: DrillView) -> [Directive] {
        switch course {
        case .finished: return []
        case .waiting: return enter(0, at: now)
        case .phase(let index, let since):
            var directives: [Directive] = []
            if let reason = brokenFault(view) ?? stopWatch.reason(at: now, seeing: view.metrics) {
                return abort(because: reason)
            }
            directives += unpause(index, since: since, at: now)
            directives += resumeWhenDue(at: now, view)
            let mayInject = becomeArmed(index, since: since, at: now, view)
            directives += mayInject.directives
            if course == .finished { return directives }
            if mayInject.allowed { directives += dueFaults(index, since: since, at: now, view) }
            if isOver(index, since: since, at: now, view) { directives += enter(index + 1, at: now) }
            return directives
        }
    }

    /// Ctrl-C, a dying role, a full disk: ends the drill at once; the verdict will be inconclusive.
    package mutating func abort(because reason: String) -> [Directive] {
        guard course != .finished else { return [] }
        course = .finished
        return [.abort(reason: reason), .finish]
    }

    private mutating func enter(_ index: Int, at now: Instant) -> [Directive] {
        guard index < script.phases.count else {
            course = .finished
            return [.finish]
        }
        course = .phase(index, since: now)
        return [.enter(phase: script.phases[index].name)]
    }

    private func brokenFault(_ view: DrillView) -> String? {
        for fault in script.faults where view.faults[fault.id]?.stage == .failed {
            return "the fault '\(fault.id)' could not be applied"
        }
        return nil
    }

    private mutating func unpause(_ index: Int, since: Instant, at now: Instant) -> [Directive] {
        guard !hasUnpaused, script.phases[index].name == script.unpauseIn, now >= since + script.unpauseOffset else {
            return []
        }
        hasUnpaused = true
        return [.unpause]
    }

    private mutating func resumeWhenDue(at now: Instant, _ view: DrillView) -> [Directive] {
        guard resumesDone < script.resumes.count else { return [] }
        let rule = script.resumes[resumesDone]
        guard let fault = view.faults[rule.fault], let start = fault.firstEffect else { return [] }
        let isRecovered =
            fault.stage == .ended && view.sessionIsUp
            && (!script.recoversFlat || view.isFlat && view.workingOrders == 0)
        recoveredAt = isRecovered ? recoveredAt ?? now : nil
        let isDue = recoveredAt.map { now >= max($0 + rule.afterRecovery, start + rule.earliest) } ?? false
        guard isDue || now >= start + rule.latest else { return [] }
        resumesDone += 1
        recoveredAt = nil
        return [.resume(epoch: view.epoch)]
    }

    private mutating func becomeArmed(
        _ index: Int, since: Instant, at now: Instant, _ view: DrillView
    ) -> (allowed: Bool, directives: [Directive]) {
        guard script.mustBeArmed, !armed else { return (true, []) }
        let faultPhase = script.phases.firstIndex { phase in
            script.faults.contains { if case .phase(phase.name, _) = $0.trigger { true } else { false } }
        }
        guard index == faultPhase else { return (false, []) }
        if view.isArmed {
            armed = true
            return (true, [.premise(holds: true, reason: "")])
        }
        guard now >= since + script.armedWithin else { return (false, []) }
        let reason = "not armed after \(script.armedWithin.written): \(view.missingForArmed)"
        return (false, [.premise(holds: false, reason: reason)] + abort(because: reason))
    }

    private mutating func dueFaults(_ index: Int, since: Instant, at now: Instant, _ view: DrillView) -> [Directive] {
        var directives: [Directive] = []
        for fault in script.faults where !injected.contains(fault.id) {
            switch fault.trigger {
            case .phase(let name, let offset):
                guard script.phases[index].name == name, now >= since + offset else { continue }
            case .inForce(let other, _):
                guard let stage = view.faults[other]?.stage, stage == .inForce else { continue }
            }
            injected.insert(fault.id)
            directives.append(.inject(fault: fault.id))
        }
        return directives
    }

    private func isOver(_ index: Int, since: Instant, at now: Instant, _ view: DrillView) -> Bool {
        let phase = script.phases[index]
        guard now >= since + phase.lasts else { return false }
        guard phase.name == "heal" else { return true }
        return resumesDone == script.resumes.count || script.faults.contains { view.faults[$0.id]?.firstEffect == nil }
    }
}
