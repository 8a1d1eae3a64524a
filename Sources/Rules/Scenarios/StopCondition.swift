import Units
import Yams

/// A bound of a metric beyond which a drill is ended at once: healed, aborted, inconclusive.
package struct StopCondition: Hashable, Sendable {
    /// A series of the governor's `/metrics`, with its labels as they stand there.
    package var metric: String
    package var bound: Bound
    /// How long without a break.
    package var lasts: Duration

    package enum Bound: Hashable, Sendable {
        case above(Figure)
        case below(Figure)
    }

    /// The series that can be watched: those that the observer keeps.
    package static let prefixes = ["risk_governor_", "process_resident_memory_bytes"]
    package static let countMaximum = 16
    /// A series that has not been seen for so long can't be watched, and ends the drill as well: missing is not good.
    package static let staleAfter: Duration = .seconds(10)

    package init(metric: String, bound: Bound, lasts: Duration) {
        self.metric = metric
        self.bound = bound
        self.lasts = lasts
    }

    package func isMet(by value: Figure) -> Bool {
        switch bound {
        case .above(let limit): value > limit
        case .below(let limit): value < limit
        }
    }

    /// `process_resident_memory_bytes above 200000000 for 2s`
    package var words: String {
        let text =
            switch bound {
            case .above(let limit): "above \(limit)"
            case .below(let limit): "below \(limit)"
            }
        return "\(metric) \(text) for \(lasts.written)"
    }
}

extension ScenarioReading {
    /// The list `stop`; none is the usual case.
    func stopConditions(_ root: Section) -> [StopCondition]? {
        guard root.has("stop") else { return [] }
        guard let rows = root.list("stop", emptyAllowed: false) else { return nil }
        if rows.count > StopCondition.countMaximum {
            root.note("stop", "stop: expected at most \(StopCondition.countMaximum), found \(rows.count)")
        }
        return complete(rows.map { stopCondition($0) })
    }

    private func stopCondition(_ row: Node) -> StopCondition? {
        guard let section = document.section(row, of: "stop", keys: ["metric", "above", "below", "for"]) else { return nil }
        let metric = section.text("metric")
        if let metric, !StopCondition.prefixes.contains(where: { metric.hasPrefix($0) }) {
            section.note(
                "metric",
                "metric: expected a series of the governor that begins with "
                    + "\(StopCondition.prefixes.joined(separator: " or ")), found '\(metric)'")
        }
        let lasts = section.duration("for", to: .seconds(60), default: .zero)
        let highest = Price(units: .max)
        guard section.has("above") != section.has("below") else {
            let found = section.has("above") ? "both" : "neither"
            section.document.note(section.line, "stop: expected one of 'above' and 'below', found \(found)")
            return nil
        }
        let key = section.has("above") ? "above" : "below"
        guard let metric, let lasts, let limit = section.decimal(key, to: highest) else { return nil }
        let figure = Figure(units: limit.units)
        return StopCondition(metric: metric, bound: key == "above" ? .above(figure) : .below(figure), lasts: lasts)
    }
}
