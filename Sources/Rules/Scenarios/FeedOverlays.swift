// What a scenario lays over its tapes: a crash of the price with a thin book, a jump of all sizes, a surge of messages,
// a feed that lags. Each is an invention on top of the tape, and is named so wherever the drill is described.

import Units

/// A point of the drill: an offset from the start of a phase.
package struct PhaseMoment: Hashable, Sendable {
    package var phase: PhaseName
    package var offset: Duration

    package init(phase: PhaseName, offset: Duration = .zero) {
        self.phase = phase
        self.offset = offset
    }
}

/// What happens to the books between two moments of the drill, apart from what the tape says.
package struct FeedOverlays: Hashable, Sendable {
    package var crash: CrashOverlay?
    package var volumeJump: VolumeJump?
    package var surge: FeedSurge?
    package var delay: FeedDelay?

    package init(
        crash: CrashOverlay? = nil, volumeJump: VolumeJump? = nil, surge: FeedSurge? = nil, delay: FeedDelay? = nil
    ) {
        self.crash = crash
        self.volumeJump = volumeJump
        self.surge = surge
        self.delay = delay
    }
}

/// The price falls in a straight line, then a part of the fall is made good in a straight line; what is missing then
/// stays missing. From the beginning of the fall to the end of the recovery the book is thin.
package struct CrashOverlay: Hashable, Sendable {
    package enum Thinning: String, Hashable, Sendable, CaseIterable {
        /// Each level keeps its price and loses the percentage of its shares.
        case size
        /// The percentage of the levels is gone, the worst first; at least one stays.
        case level
    }

    package enum PriceBandRule: String, Hashable, Sendable, CaseIterable { case on, off }

    package var at: PhaseMoment
    /// Of the price at each moment of the tape: 10 is a tenth.
    package var fallPercent: Int
    package var fall: Duration
    /// Of the fall.
    package var recoverPercent: Int
    package var recover: Duration
    package var thinningPercent: Int
    package var thinning: Thinning
    /// Behind the thin levels stand quotes that nobody means: 0.01 and 99,999.99.
    package var stubQuotes: Bool
    /// Limit Up-Limit Down, in the tape's time. `off` trades through prices that a real market would have halted at.
    package var luld: PriceBandRule
    /// Symbols that crash; the others follow their tape.
    package var symbols: [String]

    package var duration: Duration { fall + recover }
}

/// For a while every size is larger: those of the book's levels and those of the strategy's orders.
package struct VolumeJump: Hashable, Sendable {
    package var at: PhaseMoment
    package var duration: Duration
    package var factor: Int

    package init(at: PhaseMoment, duration: Duration, factor: Int) {
        self.at = at
        self.duration = duration
        self.factor = factor
    }
}

/// For a while each state of a book is sent so many times, at equal distances, each with a number of its own.
package struct FeedSurge: Hashable, Sendable {
    package var at: PhaseMoment
    package var duration: Duration
    package var factor: Int

    package init(at: PhaseMoment, duration: Duration, factor: Int) {
        self.at = at
        self.duration = duration
        self.factor = factor
    }
}

/// For a while depth arrives late: it is stamped with the time at which it should have been sent.
package struct FeedDelay: Hashable, Sendable {
    package var at: PhaseMoment
    package var duration: Duration
    package var delay: Duration

    package init(at: PhaseMoment, duration: Duration, delay: Duration) {
        self.at = at
        self.duration = duration
        self.delay = delay
    }
}

extension Scenario {
    /// From the start of the first phase. `nil` when the scenario has no such phase.
    package func start(of moment: PhaseMoment) -> Duration? { start(of: moment.phase).map { $0 + moment.offset } }

    /// From the beginning of the fall to the end of the recovery, from the start of the first phase.
    package var crashWindow: Range<Duration>? {
        guard let crash = feed.overlays.crash, let start = start(of: crash.at) else { return nil }
        return start..<start + crash.duration
    }

    package var volumeJumpWindow: Range<Duration>? {
        guard let jump = feed.overlays.volumeJump, let start = start(of: jump.at) else { return nil }
        return start..<start + jump.duration
    }
}
