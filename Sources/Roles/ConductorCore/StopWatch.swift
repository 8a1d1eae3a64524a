// Watches the stop conditions of a scenario: a bound that is passed for long enough, or a series that nobody can see.

import Scenarios
import Units

struct StopWatch: Hashable, Sendable {
    private let conditions: [StopCondition]
    /// Since when each has been met without a break.
    private var since: [Int: Instant] = [:]
    private var began: Instant?

    init(_ conditions: [StopCondition]) { self.conditions = conditions }

    /// Why the drill has to end; `nil` when it goes on.
    mutating func reason(at now: Instant, seeing metrics: [String: DrillView.Reading]) -> String? {
        let start = began ?? now
        began = start
        for (index, condition) in conditions.enumerated() {
            let reading = metrics[condition.metric]
            guard let reading, now - reading.at <= StopCondition.staleAfter else {
                guard now - max(start, reading?.at ?? start) > StopCondition.staleAfter else { continue }
                return "stop condition: \(condition.metric) has not been seen for \(StopCondition.staleAfter.written)"
            }
            guard condition.isMet(by: reading.value) else {
                since[index] = nil
                continue
            }
            let from = since[index] ?? now
            since[index] = from
            if now - from >= condition.lasts { return "stop condition: \(condition.words), found \(reading.value)" }
        }
        return nil
    }
}
