import History
import Messages
import Scenarios
import Units

extension Scene {
    /// Network latency above this, for long enough, asks for a flattening.
    static let flatteningLatency = Duration.milliseconds(120)

    private var decisions: Packed<OutgoneRow> { timeline.decided.isEmpty ? timeline.published : timeline.decided }

    private var announcements: [Outgone] {
        decisions.filter { $0.kind == .flatten && $0.cause == .sustainedLatency }
    }

    /// Latency that reaches the governor's measurements.
    private var slowdowns: [FaultEvidence] {
        faults.filter { $0.fault.kind == .latency && ($0.fault.delay ?? .zero) > Scene.flatteningLatency }
    }

    /// Announced between `low` and `high` of latency, then a verified reducing order, then flat; never for less.
    func positionFlatteningTriggered(_ low: Duration, _ high: Duration) -> Finding {
        guard !slowdowns.isEmpty else { return .unknown("the scenario has no latency above 120 ms") }
        var explained: Set<Place> = []
        var result = Finding.unknown("no latency lasted \(low.written)")
        for slowdown in slowdowns {
            guard let start = slowdown.firstEffect else { return .unknown("\(slowdown.fault.id): no first effect seen") }
            let until = (slowdown.effectEnded?.at ?? timeline.end) + .seconds(1)
            let own = announcements.filter { $0.stamp.at >= start.at && $0.stamp.at < until }
            guard slowdown.fault.duration >= low else {
                let orders = timeline.departures.filter { $0.isOfFlattening && $0.stamp.at >= start.at && $0.stamp.at < until }
                if let early = own.first?.stamp ?? orders.first?.stamp {
                    return flatteningFailure("flattened after \(Finding.text(early.at - start.at)) of a latency that lasted only "
                        + slowdown.fault.duration.written, [start.record, early.record])
                }
                continue
            }
            explained.formUnion(own.map(\.stamp.record))
            result = flattening(slowdown, start: start, own.first, low, high)
            guard result.outcome == .pass else { return result }
        }
        if result.outcome == .pass, let stray = announcements.first(where: { !explained.contains($0.stamp.record) }) {
            return flatteningFailure("announced where no latency asked for it", [stray.stamp.record])
        }
        return result
    }

    private func flatteningFailure(_ reason: String, _ records: [Place]) -> Finding {
        Finding(.fail, observed: false, count: 1, reason: reason, records: records)
    }

    private func flattening(
        _ slowdown: FaultEvidence, start: Stamp, _ decision: Outgone?, _ low: Duration, _ high: Duration
    ) -> Finding {
        guard let decision else { return flatteningFailure("never announced after \(slowdown.fault.id)", [start.record]) }
        var records = [start.record, decision.stamp.record]
        if let finding = timing(decision.stamp, start, low, high, "announced", records) { return finding }
        let held = positions.state(at: decision.stamp.at).positions
        if !held.isEmpty {
            guard let order = firstReducingOrder(after: decision.stamp.at) else {
                return flatteningFailure("announced, but no verified reducing order followed", records)
            }
            records.append(order.stamp.record)
            let wasCut = timeline.sessions.contains { span in
                span.end.map { $0.at >= start.at - .seconds(1) && $0.at <= order.stamp.at } ?? false
            }
            // With the session down in between, the order can only follow the reconnect.
            if !wasCut, let finding = timing(order.stamp, start, low, high, "first reducing order left", records) {
                return finding
            }
        }
        let until = endOfPause(after: decision.stamp.at)
        guard let flat = positions.firstFlat(from: decision.stamp.at), flat.at <= until else {
            return flatteningFailure("announced, but the position was not flat by the broker's ledger", records)
        }
        if let record = flat.record { records.append(record) }
        return Finding(.pass, observed: true, count: 1, records: records)
    }

    /// `nil` when it lies surely within the range.
    private func timing(
        _ stamp: Stamp, _ start: Stamp, _ low: Duration, _ high: Duration, _ what: String, _ records: [Place]
    ) -> Finding? {
        let taken = stamp.at - start.at
        let blur = stamp.uncertainty + start.uncertainty
        if taken >= low + blur && taken <= high - blur { return nil }
        let reason = "\(what) after \(Finding.text(taken)) of latency, expected \(low.written)..\(high.written)"
        if taken < low - blur || taken > high + blur { return flatteningFailure(reason, records) }
        return .unknown("\(reason), ± \(blur.written)", records: records)
    }

    private func firstReducingOrder(after instant: Instant) -> Departure? {
        timeline.departures.first {
            $0.stamp.at >= instant && $0.type == "D" && leaks.verified.contains($0.stamp.record)
        }
    }
}
