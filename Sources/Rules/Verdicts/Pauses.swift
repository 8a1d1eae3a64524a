// When the governor was bound to send nothing that can increase risk, and since when that counts.

import Messages
import Units

struct Pause: Sendable {
    enum Kind: Hashable, Sendable {
        /// Raised by the governor itself: no grace at all.
        case governors
        /// Set by somebody else: counts from the governor's acknowledgement, or from T + 50 ms + the proven delay.
        case operators
        /// Redis was cut off for more than a second.
        case unreadable
    }

    let kind: Kind
    let key: String
    /// Redis executed the write; for `unreadable`, first effect + 1 s.
    let setAt: Stamp
    /// Leaks count from here.
    let countsFrom: Stamp
    let acknowledgedAt: Stamp?
    let clearedAt: Stamp?

    enum Inside: Sendable { case yes, no, unsure }

    /// Whether an order that left at `stamp` left while this pause counted.
    func contains(_ stamp: Stamp) -> Inside {
        let afterStart = Pause.order(stamp, countsFrom)
        guard let clearedAt else { return afterStart }
        let afterEnd = Pause.order(stamp, clearedAt)
        if afterStart == .no || afterEnd == .yes { return .no }
        return afterStart == .yes && afterEnd == .no ? .yes : .unsure
    }

    /// Whether `stamp` is at or after `bound`. Two stamps nearer than both their uncertainties can't be told apart.
    private static func order(_ stamp: Stamp, _ bound: Stamp) -> Inside {
        let distance = stamp.at - bound.at
        let blur = stamp.uncertainty + bound.uncertainty
        if distance < .zero - blur { return .no }
        // With no uncertainty at all, the same instant is "at pause set".
        if distance >= blur { return .yes }
        return .unsure
    }
}

enum PauseRule {
    static let propagation = Duration.milliseconds(50)
    static let unreadableAfter = Duration.seconds(1)

    static func pauses(_ timeline: Timeline, _ faults: [FaultEvidence]) -> [Pause] {
        var pauses: [Pause] = []
        for key in ["pause", "critical_pause"] {
            var open: FlagChange?
            for change in timeline.flags where change.key == key {
                if change.isPaused, open == nil { open = change }
                guard !change.isPaused, let set = open else { continue }
                pauses.append(pause(set, clearedAt: change.stamp, timeline, faults))
                open = nil
            }
            if let set = open { pauses.append(pause(set, clearedAt: nil, timeline, faults)) }
        }
        for fault in faults where fault.cuts("store") { pauses += unreadable(fault) }
        return pauses.sorted { $0.setAt.at < $1.setAt.at }
    }

    private static func pause(
        _ set: FlagChange, clearedAt: Stamp?, _ timeline: Timeline, _ faults: [FaultEvidence]
    ) -> Pause {
        guard set.by != "governor" else {
            return Pause(
                kind: .governors, key: set.key, setAt: set.stamp, countsFrom: set.stamp, acknowledgedAt: set.stamp,
                clearedAt: clearedAt)
        }
        let until = clearedAt?.at ?? timeline.end + .nanoseconds(1)
        let acknowledged = timeline.states.first {
            $0.by == "governor" && $0.stamp.at >= set.stamp.at && $0.stamp.at < until && ["PAUSED", "KILLED"].contains($0.state)
        }?.stamp
        let grace = propagation + delay(at: set.stamp.at, faults)
        let latest = Stamp(at: set.stamp.at + grace, uncertainty: set.stamp.uncertainty, record: set.stamp.record)
        let from = acknowledged.map { $0.at < latest.at ? $0 : latest } ?? latest
        return Pause(
            kind: .operators, key: set.key, setAt: set.stamp, countsFrom: from, acknowledgedAt: acknowledged,
            clearedAt: clearedAt)
    }

    private static func unreadable(_ fault: FaultEvidence) -> [Pause] {
        guard let start = fault.firstEffect else { return [] }
        let from = Stamp(at: start.at + unreadableAfter, uncertainty: start.uncertainty, record: start.record)
        // The first answered read isn't on record; the end of the cut is, and is never later.
        guard fault.effectEnded.map({ $0.at > from.at }) ?? true else { return [] }
        return [
            Pause(
                kind: .unreadable, key: "unreadable", setAt: from, countsFrom: from, acknowledgedAt: nil,
                clearedAt: fault.effectEnded)
        ]
    }

    /// The proven one-way delay into the governor at an instant.
    static func delay(at instant: Instant, _ faults: [FaultEvidence]) -> Duration {
        faults.filter { $0.isProven && $0.covers(instant) }.compactMap(\.fault.delay).reduce(.zero) { $0 + $1 }
    }
}
