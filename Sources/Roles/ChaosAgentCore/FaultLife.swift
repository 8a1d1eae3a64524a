// One fault from the request to the proof that it is gone.
//
//     requested → acknowledged → readBack → inForce → ended → healed
//         └────────────┴────────────┴─────────┴────────┴──→ failed
//
// A fault that is taken back before it bit goes from acknowledged or readBack straight to healed: legal, and unproven.

import Messages
import Units

package struct FaultLife: Hashable, Sendable {
    package enum State: String, Sendable, Hashable, CaseIterable {
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
