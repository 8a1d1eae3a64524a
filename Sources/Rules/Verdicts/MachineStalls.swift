import Messages
import Units

/// How often and how long the machine stood still while a run was recorded, as the observer's stall meter saw it. It
/// explains lateness and excuses none: no outcome depends on it.
struct MachineStalls {
    struct Stall {
        let at: Instant
        let lasted: Duration
    }

    let threshold: Duration
    let count: Int64
    let total: Duration
    let longest: Duration
    /// The longest ones, by their instants.
    let kept: [Stall]
    /// Without it a meter that is late says also that others were running.
    let isRealTime: Bool

    /// `nil` where a figure is missing: half a record explains nothing.
    init?(_ record: Named) {
        func duration(_ field: String) -> Duration? { record[field]?.integer.map { .nanoseconds($0) } }
        guard let threshold = duration("threshold_ns"), let total = duration("total_ns"),
            let longest = duration("longest_ns"), let count = record["count"]?.integer,
            let isRealTime = record["sched_fifo"]?.bool, let kept = record["longest"]?.array
        else { return nil }
        self.threshold = threshold
        self.count = count
        self.total = total
        self.longest = longest
        self.isRealTime = isRealTime
        self.kept = kept.compactMap { stall -> Stall? in
            guard let at = stall["t"]?.integer, let lasted = stall["lasted_ns"]?.integer else { return nil }
            return Stall(at: Instant(nanoseconds: at), lasted: .nanoseconds(lasted))
        }.sorted { $0.at < $1.at }
    }
}

extension Scene {
    var machineStalls: MachineStalls? { timeline.all("stalls").last.flatMap { MachineStalls($0) } }

    /// `null` without a meter.
    var machineStallMeasurements: [JSON.Member] {
        let stalls = machineStalls
        let longest = stalls?.kept.max { $0.lasted < $1.lasted }
        func milliseconds(_ duration: Duration?) -> JSON { duration.map { .real($0.milliseconds) } ?? .null }
        return [
            .init("machine_stalls", .optional(stalls?.count)),
            .init("machine_stalls_threshold_ms", milliseconds(stalls?.threshold)),
            .init("machine_stalls_total_ms", milliseconds(stalls?.total)),
            .init("machine_stalls_longest_ms", milliseconds(stalls?.longest)),
            .init("machine_stalls_longest_at_s", longest.map { .real(($0.at - timeline.start).seconds) } ?? .null),
        ]
    }

    /// What the machine did while something was late, in words; `nil` without a meter.
    func stillness(in window: Range<Instant>) -> String? {
        guard let stalls = machineStalls else { return nil }
        let met = stalls.kept.filter { $0.at < window.upperBound && $0.at + $0.lasted > window.lowerBound }
        let subject = stalls.isRealTime ? "the machine" : "the stall meter, which has no real-time priority,"
        guard let longest = met.max(by: { $0.lasted < $1.lasted }) else {
            return "\(subject) did not stand still for more than \(stalls.threshold.written) meanwhile"
        }
        let total = met.reduce(Duration.zero) { $0 + $1.lasted }
        func text(_ duration: Duration) -> String { "\(JSON.real(duration.milliseconds).text()) ms" }
        let more = met.count > 1 ? ", the longest of \(met.count) times and \(text(total))" : ""
        return "\(subject) stood still for \(text(longest.lasted)) at "
            + "\(JSON.real((longest.at - timeline.start).seconds).text()) s of the run\(more)"
    }
}
