import History
import Messages
import Scenarios
import Units

extension Scene {
    /// An accepted intent is followed within this by its order, or by `withdrawn`.
    static let orderWithin = Duration.seconds(1)
    /// What is cut off by the end of the drill isn't held against anybody.
    static let tail = Duration.milliseconds(1_500)

    /// Every intent that arrived has exactly one outcome, and the wire agrees with it.
    func everyIntentDecided() -> Finding {
        guard !timeline.arrived.isEmpty else { return .unknown("no intent reached the governor") }
        // The server's own record shows a second publication; the wire may carry the same one twice.
        let source = timeline.published.isEmpty ? timeline.decided : timeline.published
        let outcomes = outcomes(source)
        var onWire = PerIntent<Bool>(timeline)
        for outgone in timeline.decided.rows { onWire[outgone.intent] = true }
        var violations: [Violation] = []
        var unsure: [Violation] = []
        var exempt = 0
        for intent in timeline.arrived {
            let key = intent.key
            let found = outcomes[key]
            guard let found else {
                let isLate = intent.stamp.at > close - Scene.tail
                if isLate || isCutOff(at: intent.stamp.at) || onWire[key] != nil {
                    exempt += 1
                } else {
                    let violation = Violation(text: "\(key.id): no outcome", record: intent.stamp.record)
                    if isUndecidable(at: intent.stamp.at) { unsure.append(violation) } else { violations.append(violation) }
                }
                continue
            }
            if let second = found.second {
                violations.append(Violation(text: "\(key.id): \(found.count) outcomes", record: second))
            }
        }
        let contradicted = contradictions(source)
        violations += contradicted.certain + neverArrived() + untimelyEnds()
        unsure = unexplainedEnds.map { $0.violation(since: timeline.start) } + unsure + contradicted.unsure
        var finding = Finding.never(violations, unsure: unsure, of: timeline.arrived.count)
        finding.observed = .bool(violations.isEmpty)
        guard violations.isEmpty, unsure.isEmpty, exempt * 2 > timeline.arrived.count else { return finding }
        return .unknown("more than half of the intents lie where outcomes can't be seen")
    }

    /// Offered, and never seen at the governor's interface: a governor that no longer listens decides nothing.
    private func neverArrived() -> [Violation] {
        var arrived = PerIntent<Bool>(timeline)
        for intent in timeline.arrived.rows { arrived[intent.intent] = true }
        return timeline.offered.filter { offer in
            arrived[offer.key] == nil && offer.stamp.at < close - Scene.tail && !isFeedCut(at: offer.stamp.at)
                && !isUndecidable(at: offer.stamp.at)
        }.map { Violation(text: "\($0.key.id): offered, and never reached the governor", record: $0.stamp.record) }
            .sorted { $0.record < $1.record }
    }

    /// A governor that ends before it is asked to leaves every later intent undecided. That of somebody else has no status.
    private func untimelyEnds() -> [Violation] {
        timeline.all("process").filter {
            $0["name"]?.string == "governor" && $0["event"]?.string == "exited" && $0["expected"]?.bool == false
                && $0["status"]?.integer != nil
        }.map { Violation(text: "the governor ended with status \($0["status"]?.text() ?? "?")", record: $0.stamp.record) }
    }

    private struct Outcomes {
        var count: Int32 = 0
        /// Where the second one is written.
        var second: Place?
    }

    /// How many outcomes each intent has; `withdrawn` follows an outcome and is none.
    private func outcomes(_ all: Packed<OutgoneRow>) -> PerIntent<Outcomes> {
        var found = PerIntent<Outcomes>(timeline)
        for outgone in all.rows where outgone.kind != .withdrawn {
            var known = found[outgone.intent] ?? Outcomes()
            known.count += 1
            if known.count == 2 { known.second = outgone.stamp.record }
            found[outgone.intent] = known
        }
        return found
    }

    /// An outcome written into a connection to Redis that had just died is lost. What was decided after the governor
    /// knew of the cut is published after the reconnect.
    private func isCutOff(at instant: Instant) -> Bool {
        faults.contains { fault in
            guard fault.cuts("store"), let start = fault.firstEffect?.at else { return false }
            return instant >= start - .milliseconds(200) && instant < start + .seconds(2)
        } || isRestarted(at: instant) || isUnmonitored(at: instant)
    }

