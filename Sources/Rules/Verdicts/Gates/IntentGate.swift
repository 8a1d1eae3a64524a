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
        let outcomes = grouped(source)
        let onWire = grouped(timeline.decided)
        var violations: [Violation] = []
        var exempt = 0
        for intent in timeline.arrived {
            let key = intent.key
            let found = (outcomes[key] ?? []).filter { $0.action != "withdrawn" }
            if found.isEmpty {
                let isLate = intent.stamp.at > close - Scene.tail
                if isLate || isCutOff(at: intent.stamp.at) || onWire[key] != nil {
                    exempt += 1
                } else {
                    violations.append(Violation(text: "\(key.id): no outcome", record: intent.stamp.record))
                }
            } else if found.count > 1 {
                violations.append(Violation(text: "\(key.id): \(found.count) outcomes", record: found[1].stamp.record))
            }
        }
        violations += contradictions(source) + neverArrived() + untimelyEnds()
        var finding = Finding.never(violations, of: timeline.arrived.count)
        finding.observed = .bool(violations.isEmpty)
        guard violations.isEmpty, exempt * 2 > timeline.arrived.count else { return finding }
        return .unknown("more than half of the intents lie where outcomes can't be seen")
    }

    /// Offered, and never seen at the governor's interface: a governor that no longer listens decides nothing.
    private func neverArrived() -> [Violation] {
        let arrived = Set(timeline.arrived.map(\.key))
        return timeline.offered.filter { key, offer in
            !arrived.contains(key) && offer.stamp.at < close - Scene.tail && !isCutOff(at: offer.stamp.at)
        }.map { Violation(text: "\($0.key.id): offered, and never reached the governor", record: $0.value.stamp.record) }
            .sorted { $0.record < $1.record }
    }

    /// A governor that ends before it is asked to leaves every later intent undecided.
    private func untimelyEnds() -> [Violation] {
        timeline.all("process").filter {
            $0["name"]?.string == "governor" && $0["event"]?.string == "exited" && $0["expected"]?.bool == false
        }.map { Violation(text: "the governor ended with status \($0["status"]?.text() ?? "?")", record: $0.stamp.record) }
    }

    private func grouped(_ all: [Outgone]) -> [IntentKey: [Outgone]] {
        var groups: [IntentKey: [Outgone]] = [:]
        for outgone in all {
            guard let intent = outgone.intent, let tick = outgone.tick else { continue }
            groups[IntentKey(id: intent, tick: tick), default: []].append(outgone)
        }
        return groups
    }

    /// What Redis had not acknowledged at a cut is exempt.
    private func isCutOff(at instant: Instant) -> Bool {
        faults.contains { $0.cuts("store") && $0.covers(instant, padding: .seconds(2)) }
            || timeline.all("monitor").contains {
                $0["event"]?.string == "off" && abs(($0.stamp.at - instant).nanoseconds) < 2_000_000_000
            }
    }

    /// An order written into a connection that is dead already is numbered and lost, without ever leaving: the
    /// broker's path was cut, or its session ended within the time that an order has to leave.
    private func isPathDead(at instant: Instant) -> Bool {
        faults.contains { $0.cuts("broker") && $0.covers(instant, padding: Scene.orderWithin) }
            || timeline.sessions.contains { span in
                span.end.map { abs(($0.at - instant).nanoseconds) < Scene.orderWithin.nanoseconds } ?? false
            }
    }

    /// Claims against the wire. Leaks are judged by `orders_leaked` and by nothing else.
    private func contradictions(_ source: [Outgone]) -> [Violation] {
        var left: [String: [Departure]] = [:]
        for departure in timeline.departures where !leaks.records.contains(departure.stamp.record) {
            left[departure.reference, default: []].append(departure)
        }
        let leaked = Set(timeline.departures.filter { leaks.records.contains($0.stamp.record) }.map(\.reference))
        let withdrawn = Set(source.filter { $0.action == "withdrawn" }.compactMap(\.intent))
        var violations: [Violation] = []
        for outgone in source {
            guard let intent = outgone.intent, outgone.stamp.at < close - Scene.tail else { continue }
            let orders = left[intent] ?? []
            switch outgone.action {
            case "accept", "reduce":
                // In shadow mode it is the promise itself that nothing follows.
                if evidence.scenario.governor.mode == .shadow { continue }
                let isInTime = orders.contains { $0.stamp.at <= outgone.stamp.at + Scene.orderWithin }
                let isLost = orders.isEmpty && (isCutOff(at: outgone.stamp.at) || isPathDead(at: outgone.stamp.at))
                if !isInTime, !withdrawn.contains(intent), !leaked.contains(intent), !isLost {
                    violations.append(
                        Violation(
                            text: "\(intent): \(outgone.action), but nothing left within 1 s and it was not withdrawn",
                            record: outgone.stamp.record))
                }
            case "reject":
                if let order = orders.first {
                    violations.append(Violation(text: "\(intent): rejected, but it left", record: order.stamp.record))
                }
            default: break
            }
        }
        for (reference, orders) in left where !reference.hasPrefix("flatten-") {
            let new = orders.filter { $0.type == "D" && !$0.isPossibleDuplicate }
            if new.count > 1 {
                violations.append(
                    Violation(text: "'\(reference)': \(new.count) new orders", record: new[1].stamp.record))
            }
        }
        return violations.sorted { $0.record < $1.record }
    }
}
