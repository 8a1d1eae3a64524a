import Messages
import Scenarios
import Verdicts

/// A row of the success matrix: a figure of the requirements, as the worst of its test's runs measured it.
package struct MatrixRow: Hashable, Sendable {
    package let day: Int
    package let test: String
    package let title: String
    /// `nil` for the row of the suite itself.
    package let gate: GateName?
    /// `< 15`, `== 0`: comparator and threshold, in `unit`.
    package let threshold: String
    package let observed: JSON
    package let unit: String
    package let margin: JSON
    package let interval: JSON
    package let verdict: Outcome
    /// Title of the run that it is from; `nil` when no run measured it.
    package let run: String?
    package let reason: String?

    /// A figure that nobody measured is inconclusive, and says so.
    static func missing(_ test: CertificationSuite.Test, _ kpi: CertificationSuite.KPI, _ reason: String) -> MatrixRow {
        MatrixRow(
            day: test.day, test: test.title, title: kpi.title, gate: kpi.gate, threshold: "not known", observed: .null,
            unit: "", margin: .null, interval: .null, verdict: .inconclusive, run: nil, reason: reason)
    }

    /// The worst run decides: a fail before an unknown before a pass, and the smallest margin among equals.
    static func worst(
        of test: CertificationSuite.Test, _ kpi: CertificationSuite.KPI, _ runs: [RunOutcome]
    ) -> MatrixRow {
        let rows = runs.compactMap { run in run.gate(kpi.gate).map { row(test, kpi, run, $0) } }
        guard let first = rows.first else {
            return missing(test, kpi, "no run of \(test.title) left a verdict with \(kpi.gate.rawValue)")
        }
        let worst = rows.dropFirst().reduce(first) { isWorse($1, than: $0) ? $1 : $0 }
        // A run without a verdict may have been the worst.
        guard worst.verdict == .pass, let lost = runs.first(where: { $0.problem != nil }) else { return worst }
        return worst.with(.inconclusive, "\(lost.planned.title): \(lost.problem ?? "")")
    }

    private static func isWorse(_ row: MatrixRow, than other: MatrixRow) -> Bool {
        let rank: [Outcome: Int] = [.fail: 0, .inconclusive: 1, .pass: 2]
        let (left, right) = (rank[row.verdict] ?? 1, rank[other.verdict] ?? 1)
        guard left == right else { return left < right }
        return (row.margin.double ?? .infinity) < (other.margin.double ?? .infinity)
    }

    private static func row(
        _ test: CertificationSuite.Test, _ kpi: CertificationSuite.KPI, _ run: RunOutcome, _ gate: JSON
    ) -> MatrixRow {
        let observed = gate["observed"] ?? .null
        let row = MatrixRow(
            day: test.day, test: test.title, title: kpi.title, gate: kpi.gate,
            threshold: "\(gate["comparator"]?.string ?? "?") \(thresholdText(gate["threshold"]))", observed: observed,
            unit: gate["unit"]?.string ?? "", margin: gate["margin"] ?? .null, interval: gate["interval"] ?? .null,
            verdict: Outcome(rawValue: gate["verdict"]?.string ?? "") ?? .inconclusive, run: run.planned.title,
            reason: gate["reason"]?.string)
        guard observed.isNull, row.verdict == .pass else { return row }
        return row.with(.inconclusive, "\(run.planned.title) passed it without a measured value")
    }

    private static func thresholdText(_ threshold: JSON?) -> String {
        guard let threshold, !threshold.isNull else { return "not known" }
        return threshold.array?.map { $0.text() }.joined(separator: " to ") ?? threshold.text()
    }

    private func with(_ verdict: Outcome, _ reason: String) -> MatrixRow {
        MatrixRow(
            day: day, test: test, title: title, gate: gate, threshold: threshold, observed: observed, unit: unit,
            margin: margin, interval: interval, verdict: verdict, run: run, reason: reason)
    }

    /// Never blank: what is not known says so.
    package var observedText: String {
        if observed.isNull { return "not measured" }
        // A truth has no unit, whatever its threshold is written in.
        return observed.bool == nil ? "\(observed.text()) \(shownUnit)".trimmed : observed.text()
    }
    package var marginText: String { margin.isNull ? (verdict == .inconclusive ? "not known" : "none to give") : margin.text() }
    package var thresholdText: String { "\(threshold) \(shownUnit)".trimmed }
    private var shownUnit: String { ["bool", "count", "number"].contains(unit) ? "" : unit }

    var json: JSON {
        [
            "day": .integer(Int64(day)), "test": .string(test), "kpi": .string(title),
            "gate": .optional(gate?.rawValue), "threshold": .string(threshold), "observed": observed,
            "unit": .string(unit), "margin": margin, "interval": interval, "verdict": .string(verdict.rawValue),
            "run": .optional(run), "reason": .optional(reason),
        ]
    }
}

extension String {
    var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}