    /// Nobody hears an intent whose Redis can't be reached, until it has been subscribed to again.
    private func isFeedCut(at instant: Instant) -> Bool {
        faults.contains { fault in
            guard fault.cuts("store"), let start = fault.firstEffect?.at else { return false }
            return instant >= start - .milliseconds(200)
                && fault.effectEnded.map { instant < $0.at + .seconds(2) } ?? true
        } || isRestarted(at: instant) || isUnmonitored(at: instant)
    }

    /// A process that is killed takes along what it had read; one that starts again reads on from there.
    private func isRestarted(at instant: Instant) -> Bool {
        faults.contains { $0.ends("governor") && $0.covers(instant, padding: .seconds(1)) }
    }

    private func isUnmonitored(at instant: Instant) -> Bool {
        timeline.all("monitor").contains {
            $0["event"]?.string == "off" && abs(($0.stamp.at - instant).nanoseconds) < 2_000_000_000
        }
    }

    /// What left under one name.
    private struct Left {
        let first: Stamp
        var newCount: Int32 = 0
        var secondNew: Place?

        init(first: Stamp) { self.first = first }

        mutating func note(_ departure: Departure) {
            guard departure.type == "D", !departure.isPossibleDuplicate else { return }
            newCount += 1
            if newCount == 2 { secondNew = departure.stamp.record }
        }
    }

    /// Claims against the wire. Leaks are judged by `orders_leaked` and by nothing else.
    private func contradictions(_ source: Packed<OutgoneRow>) -> (certain: [Violation], unsure: [Violation]) {
        var left: [String: Left] = [:]
        var leaked: Set<String> = []
        for departure in timeline.departures {
            if leaks.records.contains(departure.stamp.record) {
                leaked.insert(departure.reference)
            } else {
                left[departure.reference, default: Left(first: departure.stamp)].note(departure)
            }
        }
        let withdrawn = Set(source.lazy.filter { $0.kind == .withdrawn }.compactMap(\.intent))
        let accepted = Set(source.lazy.filter { $0.kind == .accept || $0.kind == .reduce }.compactMap(\.intent))
        var violations: [Violation] = []
        for outgone in source where outgone.kind == nil || outgone.cause == nil {
            violations.append(
                Violation(
                    text: "\(outgone.intent ?? "a decision"): action or reason is not in the closed list",
                    record: outgone.stamp.record))
        }
        var unsent: [Outgone] = []
        for outgone in source {
            guard let intent = outgone.intent, outgone.stamp.at < close - Scene.tail else { continue }
            let orders = left[intent]
            switch outgone.kind {
            case .accept, .reduce:
                // In shadow mode it is the promise itself that nothing follows.
                if evidence.scenario.governor.mode == .shadow { continue }
                // Departures come in the order of time.
                let isInTime = orders.map { $0.first.at <= outgone.stamp.at + Scene.orderWithin } ?? false
                guard !isInTime, !withdrawn.contains(intent), !leaked.contains(intent) else { break }
                if orders == nil { unsent.append(outgone) } else { violations.append(neverLeft(outgone)) }
            case .reject:
                // A name that is used again is denied the second time, and the order of the first one left.
                if let orders, !accepted.contains(intent) {
                    violations.append(Violation(text: "\(intent): rejected, but it left", record: orders.first.record))
                }
            default: break
            }
        }
        for (reference, orders) in left where !reference.hasPrefix("flatten-") {
            if let second = orders.secondNew {
                violations.append(Violation(text: "'\(reference)': \(orders.newCount) new orders", record: second))
            }
        }
        let dropped = dropped(unsent)
        violations += dropped.certain
        return (violations.sorted { $0.record < $1.record }, dropped.unsure)
    }

    private func neverLeft(_ outgone: Outgone, _ what: String = "") -> Violation {
        Violation(
            text: "\(outgone.intent ?? "?"): \(outgone.action), but nothing left within 1 s and it was not withdrawn\(what)",
            record: outgone.stamp.record)
    }
}
