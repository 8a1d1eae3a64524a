// What happened when, out of a run's history: phases, faults as they were in force, flags, session, orders.

import History
import Messages
import Units

struct RunTimeline {
    struct Span {
        let from: Double
        let to: Double
        let text: String
    }

    /// Seconds from the first phase; what came before is left out.
    private(set) var phases: [Span] = []
    private(set) var faults: [Span] = []
    private(set) var flags: [Span] = []
    private(set) var pauses: [Span] = []
    private(set) var sessions: [Span] = []
    /// Orders that left, a count a bin.
    private(set) var orders: [Int] = []
    private(set) var leaks: [Double] = []
    private(set) var end = 0.0

    static let bins = 200

    /// All that is drawn.
    static let types: Set = [
        "phase", "feed_done", "fault_first_effect", "fault_effect_ended", "flag", "logon", "logout", "order_left",
        "invariant",
    ]

    init?(_ observations: [Observation]) {
        guard let first = observations.first(where: { $0.type == "phase" })?.at, let last = observations.map(\.at).max(),
            last > first
        else { return nil }
        let close = observations.last { $0.source == .feed && $0.type == "feed_done" }?.at ?? last
        end = (close - first).seconds
        let end = end
        func time(_ at: Instant) -> Double { min(max(0, (at - first).seconds), end) }
        func all(_ types: String...) -> [Observation] { observations.filter { types.contains($0.type) } }
        phases = RunTimeline.chained(all("phase").map { (time($0.at), $0["name"]?.string) }, end)
        faults = RunTimeline.faults(all("fault_first_effect", "fault_effect_ended"), time, end)
        flags = RunTimeline.chained(
            all("flag").filter { $0["key"]?.string == "critical_pause" }
                .map { (time($0.at), $0["value"]?.string == "true" ? "raised by \($0["by"]?.string ?? "unknown")" : nil) }, end)
        pauses = RunTimeline.chained(
            all("flag").filter { $0["key"]?.string == "pause" }
                .map { (time($0.at), $0["value"]?.string == "true" ? "set" : nil) }, end)
        sessions = RunTimeline.chained(
            all("logon", "logout").map { (time($0.at), $0.type == "logon" ? "logged on" : nil) }, end)
        orders = [Int](repeating: 0, count: RunTimeline.bins)
        for order in all("order_left") where order["msg_type"]?.string == "D" {
            orders[min(RunTimeline.bins - 1, Int(time(order.at) / end * Double(RunTimeline.bins)))] += 1
        }
        leaks = all("invariant").filter { $0["name"]?.string == "leak" }.map { time($0.at) }
    }

    /// States that last until the next one; `nil` is none.
    private static func chained(_ changes: [(at: Double, text: String?)], _ end: Double) -> [Span] {
        var spans: [Span] = []
        for (number, change) in changes.enumerated() {
            let until = number + 1 < changes.count ? changes[number + 1].at : end
            guard let text = change.text, until > change.at else { continue }
            if let last = spans.last, last.to == change.at, last.text == text {
                spans[spans.count - 1] = Span(from: last.from, to: until, text: text)
            } else {
                spans.append(Span(from: change.at, to: until, text: text))
            }
        }
        return spans
    }

    private static func faults(_ events: [Observation], _ time: (Instant) -> Double, _ end: Double) -> [Span] {
        var spans: [Span] = []
        for event in events where event.type == "fault_first_effect" {
            let name = event["fault"]?.string ?? "?"
            let node = event["node"]?.string
            let over = events.first {
                $0.type == "fault_effect_ended" && $0["fault"]?.string == name && $0["node"]?.string == node
                    && $0.at >= event.at
            }
            spans.append(
                Span(from: time(event.at), to: over.map { time($0.at) } ?? end, text: name + (node.map { " at \($0)" } ?? "")))
        }
        return spans
    }
}
