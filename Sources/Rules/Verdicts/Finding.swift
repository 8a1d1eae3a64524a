import History
import Messages
import Units

/// What a gate found before its premises were looked at.
package struct Finding: Hashable, Sendable {
    package var outcome: Outcome
    /// A number or a truth value; `null` when there is none.
    package var observed: JSON
    /// How many things were looked at; 0 makes a claim empty.
    package var count: Int
    package var reason: String?
    /// Held because nothing could have broken it.
    package var isVacuous: Bool
    /// The records and rows that it rests on.
    package var records: [Place]
    /// How exactly it was measured, where that decides.
    package var interval: Interval?

    package struct Interval: Hashable, Sendable {
        package let low: Double
        /// Infinite where no bound exists.
        package let high: Double
        /// In percent: 95, 99.
        package let level: Int64
        package let method: String

        package init(low: Double, high: Double, level: Int64, method: String) {
            self.low = low
            self.high = high
            self.level = level
            self.method = method
        }

        var json: JSON {
            [
                "low": .real(low), "high": high.isFinite ? .real(high) : .null, "level": .integer(level),
                "method": .string(method),
            ]
        }
    }

    package init(
        _ outcome: Outcome, observed: JSON = .null, count: Int = 0, reason: String? = nil, isVacuous: Bool = false,
        records: [Place] = [], interval: Interval? = nil
    ) {
        self.outcome = outcome
        self.observed = observed
        self.count = count
        self.reason = reason
        self.isVacuous = isVacuous
        self.records = records
        self.interval = interval
    }

    static func unknown(_ reason: String, observed: JSON = .null, records: [Place] = []) -> Finding {
        Finding(.inconclusive, observed: observed, reason: reason, records: records)
    }

    /// Zero violations pass; violations fail; what can't be decided is inconclusive.
    static func never(_ violations: [Violation], unsure: [Violation] = [], of count: Int) -> Finding {
        if let first = violations.first {
            return Finding(
                .fail, observed: .integer(Int64(violations.count)), count: count,
                reason: Violation.text(violations), records: violations.isEmpty ? [first.record] : violations.map(\.record))
        }
        if !unsure.isEmpty {
            return Finding(
                .inconclusive, observed: .integer(0), count: count,
                reason: "not decidable: \(Violation.text(unsure))", records: unsure.map(\.record))
        }
        return Finding(.pass, observed: 0, count: count)
    }

    /// A duration against its limit; inside the uncertainty of its two ends it is not known.
    static func within(
        _ limit: Duration, observed: Duration, uncertainty: Duration, what: String, records: [Place]
    ) -> Finding {
        let seconds = JSON.real(observed.seconds)
        if observed - uncertainty > limit {
            let reason = "\(what) after \(text(observed)), allowed \(limit.written)"
            return Finding(.fail, observed: seconds, count: 1, reason: reason, records: records)
        }
        if observed + uncertainty > limit && uncertainty > .zero {
            let reason = "\(what) after \(text(observed)) ± \(uncertainty.written), allowed \(limit.written)"
            return Finding(.inconclusive, observed: seconds, count: 1, reason: reason, records: records)
        }
        return Finding(.pass, observed: seconds, count: 1, records: records)
    }

    static func text(_ duration: Duration) -> String { "\(JSON.real(duration.seconds).text()) s" }
}

/// One thing that must not have happened, and where it is written.
struct Violation: Hashable, Sendable {
    let text: String
    let record: Place

    /// The first ones in words, and how many more there are.
    static func text(_ all: [Violation]) -> String {
        let shown = all.prefix(5).map(\.text).joined(separator: "; ")
        return all.count > 5 ? "\(shown); and \(all.count - 5) more" : shown
    }
}
