import History
import Messages
import Scenarios
import Units

extension Scene {
    /// A mass cancel or a verified reduce-only order; or the pause, if nothing was open.
    func firstSafeAction(_ limit: Duration) -> Finding {
        guard let t0 else { return .unknown("no fault had an effect") }
        let ledger = positions.state(at: t0.at)
        var candidates = timeline.departures.filter { departure in
            departure.stamp.at >= t0.at && (departure.type == "q" || leaks.verified.contains(departure.stamp.record))
        }.map(\.stamp)
        if ledger.positions.isEmpty && ledger.working.isEmpty {
            candidates += pauses.filter { $0.kind != .unreadable && $0.setAt.at >= t0.at }.map(\.setAt)
        }
        guard let first = candidates.min(by: { $0.at < $1.at }) else {
            return Finding(
                .fail, reason: "no mass cancel and no verified reducing order left after the fault", records: [t0.record])
        }
        return .within(
            limit, observed: first.at - t0.at, uncertainty: first.uncertainty + t0.uncertainty,
            what: "first safe action", records: [t0.record, first.record])
    }

    struct Step: Sendable {
        let at: Instant
        let record: Place?
    }

    /// Session up and orders asked after, at or after `start`; the reason when one of them never came.
    private func sessionRestored(since start: Instant, lookBack: Instant, until: Instant) -> Result<[Step], ReasonError> {
        let ended = timeline.sessions.contains { span in
            span.end.map { $0.at >= lookBack && $0.at < until && !isFarewell($0.at, until) } ?? false
        }
        guard ended || !timeline.isLoggedOn(at: start) else { return .success([]) }
        guard let session = timeline.sessions.last(where: { $0.start.at >= lookBack && $0.start.at < until }),
            session.end.map({ $0.at >= until || isFarewell($0.at, until) }) ?? true
        else { return .failure(ReasonError(reason: "the session did not come back")) }
        // A first connection after the cut may break again; the last one counts.
        let answer = timeline.messages.first { message in
            message.isInbound && message.stamp.at >= session.start.at && message.type == "8" && message.execType == "I"
                && (message.isLastReport || message.reportsTotal == 0)
        }
        guard let answer, answer.stamp.at < until else {
            return .failure(ReasonError(reason: "the status of open orders was never asked after, or never answered"))
        }
        return .success([
            Step(at: session.start.at, record: session.start.record),
            Step(at: answer.stamp.at, record: answer.stamp.record),
        ])
    }

    /// A governor that is stopped logs out first, and has 5 s to exit.
    private func isFarewell(_ end: Instant, _ until: Instant) -> Bool { until >= close && end >= close - .seconds(6) }

    struct ReasonError: Error { let reason: String }

    /// From t0 until session up, orders reconciled, flat by the broker's ledger until the resume, state reported.
    func recovery(_ limit: Duration) -> Finding {
        guard let episode = episodes.first(where: { !$0.faults.allSatisfy(\.isPureLatency) }) ?? episodes.first else {
            return .unknown("no fault had an effect")
        }
        let t0 = episode.start
        let until = endOfPause(after: episode.end?.at ?? t0.at)
        var steps: [Step] = []
        switch sessionRestored(since: t0.at, lookBack: t0.at - .milliseconds(500), until: until) {
        case .success(let found): steps = found
        case .failure(let error): return Finding(.fail, reason: error.reason, records: [t0.record])
        }
        let last = Stamp(at: until - .nanoseconds(1), uncertainty: .zero, record: t0.record)
        let isHeld = pauses.contains { $0.contains(last) != .no }
        // Without a pause nothing keeps it flat; then it must have been flat once.
        let flat = isHeld
            ? positions.flatSince(at: last.at, notBefore: t0.at)
            : positions.firstFlat(from: steps.map(\.at).max() ?? t0.at)
        guard let flat, flat.at <= until else {
            return Finding(
                .fail, reason: "the position was not flat in the broker's ledger when the pause ended",
                records: [t0.record])
        }
        steps.append(Step(at: flat.at, record: flat.record))
        guard let state = timeline.states.first(where: { $0.by == "governor" && $0.stamp.at >= t0.at && $0.stamp.at < until })
        else { return Finding(.fail, reason: "no governor.state was written after the fault", records: [t0.record]) }
        steps.append(Step(at: state.stamp.at, record: state.stamp.record))
        guard let last = steps.max(by: { $0.at < $1.at }) else { return .unknown("no step was seen") }
        return .within(
            limit, observed: last.at - t0.at, uncertainty: t0.uncertainty, what: "recovered",
            records: [t0.record] + steps.compactMap(\.record))
    }

