import CLinux
import Units

extension Instant {
    /// The monotonic clock, now.
    package static var now: Instant { Instant(nanoseconds: clinux_monotonic_ns()) }
}

extension WallTime {
    /// The realtime clock, now.
    package static var now: WallTime { WallTime(nanoseconds: clinux_realtime_ns()) }
}
