import History
import Messages
import Units

/// How long the governor was ready to run and had no processor, in stretches of about 5 ms. A record is written only
/// where that was a millisecond or more.
struct ProcessorWaits {
    struct Stretch {
        let window: Range<Instant>
        let waited: Duration

        /// `nil` for a record that lacks a figure, or whose stretch has no length.
        init?(_ seen: Observation) {
            guard let from = seen["from_ns"]?.integer, let waited = seen["waited_ns"]?.integer, from < seen.at.nanoseconds
            else { return nil }
            window = Instant(nanoseconds: from)..<seen.at
            self.waited = .nanoseconds(waited)
        }
    }

    /// By time; they don't overlap.
    let stretches: [Stretch]

    init(_ timeline: Timeline) {
        stretches = timeline.processorWaits.sorted { $0.window.lowerBound < $1.window.lowerBound }
    }

    var total: Duration { stretches.reduce(.zero) { $0 + $1.waited } }

    /// What was waited, at the most, while something took its time.
    ///
    /// The kernel counts a wait when it ends, so it may have begun before its stretch, by its own length at the most; and
    /// nothing waits longer than it is there.
    func waited(from start: Instant, to end: Instant) -> Duration {
        var low = stretches.startIndex
        var high = stretches.endIndex
        while low < high {
            let middle = (low + high) / 2
            if stretches[middle].window.upperBound <= start { low = middle + 1 } else { high = middle }
        }
        return stretches[low...].prefix { $0.window.lowerBound <= end }.reduce(.zero) { sum, stretch in
            let began = max(start, stretch.window.lowerBound - stretch.waited)
            return sum + min(stretch.waited, max(.zero, min(end, stretch.window.upperBound) - began))
        }
    }
}
