// When the crash was, in the time of the run.

import Messages
import Scenarios
import Units

extension Scene {
    /// The crash that the scenario lays over its tape, in the time of this run.
    struct Crash: Hashable {
        let overlay: CrashOverlay
        let start: Instant
        var fallEnd: Instant { start + overlay.fall }
        var end: Instant { start + overlay.duration }
    }

    func crash() throws(ReasonError) -> Crash {
        guard let overlay = evidence.scenario.feed.overlays.crash, let window = evidence.scenario.crashWindow else {
            throw ReasonError(reason: "the scenario has no crash")
        }
        return Crash(overlay: overlay, start: try feedStart() + window.lowerBound)
    }

    /// When the plan's time zero was: a book's due time on the run's clock, less its offset in the plan.
    func feedStart() throws(ReasonError) -> Instant {
        guard let plan = evidence.plan else { throw ReasonError(reason: "plan.ndjson is not in evidence") }
        guard let book = timeline.books.first, book.tick >= 1, book.tick <= Int64(plan.events.count) else {
            throw ReasonError(reason: "no published book has a tick of the plan")
        }
        return book.due - plan.events[Int(book.tick) - 1].due
    }
}
