import Units

/// The two flags and the command as Redis has them, and as this governor must take them.
///
/// Fail closed: what was never read, is absent, isn't `false`, or wasn't confirmed lately, means paused. A raise that
/// is not confirmed yet holds against any `false` that was read before it. Only the operator ends the latch: this
/// type has no way to clear it.
package struct Flags: Sendable {
    let timing: Timing
    private var keys: Keys?
    package private(set) var lastConfirmed: Instant?
    /// The epoch whose write carries the raise, until Redis has confirmed it.
    private var raising: Int64?
    package private(set) var cause: String?

    package init(timing: Timing) { self.timing = timing }

    package func isReadable(at now: Instant) -> Bool {
        lastConfirmed.map { now - $0 < timing.flagsUnreadableAfter } ?? false
    }
    package var isLatched: Bool { raising != nil || keys?.criticalPause != "false" }
    package var isRaising: Bool { raising != nil }
    package var isPausedByOperator: Bool { keys?.pause != "false" }
    package var command: String? { keys?.command }
    /// What the latch is for, in words: the cause if this governor raised it.
    package var latchReason: String {
        if let cause { return "critical_pause: \(cause)" }
        return keys?.criticalPause == nil ? "critical_pause is absent" : "critical_pause is set"
    }

    /// Says how long the keys had been unreadable, when that is over.
    package mutating func confirm(_ new: Keys, at now: Instant) -> Duration? {
        let outage = lastConfirmed.map { now - $0 }
        keys = new
        lastConfirmed = now
        if !isLatched { cause = nil }
        return outage
    }

    package var eitherIsSet: Bool { isLatched || isPausedByOperator }

    package mutating func raise(_ cause: String, epoch: Int64) {
        raising = epoch
        self.cause = cause
    }

    package mutating func written(epoch: Int64) {
        guard let waiting = raising, epoch >= waiting else { return }
        raising = nil
        keys?.criticalPause = "true"
    }
}