    /// From the last fault's end until session up, orders reconciled, state reported, and the store as the broker's ledger is.
    func reconciled(_ limit: Duration) -> Finding {
        guard let end = episodes.last?.end, let start = episodes.last?.start else {
            return .unknown("no end of effect was seen")
        }
        var steps: [Step] = []
        switch sessionRestored(since: end.at, lookBack: start.at, until: close) {
        case .success(let found): steps = found
        case .failure(let error): return Finding(.fail, reason: error.reason, records: [end.record])
        }
        guard let state = timeline.states.first(where: { $0.by == "governor" && $0.stamp.at >= end.at && $0.stamp.at < close })
        else { return Finding(.fail, reason: "no governor.state was written after the fault", records: [end.record]) }
        steps.append(Step(at: state.stamp.at, record: state.stamp.record))
        switch storeAgainstLedger() {
        case .failure(let error): return .unknown(error.reason, records: [end.record])
        case .success(let defects) where !defects.isEmpty:
            return Finding(.fail, reason: Violation.text(defects), records: defects.map(\.record))
        case .success: break
        }
        guard let last = steps.max(by: { $0.at < $1.at }) else { return .unknown("no step was seen") }
        return .within(
            limit, observed: max(.zero, last.at - end.at), uncertainty: end.uncertainty, what: "reconciled",
            records: [end.record] + steps.compactMap(\.record))
    }

    /// Positions, orders, fills by ExecID, cash and fees: everything in which the store differs from the broker's ledger.
    private func storeAgainstLedger() -> Result<[Violation], ReasonError> {
        guard positions.isWhole else {
            return .failure(ReasonError(reason: "the broker's drop copy is not whole"))
        }
        guard let wrong = storedPositionDefects(), let orders = storedOrderDefects(), let fills = storedFillDefects()
        else {
            return .failure(ReasonError(reason: "the final positions, orders or fills of the store are not on record"))
        }
        return storedMoneyDefects().map { wrong + orders + fills + $0 }
    }

    /// New orders that the broker accepted soon after the last resume: the governor didn't stay shut.
    func ordersFlowAfterResume(_ minimum: Int64) -> Finding {
        // The operator's word, not the flags' end: a governor that lifts its own latch resumes nothing, and where no
        // flag was set the write says all the same: from here on.
        let resume = timeline.flags.last { !$0.isPaused && $0.by == "operator" }?.stamp
        guard let t0, let resume, resume.at > t0.at else {
            return .unknown("the operator did not resume after the fault")
        }
        let until = resume.at + .seconds(2) + delayMaximum
        let accepted = timeline.ledger.filter {
            $0.execution.kind == .new && $0.execution.msgType == "D" && $0.stamp.at >= resume.at && $0.stamp.at <= until
        }
        let count = Int64(accepted.count)
        let asked = timeline.arrived.filter { intent in
            intent.stamp.at >= resume.at && intent.stamp.at <= until
                && timeline.offered[intent.key].map { $0.isAdmissible && $0.action == "new" } ?? false
        }
        guard count >= minimum || asked.count >= minimum else {
            return .unknown("only \(asked.count) intents asked for orders after the resume, \(minimum) are needed")
        }
        guard count >= minimum else {
            return Finding(
                .fail, observed: .integer(count), count: accepted.count,
                reason: "\(count) orders were accepted within \(Finding.text(until - resume.at)), at least \(minimum) expected",
                records: [resume.record] + accepted.map(\.stamp.record))
        }
        return Finding(
            .pass, observed: .integer(count), count: accepted.count,
            records: [resume.record] + accepted.prefix(1).map(\.stamp.record))
    }
}
