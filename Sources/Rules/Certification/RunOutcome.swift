import Messages
import Scenarios
import Verdicts

/// What one planned run of a suite came to: its verdict, or why there is none.
package struct RunOutcome: Hashable, Sendable {
    package let planned: CertificationSuite.PlannedRun
    /// Content of its `verdict.json`.
    package let verdict: JSON?
    /// SHA-256 of `verdict.json`.
    package let seal: String?
    /// Of the run directory, from the certification's own.
    package let path: String?
    /// Why the verdict is missing or not to be trusted: a changed byte, a crash, a stop.
    package let problem: String?

    package init(
        _ planned: CertificationSuite.PlannedRun, verdict: JSON? = nil, seal: String? = nil, path: String? = nil,
        problem: String? = nil, leastIntents: Int64 = 0
    ) {
        self.planned = planned
        self.verdict = verdict
        self.seal = seal
        self.path = path
        self.problem = problem ?? RunOutcome.mismatch(planned, verdict, leastIntents)
    }

    /// A verdict counts only for the run that was planned.
    private static func mismatch(
        _ planned: CertificationSuite.PlannedRun, _ verdict: JSON?, _ leastIntents: Int64
    ) -> String? {
        guard let verdict else { return "it left no verdict" }
        let run = verdict["run"]
        guard run?["scenario"]?.string == planned.scenario, run?["variant"]?.string == planned.choice.variant,
            run?["profile"]?.string == planned.choice.profile
        else { return "its verdict is one of another scenario, variant or profile" }
        guard Outcome(rawValue: verdict["verdict"]?.string ?? "") != nil else { return "its verdict has no known word" }
        // How much was asked for stands in no field of a verdict: what was measured says whether it came.
        if let changes = planned.choice.changes {
            let rate = verdict["gates"]?.array?.first { $0["name"]?.string == GateName.executionRate.rawValue }
            guard rate?["n"]?.integer == Int64(changes) else {
                return "\(changes) position changes were planned, its verdict counts \(rate?["n"]?.text() ?? "none")"
            }
        }
        let offered = verdict["measurements"]?["intents_offered"]?.integer ?? 0
        guard offered >= leastIntents else {
            return "at least \(leastIntents) intents were planned, its verdict counts \(offered)"
        }
        return nil
    }

    package var outcome: Outcome {
        guard problem == nil, let word = verdict?["verdict"]?.string else { return .inconclusive }
        return Outcome(rawValue: word) ?? .inconclusive
    }

    package var certifies: Bool { problem == nil && verdict?["certifying"]?.bool == true }

    package func gate(_ name: GateName) -> JSON? {
        guard problem == nil else { return nil }
        return verdict?["gates"]?.array?.first { $0["name"]?.string == name.rawValue }
    }

    package func measurement(_ name: String) -> Double? {
        problem == nil ? verdict?["measurements"]?[name]?.double : nil
    }

    /// Gates that didn't pass, each with its reason; or the problem.
    package var reasons: [String] {
        if let problem { return [problem] }
        let red = (verdict?["gates"]?.array ?? []).filter { $0["verdict"]?.string != "pass" }.map { gate in
            "\(gate["name"]?.string ?? "?") \(gate["verdict"]?.string ?? "?"): \(gate["reason"]?.string ?? "no reason given")"
        }
        return red.isEmpty && outcome != .pass ? ["the evidence is not complete"] : red
    }
}
