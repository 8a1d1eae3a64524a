// What a whole suite came to. A pure function of its runs' verdicts: nothing here measures, and nothing here can turn
// a red verdict green.
//
// CERTIFIED takes three things: every run of every test passed, every figure of the matrix was measured and passed,
// and no figure is worse than its baseline. A run that is missing, or whose verdict can't be trusted, is inconclusive.
// No baseline is shown as inconclusive and doesn't take the certificate away; it keeps the decision from being GO.

import Messages
import Scenarios
import Units
import Verdicts

package struct CertificationReport: Sendable {
    package static let schema = "gauntlet.certification/1"

    package let suite: CertificationSuite
    package let isQuick: Bool
    /// In the order of the suite; a run that was not made is there with its reason.
    package let runs: [RunOutcome]
    package let comparisons: [BaselineComparison]
    package let controls: ControlMapping
    package let started: WallTime
    package let duration: Duration
    /// Command line of the governor; `nil` is the reference governor.
    package let governor: String?
    package let machine: String
    /// What a firm gave as its peak; its runs are a test of `suite`.
    package let peak: PeakLoad?

    package init(
        suite: CertificationSuite, isQuick: Bool, runs: [RunOutcome], comparisons: [BaselineComparison],
        controls: ControlMapping, started: WallTime, duration: Duration, governor: String?, machine: String,
        peak: PeakLoad? = nil
    ) {
        self.suite = suite
        self.isQuick = isQuick
        // What was never started is missing, not forgotten.
        self.runs = suite.runs(quick: isQuick).map { planned in
            runs.first { $0.planned == planned } ?? RunOutcome(planned, problem: "it was not run")
        }
        self.comparisons = comparisons
        self.controls = peak.map { controls.adding($0, quick: isQuick) } ?? controls
        self.peak = peak
        self.started = started
        self.duration = duration
        self.governor = governor
        self.machine = machine
    }

    package func runs(of test: CertificationSuite.Test) -> [RunOutcome] {
        let planned = isQuick ? test.quick : test.runs
        return runs.filter { planned.contains($0.planned) }
    }

    package func outcome(of test: CertificationSuite.Test) -> Outcome { Outcome.of(runs(of: test).map(\.outcome)) }

    package var testsPassed: Int { suite.tests.count { outcome(of: $0) == .pass } }
    package var passRate: Double {
        suite.tests.isEmpty ? 0 : Double(testsPassed) / Double(suite.tests.count) * 100
    }

    /// The figures of each test, then the suite's own row.
    package var matrix: [MatrixRow] {
        let rows = suite.tests.sorted { $0.day < $1.day }.flatMap { test in
            test.kpis.map { MatrixRow.worst(of: test, $0, runs(of: test)) }
        }
        let whole = MatrixRow(
            day: (suite.tests.map(\.day).max() ?? 0) + 1, test: "Full Certification", title: "All Scenarios", gate: nil,
            threshold: "== \(suite.tests.count)", observed: .integer(Int64(testsPassed)), unit: "tests",
            margin: .integer(Int64(testsPassed - suite.tests.count)), interval: .null,
            verdict: Outcome.of(suite.tests.map { outcome(of: $0) }), run: nil,
            reason: testsPassed == suite.tests.count ? nil : "\(testsPassed) of \(suite.tests.count) passed")
        return rows + [whole]
    }

    package var escalations: [Escalation] { runs.flatMap { Escalation.all(in: $0) } }

    package var outcome: Outcome {
        let regressions = comparisons.filter { $0.outcome == .fail }.map(\.outcome)
        return Outcome.of(suite.tests.map { outcome(of: $0) } + matrix.map(\.verdict) + regressions)
    }

    /// Whether a pass would count: the whole suite, and nothing made smaller.
    package var certifies: Bool { !isQuick && runs.allSatisfy(\.certifies) }
    package var isCertified: Bool { outcome == .pass && certifies }

    /// What stands between this and CERTIFIED, each in words; empty when it is.
    package var prevents: [String] {
        var found: [String] = []
        for run in runs where run.outcome != .pass {
            found.append("\(run.planned.title) \(run.outcome.rawValue): \(run.reasons.joined(separator: "; "))")
        }
        for row in matrix where row.gate != nil && row.verdict != .pass {
            let why = row.reason ?? "observed \(row.observedText)"
            found.append("\(row.test), \(row.title) \(row.verdict.rawValue): \(why)")
        }
        for comparison in comparisons where comparison.outcome == .fail { found.append(comparison.sentence) }
        if isQuick { found.append("--quick: shortened runs certify nothing") }
        for run in runs where !isQuick && run.outcome == .pass && !run.certifies {
            found.append("\(run.planned.title): its scenario certifies nothing")
        }
        return found
    }
}
