// The probe flow from one sender: what came, when it left there, and how long it took.

import Units

package struct ProbeSample: Hashable, Sendable {
    package let sequence: UInt64
    /// The sender's stamp, just before it sent.
    package let sent: Instant
    package let received: Instant

    package init(sequence: UInt64, sent: Instant, received: Instant) {
        self.sequence = sequence
        self.sent = sent
        self.received = received
    }

    package var delay: Duration { received - sent }
}

package struct ProbeStatistics: Hashable, Sendable {
    package var count = 0
    package var median: Duration = .zero
    package var percentile99: Duration = .zero
    package var minimum: Duration = .zero
    package var maximum: Duration = .zero
    /// Sequence numbers between the first and the last that never came.
    package var lost = 0
    /// Samples whose number had come before.
    package var copies = 0
    /// Probes that came before one that had left earlier.
    package var overtook = 0

    package init(_ samples: [ProbeSample]) {
        let delays = samples.map(\.delay).sorted()
        guard let first = delays.first, let last = delays.last else { return }
        count = delays.count
        minimum = first
        maximum = last
        median = delays[(delays.count - 1) / 2]
        percentile99 = delays[min(delays.count - 1, (delays.count * 99 + 99) / 100 - 1)]
        let sequences = samples.map(\.sequence)
        let different = Set(sequences).count
        if let low = sequences.min(), let high = sequences.max() { lost = Int(high - low) + 1 - different }
        copies = sequences.count - different
        var lowestAfter = UInt64.max
        for sample in samples.sorted(by: { $0.received > $1.received }) {
            if sample.sequence > lowestAfter { overtook += 1 }
            lowestAfter = min(lowestAfter, sample.sequence)
        }
    }

    /// Different probes that came, and those that never did.
    package var sent: Int { count - copies + lost }
}

package struct ProbeWindow: Sendable {
    /// Twenty minutes at fifty a second: more than the longest fault.
    package static let capacity = 60_000

    private var samples: [ProbeSample] = []

    package init() {}

    package var last: ProbeSample? { samples.last }

    package mutating func append(_ sample: ProbeSample) {
        samples.append(sample)
        if samples.count >= ProbeWindow.capacity * 2 { samples.removeFirst(ProbeWindow.capacity) }
    }

    /// Those that were sent in the interval.
    package func sent(from start: Instant, until end: Instant) -> [ProbeSample] {
        samples.filter { $0.sent >= start && $0.sent < end }
    }

    package func first(sentAfter start: Instant, where condition: (ProbeSample) -> Bool) -> ProbeSample? {
        guard let from = samples.lastIndex(where: { $0.sent < start }) else { return samples.first(where: condition) }
        return samples[(from + 1)...].first { $0.sent >= start && condition($0) }
    }
}
