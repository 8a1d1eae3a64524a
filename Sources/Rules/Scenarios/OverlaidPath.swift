import Messages
import Units

extension Scenario {
    /// A symbol's path with everything laid over it that changes what the book says. Offsets of steps count from the
    /// beginning of the feed, which is the lead before the first phase.
    func overlaid(_ steps: [BookPath.Step], symbol: String) -> [BookPath.Step] {
        var steps = steps
        if let crash = feed.overlays.crash, crash.symbols.contains(symbol), let start = start(of: crash.at) {
            let course = CrashCourse(crash, start: start)
            for index in steps.indices {
                steps[index].state = course.book(steps[index].state, at: steps[index].offset - feed.lead)
            }
        }
        if let jump = feed.overlays.volumeJump, let window = volumeJumpWindow {
            for index in steps.indices where window.contains(steps[index].offset - feed.lead) {
                steps[index].state = steps[index].state.multiplied(by: jump.factor)
            }
        }
        return steps
    }
}
