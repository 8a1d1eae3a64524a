import Scenarios
import Verdicts

/// A line of the final decision: what must hold before a governor trades.
package struct Condition: Hashable, Sendable {
    package enum Answer: String, Hashable, Sendable {
        case go = "GO"
        case noGo = "NO-GO"
        case unknown = "UNKNOWN"

        init(_ outcome: Outcome) {
            switch outcome {
            case .pass: self = .go
            case .fail: self = .noGo
            case .inconclusive: self = .unknown
            }
        }
    }

    package let text: String
    package let answer: Answer
    package let because: String
}

extension CertificationReport {
    package var conditions: [Condition] {
        func rows(_ text: String, _ wanted: (GateName) -> Bool) -> Condition {
            let rows = matrix.filter { $0.gate.map(wanted) ?? false }
            let because = rows.isEmpty
                ? "no figure of the suite measures it"
                : rows.map { "\($0.title) \($0.observedText)" }.joined(separator: ", ")
            return Condition(text: text, answer: .init(Outcome.of(rows.map(\.verdict))), because: because)
        }
        let evidence = runs.map { run -> Outcome in
            guard run.problem == nil, run.seal != nil else { return .inconclusive }
            return Outcome(rawValue: run.gate(.evidenceComplete)?["verdict"]?.string ?? "") ?? .inconclusive
        }
        let regression = comparisons.isEmpty ? Outcome.inconclusive : Outcome.of(comparisons.map(\.outcome))
        return [
            Condition(
                text: "every test passed", answer: .init(Outcome.of(suite.tests.map { outcome(of: $0) })),
                because: "\(testsPassed) of \(suite.tests.count)"),
            rows("P99 latencies under their thresholds") { $0.rawValue.hasSuffix("_p99_ms") },
            rows("no hard limit breached") { [.hardLimitBreaches, .riskLimitBreaches].contains($0) },
            rows("no order left while paused") { $0 == .ordersLeaked },
            Condition(
                text: "the evidence is complete and sealed", answer: .init(Outcome.of(evidence)),
                because: "\(evidence.count { $0 == .pass }) of \(evidence.count) runs"),
            Condition(
                text: "no figure is worse than its baseline", answer: .init(regression),
                because: comparisons.isEmpty
                    ? "nothing was compared"
                    : "\(comparisons.count { $0.outcome == .pass }) of \(comparisons.count) figures compared well"),
            Condition(
                text: "no escalation is open", answer: escalations.isEmpty ? .go : .noGo,
                because: escalations.isEmpty ? "none" : escalations.map(\.because).joined(separator: ", ")),
            Condition(
                text: "the whole suite was run, nothing shortened", answer: certifies ? .go : .noGo,
                because: isQuick ? "--quick" : certifies ? "\(runs.count) runs" : "a run certifies nothing"),
        ]
    }

    /// GO when every condition holds, NO-GO when one does not, else undecided.
    package var decision: String {
        let answers = conditions.map(\.answer)
        if answers.contains(.noGo) { return "NO-GO" }
        return answers.contains(.unknown) ? "UNDECIDED" : "GO"
    }
}
