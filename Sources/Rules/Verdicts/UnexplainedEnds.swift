// A governor that the rig didn't start, and that ended before the drill was over: in containers. It crashed, or somebody
// restarted it by hand, and from the rig's side that looks the same. So nobody is convicted of it, and nothing is proven:
// the drill is no longer the scenario's. What the governor did before and long after is judged as ever.

import Units

/// An end of the governor whose cause nobody saw, until it is at work again.
struct UnexplainedEnd {
    let noticed: Stamp
    /// Noticed listening again; `nil`: it never came back.
    let isBack: Stamp?
    /// Its first outcome after that; `nil`: there was none.
    let isAtWork: Instant?

    /// The observer looks once a second, and what it notices may have begun that much and a little earlier.
    static let noticing = Duration.seconds(2)
    /// A process that listens has yet to read what it was, to log on, and to hear its feed: at least so long, and until its
    /// first outcome.
    static let settling = Duration.seconds(5)
    /// Who decides nothing for so long after it is back is not settling: with 250 ms on every path it takes 5 s.
    static let settlingMaximum = Duration.seconds(15)

    func covers(_ instant: Instant) -> Bool {
        guard instant > noticed.at - UnexplainedEnd.noticing else { return false }
        guard let back = isBack?.at else { return true }
        let end = max(back + UnexplainedEnd.settling, isAtWork ?? back + UnexplainedEnd.settlingMaximum)
        return instant < min(end, back + UnexplainedEnd.settlingMaximum)
    }

    func violation(since start: Instant) -> Violation {
        let ended = "the governor ended within the second before \(Finding.text(noticed.at - start))"
        let back = isBack.map { "came back by \(Finding.text($0.at - start))" } ?? "never came back"
        return Violation(
            text: "\(ended) and \(back): it crashed, or somebody ended it by hand, which looks the same from outside",
            record: noticed.record)
    }
}

extension Scene {
    /// A status is known of a process that the rig started: its end is judged.
    static func unexplainedEnds(_ processes: [Named], _ timeline: Timeline) -> [UnexplainedEnd] {
        let events = processes.filter { $0["name"]?.string == "governor" }
        return events.filter {
            $0["event"]?.string == "exited" && $0["expected"]?.bool == false && $0["status"]?.integer == nil
        }.map { end in
            let start = events.first { $0["event"]?.string == "started" && $0.stamp.record > end.stamp.record }
            let work = start.flatMap { start in timeline.decided.lazy.map(\.stamp.at).filter { $0 > start.stamp.at }.min() }
            return UnexplainedEnd(noticed: end.stamp, isBack: start?.stamp, isAtWork: work)
        }
    }

    /// What the governor does or doesn't do at this instant may be the rig's failure, or its own end that nobody explains.
    func isUndecidable(at instant: Instant) -> Bool {
        mayBeTheRigs(at: instant) || unexplainedEnds.contains { $0.covers(instant) }
    }
}
