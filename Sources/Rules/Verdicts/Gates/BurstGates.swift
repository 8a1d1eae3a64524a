import Messages
import Scenarios
import Units

extension Scene {
    /// Reads of each store, while positions moved, without which their agreement says little.
    static let readsMinimum = 100
    /// Refusals that speak of the governor's situation, not of the order: they show no check at work.
    private static let circumstances: Set<String> = Set(
        [
            Decision.Reason.paused, .criticalPaused, .killed, .sessionDown, .notReconciled, .storeUnavailable,
            .pathBackedUp, .staleFeed, .halted, .noReference, .reduceOnly, .decisionStale,
        ].map(\.rawValue))

    private struct Probe {
        let tick: Int64
        /// Among those offered.
        let place: Int32
        let reason: Decision.Reason
        /// Whether it was over its limit whatever became of the orders before it, or all of those stood.
        let isCertain: Bool
    }

    /// The intents of one purpose, by id.
    private func offered(as purpose: Purpose) -> [(key: IntentKey, offer: OfferedIntent)] {
        timeline.offered.filter { $0.purpose == purpose }.map { ($0.key, $0) }.sorted { $0.0.tick < $1.0.tick }
    }

    /// The departures of an intent's new orders: each names the intent as its own.
    private var newOrders: [String: [Int]] {
        var found: [String: [Int]] = [:]
        for (place, departure) in timeline.departures.enumerated()
        where departure.type == "D" && !departure.isPossibleDuplicate {
            found[departure.reference, default: []].append(place)
        }
        return found
    }

    /// Of the counted changes, the share that the broker executed in full; partly is not executed.
    func executionRate(_ minimum: Figure) -> Finding {
        let changes = offered(as: .change)
        guard !changes.isEmpty else { return .unknown("no position change was offered") }
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        let left = newOrders
        let departures = timeline.departures
        let missed = changes.filter { change in
            !(left[change.key.id] ?? []).contains {
                (positions.orders[departures[$0].clOrdID]?.cumulative ?? .zero) >= change.offer.quantity
            }
        }
        let executed = changes.count - missed.count
        func rate(of count: Int) -> Double { 100 * Double(executed) / Double(max(1, count)) }
        let named = missed.prefix(5).map(\.key.id).joined(separator: ", ")
        let text = "\(missed.count) of \(changes.count) position changes not executed in full: \(named)"
        let isEnough = GateName.executionRate.comparator.holds(rate(of: changes.count), minimum)
        guard !isEnough else {
            return Finding(.pass, observed: .real(rate(of: changes.count)), count: changes.count, reason: text)
        }
        let excused = rightlyRefused(missed.map(\.key))
        let wouldBeEnough =
            excused == changes.count
            || GateName.executionRate.comparator.holds(rate(of: changes.count - excused), minimum)
        let pace = ", \(excused) of them rightly: their book was not fresh, so the machine is too slow for this burst"
        return Finding(
            wouldBeEnough ? .inconclusive : .fail, observed: .real(rate(of: changes.count)), count: changes.count,
            reason: excused == 0 ? text : text + pace, records: missed.map(\.offer.stamp.record))
    }

    /// How many of these were refused for a stale feed while the book of their own symbol was stale.
    private func rightlyRefused(_ missed: [IntentKey]) -> Int {
        // Without limits nothing is excused.
        guard let age = try? RiskLimits(evidence.limits).quoteAge else { return 0 }
        let keys = Set(missed)
        let books = BooksBefore(timeline, ageMaximum: age)
        let offered = timeline.offered
        let refused = timeline.decided.compactMap { outgone -> IntentKey? in
            guard outgone.cause == .staleFeed, let key = outgone.key, keys.contains(key) else { return nil }
            return books.wereStale(offered[key]?.symbol ?? "", for: outgone) ? key : nil
        }
        return Set(refused).count
    }

