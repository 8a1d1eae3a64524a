import Messages
import Verdicts

/// One figure of a run, or of several, against the same figure of earlier ones.
package struct BaselineComparison: Hashable, Sendable {
    /// Below this a difference may be chance.
    package static let significance = 0.05
    /// Slower by more than this is worse; less is noise that nobody acts on.
    package static let ratioMaximum = 1.10

    /// Of the run: `hard_kill_governance-selftest`.
    package let title: String
    package let figure: String
    package let current: [Double]
    package let baseline: [Double]
    /// That chance alone makes the current figures so much greater.
    package let probability: Double?
    package let interval: RatioInterval?
    package let outcome: Outcome
    package let reason: String?

    /// Fails only when the difference is both significant and large. Passes only when so many runs would have shown it.
    package init(_ title: String, _ figure: String, current: [Double], baseline: [Double], seed: UInt64) {
        self.title = title
        self.figure = figure
        self.current = Array(current.suffix(RankTest.samplesMaximum))
        self.baseline = Array(baseline.suffix(RankTest.samplesMaximum))
        probability = RankTest.probabilityGreater(self.current, than: self.baseline)
        interval = RatioInterval(of: self.current, to: self.baseline, seed: seed)
        let least = RankTest.probabilityMinimum(self.current.count, self.baseline.count)
        guard !self.baseline.isEmpty else {
            (outcome, reason) = (.inconclusive, "no baseline of this scenario on this machine")
            return
        }
        guard let probability, let interval else {
            (outcome, reason) = (.inconclusive, "a figure of the baseline is not positive")
            return
        }
        if probability < BaselineComparison.significance, interval.ratio > BaselineComparison.ratioMaximum {
            outcome = .fail
            reason = "worse than its baseline"
        } else if least >= BaselineComparison.significance {
            outcome = .inconclusive
            reason = "\(self.current.count) against \(self.baseline.count) runs can't show a difference at 5 %"
        } else {
            (outcome, reason) = (.pass, nil)
        }
    }

    /// Every figure of these runs, which are of one key. A figure that the baselines lack is inconclusive too.
    package static func all(
        _ title: String, of runs: [[String: Double]], to baselines: [Baseline], seed: UInt64
    ) -> [BaselineComparison] {
        Set(runs.flatMap(\.keys)).sorted().map { figure in
            BaselineComparison(
                title, figure, current: runs.compactMap { $0[figure] }, baseline: baselines.compactMap { $0.figures[figure] },
                seed: seed)
        }
    }

    package var sentence: String {
        let numbers = interval.map {
            "ratio \(JSON.real($0.ratio).text()) (\(JSON.real($0.low).text()) to \(JSON.real($0.high).text()))"
        }
        let chance = probability.map { "p = \(JSON.real($0).text())" }
        let facts = [numbers, chance, "\(current.count) against \(baseline.count) runs", reason].compactMap { $0 }
        return "\(title), \(figure): \(outcome.rawValue), \(facts.joined(separator: ", "))"
    }

    package var json: JSON {
        [
            "run": .string(title), "figure": .string(figure), "current": .array(current.map { .real($0) }),
            "baseline_runs": .integer(Int64(baseline.count)),
            "baseline_median": baseline.isEmpty ? .null : .real(median(baseline)),
            "p": probability.map { .real($0) } ?? .null, "ratio": interval.map { .real($0.ratio) } ?? .null,
            "ratio_low": interval.map { .real($0.low) } ?? .null, "ratio_high": interval.map { .real($0.high) } ?? .null,
            "verdict": .string(outcome.rawValue), "reason": .optional(reason),
        ]
    }
}
