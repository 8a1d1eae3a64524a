import Units

/// The round trips of one kind of probe: the median of the last five, where a probe that is still unanswered counts
/// at its present age as soon as that exceeds the median.
package struct RoundTrips: Sendable {
    static let window = 5
    /// Probes in flight remembered; more than that means that the path is gone, not slow.
    static let inFlightMaximum = 64

    private var answered: [Duration] = []
    private var inFlight: [(id: Int64, sent: Instant)] = []
    package private(set) var lastAnswer: Instant?

    package init() {}

    package mutating func sent(_ id: Int64, at now: Instant) {
        inFlight.append((id, now))
        if inFlight.count > RoundTrips.inFlightMaximum { inFlight.removeFirst() }
    }

    package mutating func answered(_ id: Int64, at now: Instant) {
        guard let index = inFlight.firstIndex(where: { $0.id == id }) else { return }
        answered.append(now - inFlight[index].sent)
        // Answers come in order: an older probe that has none by now will get none.
        inFlight.removeSubrange(...index)
        if answered.count > RoundTrips.window { answered.removeFirst() }
        lastAnswer = now
    }

    package mutating func restart() { self = RoundTrips() }

    package func median(at now: Instant) -> Duration? {
        var samples = answered
        for probe in inFlight {
            let age = now - probe.sent
            guard let median = RoundTrips.middle(samples) else {
                samples.append(age)
                continue
            }
            guard age > median else { break }
            if samples.count >= RoundTrips.window { samples.removeFirst() }
            samples.append(age)
        }
        return RoundTrips.middle(samples)
    }

    private static func middle(_ samples: [Duration]) -> Duration? {
        samples.isEmpty ? nil : samples.sorted()[samples.count / 2]
    }
}

/// Network latency, and since when it is too high.
///
/// Only time that counts is added up: above the maximum, while Redis answers at all. One second below starts it over.
package struct LatencyMonitor: Sendable {
    package let timing: Timing
    package var redis = RoundTrips()
    package var broker = RoundTrips()
    package private(set) var highFor: Duration = .zero
    private var belowSince: Instant?
    private var lastLook: Instant?
    package private(set) var isSustained = false
    package private(set) var current: Duration?

    package init(timing: Timing) { self.timing = timing }

    package var isHigh: Bool { current.map { $0 > timing.latencyMaximum } ?? false }

    /// Looks at the clock; says whether the latency has just become sustained.
    package mutating func look(at now: Instant, sessionUp: Bool) -> Bool {
        let passed = lastLook.map { now - $0 } ?? .zero
        lastLook = now
        let medians = [redis.median(at: now), sessionUp ? broker.median(at: now) : nil].compactMap { $0 }
        current = medians.max()
        guard let current else { return false }
        guard current > timing.latencyMaximum else {
            let since = belowSince ?? now
            belowSince = since
            if now - since >= timing.latencyForgiven {
                highFor = .zero
                isSustained = false
            }
            return false
        }
        belowSince = nil
        let reachable = redis.lastAnswer.map { now - $0 < .seconds(1) } ?? false
        if reachable { highFor += passed }
        guard highFor >= timing.latencySustained, !isSustained else { return false }
        isSustained = true
        return true
    }
}
