import Units

/// How late each event left, and what quantiles that makes. Exact: every sample is kept, eight bytes each.
package struct Lateness: Sendable {
    private var samples: [Int64] = []
    /// Sorted up to here; asking twice doesn't sort twice.
    private var isSorted = true

    package init() {}

    package var count: Int { samples.count }

    package mutating func record(due: Instant, sent: Instant) {
        samples.append((sent - due).nanoseconds)
        isSorted = false
    }

    /// The smallest sample that at least `perMille` of 1,000 don't exceed (nearest rank). `nil` without samples.
    package mutating func quantile(perMille: Int) -> Duration? {
        guard !samples.isEmpty else { return nil }
        if !isSorted {
            samples.sort()
            isSorted = true
        }
        let rank = (samples.count * perMille + 999) / 1_000
        return .nanoseconds(samples[min(samples.count, max(1, rank)) - 1])
    }

    package mutating func maximum() -> Duration? { quantile(perMille: 1_000) }
}
