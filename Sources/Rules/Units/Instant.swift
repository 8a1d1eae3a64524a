/// A point on this machine's monotonic clock, in nanoseconds (CLOCK_MONOTONIC).
///
/// Comparable between processes of one machine, and meaningless on another one.
package struct Instant: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
    package static func + (left: Instant, right: Duration) -> Instant {
        Instant(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
    package static func - (left: Instant, right: Duration) -> Instant {
        Instant(nanoseconds: left.nanoseconds - right.nanoseconds)
    }
    package static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

/// A point of the realtime clock: nanoseconds since the Unix epoch (CLOCK_REALTIME).
package struct WallTime: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: WallTime, right: WallTime) -> Bool { left.nanoseconds < right.nanoseconds }
    package static func + (left: WallTime, right: Duration) -> WallTime {
        WallTime(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
    /// Ends at the largest duration that fits: a time out of a message may be any number.
    package static func - (left: WallTime, right: WallTime) -> Duration {
        let (difference, overflowed) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflowed ? (right.nanoseconds < 0 ? .max : .min) : difference)
    }
}

extension Duration {
    /// Whole nanoseconds, cut towards zero.
    package var nanoseconds: Int64 {
        let parts = components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }

    package var seconds: Double { Double(nanoseconds) / 1e9 }
    package var milliseconds: Double { Double(nanoseconds) / 1e6 }
}
