import Messages
import Scenarios
import Units

extension Scene {
    /// A zero-leak claim needs so many risk-increasing intents, answered while paused with a session up.
    static let exercisedMinimum: Int64 = 100

    struct Exercise: Sendable {
        var answered = 0
        /// Reached the governor while paused, but no session was up: no governor can leak into a dead socket.
        var withoutSession = 0
        /// Of the same kind, before the first pause after the warm-up: how many, and how many of them left.
        var offeredUnpaused = 0
        var leftUnpaused = 0
    }

    /// How hard the pauses were tried.
    var exercise: Exercise {
        var exercise = Exercise()
        var answered = PerIntent<Bool>(timeline)
        for outgone in [timeline.decided, timeline.published].map(\.rows).joined() { answered[outgone.intent] = true }
        let left = Set(timeline.departures.lazy.filter { $0.type == "D" }.map(\.reference))
        let offered = timeline.offered
        let cuts = faults.filter { $0.cuts("store") }
        for intent in timeline.arrived {
            guard let offer = offered[intent.key], offer.kind == .new, offer.isAdmissible,
                !offer.isReduceOnly
            else { continue }
            let at = intent.stamp.at
            let states = pauses.map { $0.contains(intent.stamp) }
            let isUp = timeline.isLoggedOn(at: at)
            if states.contains(where: { $0 == .yes }) {
                // While Redis is cut off no outcome can be published; reaching the governor is all there is.
                let isAnswered = answered[intent.key] != nil || cuts.contains { $0.covers(at) }
                if isUp && isAnswered { exercise.answered += 1 } else if !isUp { exercise.withoutSession += 1 }
            } else if isUp, states.allSatisfy({ $0 == .no }),
                !faults.contains(where: { $0.covers(at, padding: .seconds(1)) }),
                !pauses.contains(where: { $0.setAt.at <= at && at < $0.countsFrom.at }), at < t0?.at ?? at + .seconds(1)
            {
                exercise.offeredUnpaused += 1
                if left.contains(intent.key.id) { exercise.leftUnpaused += 1 }
            }
        }
        return exercise
    }

    func ordersLeaked() -> Finding {
        var finding = Finding.never(leaks.leaks, unsure: leaks.unsure, of: leaks.judged)
        guard finding.outcome == .pass else { return finding }
        let exercise = exercise
        finding.count = exercise.answered
        // A drill that only slows things down asks for no pause; its claim is empty, and says so.
        guard !faults.allSatisfy(\.isPureLatency) else {
            finding.isVacuous = true
            return finding
        }
        guard exercise.answered >= Scene.exercisedMinimum else {
            finding.outcome = .inconclusive
            finding.isVacuous = true
            finding.reason =
                "only \(exercise.answered) risk-increasing intents were answered while paused with a session "
                + "up; \(Scene.exercisedMinimum) are needed (\(exercise.withoutSession) came without a session)"
            return finding
        }
        guard exercise.offeredUnpaused > 0, exercise.leftUnpaused * 10 >= exercise.offeredUnpaused * 9 else {
            finding.outcome = .inconclusive
            finding.isVacuous = true
            finding.reason =
                "before the fault only \(exercise.leftUnpaused) of \(exercise.offeredUnpaused) such intents "
                + "became orders; 90 % are needed, or the pause proves nothing"
            return finding
        }
        return finding
    }

    /// Shows that the drill was real: not enough of it is the rig's doing, so it is never the governor's failure.
    func pauseExercised(_ minimum: Int64) -> Finding {
        let exercise = exercise
        let isEnough = exercise.answered >= minimum
        return Finding(
            isEnough ? .pass : .inconclusive, observed: .integer(Int64(exercise.answered)), count: exercise.answered,
            reason: isEnough ? nil : "\(exercise.answered) of at least \(minimum) intents answered while paused")
    }

    /// Admissible intents that became orders accepted by the broker before the first fault.
    func loadAccepted(_ minimum: Int64) -> Finding {
        let until = t0?.at ?? close
        let accepted = timeline.ledger.count {
            $0.execution.kind == .new && $0.execution.msgType == "D" && $0.stamp.at < until
        }
        let count = Int64(accepted)
        return Finding(
            count >= minimum ? .pass : .inconclusive, observed: .integer(count), count: accepted,
            reason: count >= minimum ? nil : "\(count) of at least \(minimum) orders accepted before the first fault")
    }

    func pausePropagation(_ limit: Duration) -> Finding {
        let begun = timeline.states.first { $0.by == "governor" }?.stamp.at
        let set = pauses.filter { pause in pause.kind == .operators && begun.map { pause.setAt.at >= $0 } ?? false }
        guard let first = set.first else { return .unknown("the operator set no pause while the governor ran") }
        var slowest: (Duration, Pause) = (.zero, first)
        for pause in set {
            guard let acknowledged = pause.acknowledgedAt else {
                return Finding(
                    .fail, count: set.count, reason: "the governor never acknowledged \(pause.key)",
                    records: [pause.setAt.record])
            }
            let taken = acknowledged.at - pause.setAt.at
            if taken >= slowest.0 { slowest = (taken, pause) }
        }
        let acknowledged = slowest.1.acknowledgedAt ?? slowest.1.setAt
        return .within(
            limit, observed: slowest.0, uncertainty: slowest.1.setAt.uncertainty + acknowledged.uncertainty,
            what: "\(slowest.1.key) was acknowledged", records: [slowest.1.setAt.record, acknowledged.record])
    }

    /// Orders that left before a pause and that the broker accepted after it.
    var lateDeliveries: [(departure: Departure, after: Duration, accepted: Stamp)] {
        // What was sent again in the pause is a leak, and was not held up on its way.
        let leaked = Set(timeline.departures.lazy.filter { leaks.records.contains($0.stamp.record) }.map(\.clOrdID))
        return timeline.departures.compactMap { departure in
            guard !leaked.contains(departure.clOrdID), !LeakRule.harmless.contains(departure.type),
                !leaks.verified.contains(departure.stamp.record),
                let accepted = positions.orders[departure.clOrdID]?.acceptedAt,
                let pause = pauses.first(where: { pause in
                    departure.stamp.at < pause.countsFrom.at && accepted.at > pause.setAt.at
                        && pause.clearedAt.map { accepted.at < $0.at } ?? true
                })
            else { return nil }
            return (departure, accepted.at - pause.setAt.at, accepted)
        }
    }

    func lateDelivery(_ limit: Duration) -> Finding {
        let all = lateDeliveries
        guard let latest = all.max(by: { $0.after < $1.after }) else {
            return Finding(.pass, observed: .real(0), count: 0)
        }
        let allowed = limit + delayMaximum
        var finding = Finding.within(
            allowed, observed: latest.after,
            uncertainty: latest.accepted.uncertainty + latest.departure.stamp.uncertainty,
            what: "\(latest.departure.name) was accepted",
            records: [latest.departure.stamp.record, latest.accepted.record])
        finding.count = all.count
        return finding
    }
}