    /// New orders between the packet that carried them and the first answer to them at the governor's interface.
    func ordersInFlightPeak(_ minimum: Int64) -> Finding {
        let sent = timeline.departures.filter { $0.type == "D" && !$0.isPossibleDuplicate }
        guard !sent.isEmpty else { return .unknown("no order left") }
        var answers: [String: Instant] = [:]
        for message in timeline.messages where message.isInbound && message.type == "8" && !message.clOrdID.isEmpty {
            if answers[message.clOrdID] == nil { answers[message.clOrdID] = message.stamp.at }
        }
        var steps: [(at: Instant, change: Int)] = []
        for order in sent {
            steps.append((order.stamp.at, 1))
            if let answer = answers[order.clOrdID] { steps.append((max(answer, order.stamp.at), -1)) }
        }
        // An answer at the same instant comes first: two orders were not in flight together then.
        steps.sort { ($0.at, $0.change) < ($1.at, $1.change) }
        var count = 0
        var peak = 0
        for step in steps {
            count += step.change
            peak = max(peak, count)
        }
        let isEnough = Int64(peak) >= minimum
        return Finding(
            isEnough ? .pass : .inconclusive, observed: .integer(Int64(peak)), count: sent.count,
            reason: isEnough ? nil : "at most \(peak) orders in flight at once, at least \(minimum) make it a burst")
    }

    /// Limits that only the orders before a probe fill.
    private static let filledLimits: Set<Decision.Reason> = [
        .maxPosition, .grossExposure, .netExposure, .openOrders, .messageRate, .duplicateContent, .repeatedExecution,
        .selfTrade,
    ]

    /// Whether all that was to fill the limits was accepted, and nothing of it called off: else a probe of such a limit
    /// may have had room. What left over a limit all the same is `risk_limit_breaches`. Only a burst and a flood fill
    /// their limits, and a flood that was sent in time has no such excuse.
    private var limitsAreFull: Bool {
        switch evidence.scenario.load.strategy {
        case .burst: break
        case .flood: if lateness.outcome == .pass { return true }
        case .cycle, .dipBuyer: return true
        }
        let offered = timeline.offered
        return !(timeline.published.isEmpty ? timeline.decided : timeline.published).contains { outgone in
            guard outgone.kind == .reject || outgone.kind == .withdrawn, let key = outgone.key else { return false }
            return offered[key].map { $0.isAdmissible && $0.kind == .new } ?? false
        }
    }

    /// Every over-limit probe was denied by the check that it breaks, from phase `drive` on: before, a governor may
    /// still be paused.
    func probesDenied() -> Finding {
        guard let from = driving?.lowerBound else { return .unknown("the drill never came to the phase drive") }
        let isFull = limitsAreFull
        let offered = timeline.offered
        let probes = offered.enumerated().lazy.compactMap { place, offer -> Probe? in
            guard case .probe(let reason) = offer.purpose, offer.stamp.at >= from, offer.stamp.at < close - Scene.tail
            else { return nil }
            let isCertain = isFull || !Scene.filledLimits.contains(reason)
            return Probe(tick: offer.key.tick, place: Int32(place), reason: reason, isCertain: isCertain)
        }.sorted { $0.tick < $1.tick }
        guard !probes.isEmpty else { return .unknown("no over-limit probe was offered") }
        // A flood knows what an order meets only while answers come in time: late, another check may be first.
        let isLate = evidence.scenario.load.strategy == .flood && lateness.outcome != .pass
        let left = newOrders
        let departures = timeline.departures.rows
        let outgoing = timeline.published.isEmpty ? timeline.decided : timeline.published
        var outcomes = PerIntent<Int32>(timeline)
        for (place, outgone) in outgoing.rows.enumerated() where outcomes[outgone.intent] == nil {
            outcomes[outgone.intent] = Int32(place)
        }
        var violations: [Violation] = []
        var unsure: [Violation] = []
        for probe in probes {
            let (key, reason) = (offered[Int(probe.place)].key, probe.reason.rawValue)
            if let order = left[key.id]?.first {
                let record = departures[order].stamp.record
                let violation = Violation(text: "\(key.id): over \(reason), and left", record: record)
                if probe.isCertain { violations.append(violation) } else { unsure.append(violation) }
            } else if let outcome = outcomes[key].map({ outgoing[Int($0)] }) {
                guard outcome.action != "reject" || outcome.reason != reason else { continue }
                let text = "\(key.id): over \(reason), outcome \(outcome.action) for \(outcome.reason)"
                let violation = Violation(text: text, record: outcome.stamp.record)
                let isOutside = outcome.action == "reject" && (isLate || Scene.circumstances.contains(outcome.reason))
                if isOutside || !probe.isCertain { unsure.append(violation) } else { violations.append(violation) }
            } else {
                unsure.append(Violation(text: "\(key.id): no outcome", record: offered[Int(probe.place)].stamp.record))
            }
        }
        var finding = Finding.never(violations, unsure: unsure, of: probes.count)
        finding.observed = .bool(violations.isEmpty && unsure.isEmpty)
        return finding
    }
}
