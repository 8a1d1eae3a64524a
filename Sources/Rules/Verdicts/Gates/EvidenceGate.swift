// Whether the evidence can bear a verdict. A gap makes it inconclusive; orders on a second path fail it, because
// then somebody went round the wire that everybody watches.

import History
import Messages
import Scenarios
import Units

extension Scene {
    /// Neighbouring offset samples further apart than this show a clock step.
    static let clockStepMaximum: Int64 = 100_000
    /// Ten samples a second are asked for; longer silence leaves a stretch without a clock.
    static let clockSilenceMaximum = Duration.seconds(2)

    func evidenceComplete() -> Finding {
        let second = secondPath()
        guard second.isEmpty else {
            return Finding(
                .fail, observed: false, count: second.count, reason: Violation.text(second),
                records: second.map(\.record))
        }
        var gaps = evidence.defects.map { Violation(text: $0, record: 0) }
        gaps += fileGaps() + sampleGaps() + recordGaps() + clockGaps() + matchGaps()
        gaps += positions.gaps + timeline.malformed
        return Finding(
            gaps.isEmpty ? .pass : .inconclusive, observed: .bool(gaps.isEmpty), count: evidence.history.count,
            reason: gaps.isEmpty ? nil : Violation.text(gaps), records: gaps.map(\.record))
    }

    private func secondPath() -> [Violation] {
        var found = timeline.all("second_path").map { seen in
            Violation(
                text: "second path: \(seen["what"]?.string ?? "?") on \(seen["interface"]?.string ?? "?")",
                record: seen.stamp.record)
        }
        for stats in timeline.all("stats") where found.isEmpty && (stats["second_path"]?.integer ?? 0) > 0 {
            found.append(Violation(text: "orders on a second path", record: stats.stamp.record))
        }
        // The wall stops what the tap would have seen: trying counts.
        for stopped in timeline.all("guard") where (stopped["outgoing_dropped"]?.integer ?? 0) > 0 {
            let count = stopped["outgoing_dropped"]?.integer ?? 0
            found.append(
                Violation(
                    text: "second path: \(count) packets were stopped on their way to control",
                    record: stopped.stamp.record))
        }
        guard found.isEmpty, isCaptureWhole else { return found }
        let left = Set(timeline.departures.map(\.clOrdID))
        for event in timeline.ledger where event.execution.kind == .received && event.execution.msgType == "D" {
            guard !left.contains(event.execution.clOrdID) else { continue }
            found.append(
                Violation(
                    text: "\(event.execution.clOrdID) reached the broker and never passed the tap",
                    record: event.stamp.record))
        }
        return found
    }

    private var isCaptureWhole: Bool {
        guard let stats = timeline.all("stats").last else { return false }
        return ["dropped", "holes", "undecodable"].allSatisfy { stats[$0]?.integer == 0 }
    }

    private func fileGaps() -> [Violation] {
        let present = Set(evidence.files.map(\.path))
        var gaps = Evidence.required.filter { !present.contains($0) }.map { Violation(text: "no \($0)", record: 0) }
        if evidence.history.tornBytes > 0 {
            gaps.append(
                Violation(text: "the history ends in the middle of a line", record: Place(row: evidence.history.count)))
        }
        return gaps
    }

    /// The chain vouches for each sample file by its rows and its hash; a file that it doesn't know proves nothing.
    private func sampleGaps() -> [Violation] {
        let sealed = timeline.all("samples")
        return SampleStream.allCases.compactMap { stream in
            guard let file = evidence.files.first(where: { $0.path == stream.file }) else {
                return Violation(text: "no \(stream.file)", record: 0)
            }
            let end = Place(stream, row: timeline.sampleRows[stream] ?? 0)
            if let defect = timeline.defect(of: stream) { return Violation(text: defect, record: end) }
            guard let seal = sealed.last(where: { $0["file"]?.string == stream.file }) else {
                return Violation(text: "the history does not say how \(stream.file) ended", record: end)
            }
            guard seal["rows"]?.integer == Int64(end.row), seal["sha256"]?.string == file.sha256 else {
                return Violation(text: "\(stream.file) is not what the history says", record: seal.stamp.record)
            }
            return nil
        }
    }

