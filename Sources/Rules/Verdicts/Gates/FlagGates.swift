import History
import Messages
import Scenarios
import Units

extension Scene {
    private var raises: [FlagChange] {
        // A governor that outlives the drill sees the rig go, and that is no part of it.
        timeline.flags.filter { $0.key == "critical_pause" && $0.isPaused && $0.by == "governor" && $0.stamp.at < close }
    }

    /// Episodes that must raise the flag: all but those that only slow things down.
    private var alarming: [Episode] {
        let some = episodes.filter { !$0.faults.allSatisfy(\.isPureLatency) }
        return some.isEmpty ? episodes : some
    }

    private func isLatched(at instant: Instant) -> Bool {
        timeline.flags.last { $0.key == "critical_pause" && $0.stamp.at < instant }?.isPaused ?? false
    }

    /// The governor's write that answers an episode: before the operator resumes after it.
    private func raise(in episode: Episode) -> FlagChange? {
        let until = endOfPause(after: episode.end?.at ?? episode.start.at)
        return raises.first { $0.stamp.at >= episode.start.at && $0.stamp.at <= until }
    }

    func criticalPauseFlagRaised() -> Finding {
        guard !alarming.isEmpty else { return .unknown("no fault had an effect") }
        var records: [Place] = []
        for episode in alarming {
            if isLatched(at: episode.start.at) {
                return .unknown(
                    "the critical pause was set already when the fault began", records: [episode.start.record])
            }
            guard let raise = raise(in: episode) else {
                let names = episode.faults.map(\.fault.id).joined(separator: ", ")
                return Finding(
                    .fail, observed: false, count: alarming.count, reason: "never raised after \(names)",
                    records: [episode.start.record])
            }
            records += [episode.start.record, raise.stamp.record]
        }
        return Finding(.pass, observed: true, count: alarming.count, records: records)
    }

    func pauseFlagDelay(_ limit: Duration) -> Finding {
        guard !alarming.isEmpty else { return .unknown("no fault had an effect") }
        var findings: [(Duration, Finding)] = []
        for episode in alarming {
            if isLatched(at: episode.start.at) {
                return .unknown(
                    "the critical pause was set already when the fault began", records: [episode.start.record])
            }
            guard let raise = raise(in: episode) else {
                return Finding(
                    .fail, count: alarming.count, reason: "never raised, allowed \(limit.written)",
                    records: [episode.start.record])
            }
            let taken = raise.stamp.at - episode.start.at
            findings.append(
                (
                    taken,
                    .within(
                        limit, observed: taken, uncertainty: raise.stamp.uncertainty + episode.start.uncertainty,
                        what: "raised", records: [episode.start.record, raise.stamp.record])
                ))
        }
        return findings.max { $0.0 < $1.0 }?.1 ?? .unknown("no fault had an effect")
    }

    func noFlagWithoutFault() -> Finding {
        // What an aborted drill's taking down does to a governor that lives on is not the governor's fault.
        let start = allFaults.compactMap { $0.firstEffect?.at }.min() ?? timeline.end
        let until = min(start, timeline.all("aborted").first?.stamp.at ?? start)
        let early = raises.filter { $0.stamp.at < until }
        func violation(_ raise: FlagChange) -> Violation {
            Violation(
                text: "raised \(Finding.text(until - raise.stamp.at)) before any fault", record: raise.stamp.record)
        }
        return .never(
            early.filter { !isUndecidable(at: $0.stamp.at) }.map(violation),
            unsure: early.filter { isUndecidable(at: $0.stamp.at) }.map(violation), of: timeline.flags.count)
    }

    func noFlagOnLatency() -> Finding {
        let slow = episodes.filter { $0.faults.allSatisfy(\.isPureLatency) }
        guard !slow.isEmpty else { return .unknown("no fault only slowed things down") }
        let found = raises.filter { raise in
            slow.contains {
                raise.stamp.at >= $0.start.at && raise.stamp.at <= ($0.end?.at ?? timeline.end) + .seconds(2)
            }
        }
        func violation(_ raise: FlagChange) -> Violation {
            Violation(text: "raised by latency alone", record: raise.stamp.record)
        }
        return .never(
            found.filter { !isUndecidable(at: $0.stamp.at) }.map(violation),
            unsure: found.filter { isUndecidable(at: $0.stamp.at) }.map(violation), of: slow.count)
    }

    func latchKept() -> Finding {
        var latched = false
        var lost: [Violation] = []
        var unsure: [Violation] = []
        var raised = 0
        for change in timeline.flags where change.key == "critical_pause" {
            if change.isPaused && change.value != "absent" {
                raised += latched ? 0 : 1
                latched = true
                continue
            }
            guard latched else { continue }
            latched = false
            let violation = Violation(text: "\(change.value) written by \(change.by)", record: change.stamp.record)
            if change.by == "unknown" {
                unsure.append(violation)
            } else if change.by != "operator" {
                lost.append(violation)
            }
        }
        var finding = Finding.never(lost, unsure: unsure, of: raised)
        finding.isVacuous = raised == 0
        return finding
    }

    /// After Redis was out of reach for more than a second, the first connection raises the flag.
    func criticalPauseAfterOutage(_ limit: Duration) -> Finding {
        let outages = faults.filter { fault in
            guard fault.cuts("store"), let start = fault.firstEffect, let end = fault.effectEnded else { return false }
            return end.at - start.at > PauseRule.unreadableAfter
        }
        var findings: [(Duration, Finding)] = []
        for outage in outages {
            guard let end = outage.effectEnded, let start = outage.firstEffect else { continue }
            // A flag that was set already needs no raising.
            if pauses.contains(where: {
                $0.kind != .unreadable && $0.setAt.at < start.at && $0.clearedAt.map { $0.at > end.at } ?? true
            }) {
                continue
            }
            guard let raise = raises.first(where: { $0.stamp.at >= start.at }) else {
                return Finding(.fail, reason: "never raised after \(outage.fault.id)", records: [end.record])
            }
            let taken = max(.zero, raise.stamp.at - end.at)
            findings.append(
                (
                    taken,
                    .within(
                        limit, observed: taken, uncertainty: raise.stamp.uncertainty + end.uncertainty, what: "raised",
                        records: [end.record, raise.stamp.record])
                ))
        }
        return findings.max { $0.0 < $1.0 }?.1 ?? .unknown("no store outage of more than 1 s without a flag set before")
    }
}
