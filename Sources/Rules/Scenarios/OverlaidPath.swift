import Messages
import Units

extension Scenario {
    /// A symbol's path with everything laid over it. Offsets of steps count from the beginning of the feed, which is the
    /// lead before the first phase.
    func overlaid(_ steps: [BookPath.Step], of source: SymbolSource) -> [BookPath.Step] {
        var steps = steps
        if let crash = feed.overlays.crash, crash.symbols.contains(source.symbol), let start = start(of: crash.at) {
            let course = CrashCourse(crash, start: start)
            var bands = crash.luld == .on ? PriceBands(minute: minute(of: source)) : nil
            for index in steps.indices {
                let tape = steps[index].state
                let book = course.book(tape, at: steps[index].offset - feed.lead)
                let banded = bands?.book(book, at: steps[index].offset) ?? book
                steps[index].state = banded
                // What the bands took isn't the thinning's.
                steps[index].whole = banded == book ? BookSizes(tape) : nil
            }
        }
        if let jump = feed.overlays.volumeJump, let window = volumeJumpWindow {
            for index in steps.indices where window.contains(steps[index].offset - feed.lead) {
                steps[index].state = steps[index].state.multiplied(by: jump.factor)
                steps[index].whole = steps[index].whole?.multiplied(by: jump.factor)
            }
        }
        guard let surge = feed.overlays.surge, let start = start(of: surge.at) else { return steps }
        return surged(steps, start..<start + surge.duration, factor: surge.factor)
    }

    /// How long a minute of the tape takes in the run: a bar is a minute, whatever it is expanded to.
    func minute(of source: SymbolSource) -> Duration {
        switch source.format {
        case .bars: feed.depthInterval * feed.statesPerBar * 100 / feed.speedPercent
        case .lobster, .mbp10: .seconds(60) * 100 / feed.speedPercent
        }
    }

    /// Each state so many times, at equal distances until the next one.
    private func surged(_ steps: [BookPath.Step], _ window: Range<Duration>, factor: Int) -> [BookPath.Step] {
        var more: [BookPath.Step] = []
        more.reserveCapacity(steps.count)
        for (index, step) in steps.enumerated() {
            more.append(step)
            guard window.contains(step.offset - feed.lead), index + 1 < steps.count else { continue }
            // In whole nanoseconds, as a plan's file has them.
            let distance = (steps[index + 1].offset - step.offset).nanoseconds
            for copy in 1..<Int64(factor) {
                let later = Duration.nanoseconds(distance * copy / Int64(factor))
                more.append(BookPath.Step(offset: step.offset + later, state: step.state, whole: step.whole))
            }
        }
        return more
    }

    /// How late depth that was due at `due` sets out, before what is on its way has arrived.
    func feedDelay(at due: Duration) -> Duration {
        guard let delay = feed.overlays.delay, let start = start(of: delay.at),
            (start..<start + delay.duration).contains(due)
        else { return .zero }
        return delay.delay
    }
}