    private func recordGaps() -> [Violation] {
        var gaps: [Violation] = []
        func need(_ type: String, _ what: String) {
            if timeline.all(type).isEmpty { gaps.append(Violation(text: what, record: 0)) }
        }
        need("run", "no record of the run's start")
        need("end", "no record of the run's end")
        need("stats", "no statistics of the tap")
        need("feed_done", "no word from the feed that it is done")
        // In shadow mode the broker has nothing to tell.
        if timeline.ledger.isEmpty, evidence.scenario.governor.mode != .shadow {
            gaps.append(Violation(text: "no drop copy of the broker", record: 0))
        }
        if !timeline.all("monitor").contains(where: { $0["event"]?.string == "on" }) {
            gaps.append(Violation(text: "Redis was never monitored", record: 0))
        }
        for stats in timeline.all("stats") {
            for (key, what) in [
                ("dropped", "packets dropped"), ("holes", "holes"), ("undecodable", "undecodable messages"),
            ] {
                let count = stats[key]?.integer
                if count != 0 {
                    gaps.append(
                        Violation(
                            text: "tap: \(count.map(String.init) ?? "unknown") \(what)", record: stats.stamp.record))
                }
            }
        }
        for seen in timeline.all("monitor") where seen["event"]?.string == "off" && seen.stamp.at < close {
            gaps.append(Violation(text: "a stretch without MONITOR", record: seen.stamp.record))
        }
        for seen in timeline.all("evidence_gap") {
            gaps.append(
                Violation(text: "a gap in what \(seen["source_"]?.string ?? "?") sent", record: seen.stamp.record))
        }
        for seen in timeline.all("torn") {
            gaps.append(Violation(text: "the history was torn in mid-line", record: seen.stamp.record))
        }
        for seen in timeline.all("aborted") {
            gaps.append(Violation(text: "aborted: \(seen["reason"]?.string ?? "?")", record: seen.stamp.record))
        }
        return gaps
    }

    private func clockGaps() -> [Violation] {
        let samples = timeline.clock
        guard samples.count > 1 else { return [Violation(text: "no clock samples", record: 0)] }
        for (before, after) in zip(samples, samples.dropFirst()) {
            let moved = (after.wall - after.at.nanoseconds) - (before.wall - before.at.nanoseconds)
            if moved.magnitude > Scene.clockStepMaximum.magnitude {
                return [Violation(text: "the clock stepped by \(Finding.text(.nanoseconds(moved)))", record: 0)]
            }
            if after.at - before.at > Scene.clockSilenceMaximum {
                return [Violation(text: "no clock sample for \(Finding.text(after.at - before.at))", record: 0)]
            }
        }
        return []
    }

    /// Orders that left and never reached the broker, though nothing stood in their way.
    private func matchGaps() -> [Violation] {
        timeline.departures.compactMap { departure in
            guard ["D", "G", "F"].contains(departure.type),
                !(positions.orders[departure.clOrdID]?.wasReceived ?? false),
                departure.stamp.at < close - Scene.tail, !wasInTheWay(of: departure.stamp.at)
            else { return nil }
            return Violation(
                text: "\(departure.name) left and is not in the broker's log", record: departure.stamp.record)
        }
    }

    private func wasInTheWay(of instant: Instant) -> Bool {
        let hidden = allFaults.contains { $0.fault.kind != .latency && $0.covers(instant, padding: .seconds(3)) }
        let cut = timeline.sessions.contains { span in
            span.end.map { $0.at >= instant - .seconds(1) && $0.at <= instant + .seconds(3) } ?? false
        }
        return hidden || cut
    }
}
