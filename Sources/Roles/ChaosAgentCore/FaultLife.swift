// One fault from the request to the proof that it is gone.
//
//     requested → acknowledged → readBack → inForce → ended → healed
//         └────────────┴────────────┴─────────┴────────┴──→ failed
//
// A fault that is taken back before it bit goes from acknowledged or readBack straight to healed: legal, and unproven.

import Messages
import Units

package struct FaultLife: Hashable, Sendable {
    package enum State: String, Sendable, Hashable {
        case requested, acknowledged, readBack, inForce, ended, healed, failed
    }

    package struct Counters: Hashable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var sockets: UInt64 = 0
        package init(packets: UInt64 = 0, bytes: UInt64 = 0, sockets: UInt64 = 0) {
            self.packets = packets
            self.bytes = bytes
            self.sockets = sockets
        }
        package var hits: UInt64 { packets + sockets }
    }

    package let request: FaultRequest
    package private(set) var state = State.requested
    /// When the kernel had it.
    package var applied: Instant?
    package var readbackEqual: Bool?
    package var firstEffect: Instant?
    /// When it was told to end, and why.
    package var lifting: (at: Instant, by: HealReason)?
    package var lifted: Instant?
    package var effectEnded: Instant?
    package var counters = Counters()
    package var failure: String?

    package init(_ request: FaultRequest) { self.request = request }

    package static func == (left: FaultLife, right: FaultLife) -> Bool {
        left.request == right.request && left.state == right.state && left.counters == right.counters
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(request) }

    package var isOver: Bool { state == .healed || state == .failed }
    package var deadline: Instant? { applied.map { $0 + request.duration } }

    package mutating func enter(_ next: State) {
        precondition(FaultLife.isLegal(state, next), "fault \(request.id): \(state) → \(next) is no legal step")
        state = next
    }

    static func isLegal(_ from: State, _ to: State) -> Bool {
        switch (from, to) {
        case (.requested, .acknowledged), (.acknowledged, .readBack), (.readBack, .inForce), (.inForce, .ended),
            (.ended, .healed):
            true
        case (.acknowledged, .healed), (.readBack, .healed), (.inForce, .healed): true
        case (.healed, _), (.failed, _): false
        case (_, .failed): true
        default: false
        }
    }
}

package enum HealReason: String, Sendable, Hashable { case request, expiry, ttl, abort }

/// Whether a fault was in force, and if not, everything that is missing.
package struct ForceProof: Hashable, Sendable {
    /// How far the median of the probes may lie from the dose.
    package static let tolerance = Duration.milliseconds(2)
    /// Standard errors that chance is given where the delay itself is random: one proof in a thousand misses them.
    package static let deviations = 3.3

    package let missing: [String]
    package var isProven: Bool { missing.isEmpty }

    /// `dose`: for each probed sender, the delay that it should have had.
    package init(_ fault: FaultLife, probes: [(sender: UInt32, expected: Duration, statistics: ProbeStatistics)]) {
        var missing: [String] = []
        if let failure = fault.failure { missing.append("it failed: \(failure)") }
        if fault.counters.hits == 0 { missing.append("no packet and no socket was hit") }
        if fault.readbackEqual != true { missing.append("the kernel's state was not read back as asked for") }
        if fault.firstEffect == nil { missing.append("its start was not seen") }
        if fault.effectEnded == nil, !fault.request.kind.isMomentary { missing.append("its end was not seen") }
        if fault.request.kind == .latency {
            if probes.allSatisfy({ $0.statistics.count == 0 }) { missing.append("no probe measured the dose") }
            for probe in probes where probe.statistics.count > 0 {
                // Jitter is uniform from zero, so it moves the median by half of itself; and a median of n such delays
                // strays by jitter / (2 √n).
                let jitter = fault.request.jitter
                let expected = probe.expected + jitter / 2
                let stray = jitter * (ForceProof.deviations / (2 * Double(probe.statistics.count).squareRoot()))
                let allowed = ForceProof.tolerance + .nanoseconds(stray.nanoseconds)
                let difference = probe.statistics.median - expected
                if difference > allowed || .zero - difference > allowed {
                    missing.append(
                        "the median delay from \(dotted(probe.sender)) is \(probe.statistics.median.written), "
                            + "not \(expected.written) ± \(allowed.written)")
                }
            }
        }
        self.missing = missing
    }
}
