import Messages
import Scenarios
import Units
import Verdicts

extension CertificationReport {
    /// `certification_report.json`: sorted keys, integers or six decimals, a final newline.
    package var bytes: [UInt8] { json.prettyBytes(.sorted) }

    package var json: JSON {
        [
            "schema": .string(CertificationReport.schema), "suite": .string(suite.name), "quick": .bool(isQuick),
            "summary": summary, "tests": .array(suite.tests.map { json($0) }), "matrix": .array(matrix.map(\.json)),
            "escalations": .array(escalations.map(\.json)), "baselines": .array(comparisons.map(\.json)),
            "go_no_go": .array(
                conditions.map {
                    ["condition": .string($0.text), "answer": .string($0.answer.rawValue), "because": .string($0.because)]
                }),
            "controls": .array(controls.rows.map { $0.json(runs) }), "peak": peakJSON,
        ]
    }

    /// `null` where no peak was given.
    private var peakJSON: JSON {
        guard let peak else { return .null }
        func figures(_ asked: Int, _ tested: Int, _ planned: CertificationSuite.PlannedRun, _ measured: JSON) -> JSON {
            [
                "asked": .integer(Int64(asked)), "tested": .integer(Int64(tested)), "run": .string(planned.title),
                "measured": measured,
            ]
        }
        func outcome(_ planned: CertificationSuite.PlannedRun) -> RunOutcome? { runs.first { $0.planned == planned } }
        let (flood, burst) = (peak.messageRun(quick: isQuick), peak.volumeRun)
        let offered = outcome(flood).flatMap { $0.problem == nil ? $0.verdict?["measurements"]?["intents_offered"] : nil }
        return [
            "messages_per_second": figures(peak.messages, peak.messagesTested, flood, offered ?? .null),
            "position_changes": figures(
                peak.volume, peak.volumeTested, burst, outcome(burst)?.gate(.executionRate)?["n"] ?? .null),
        ]
    }

    private var summary: JSON {
        let outcomes = suite.tests.map { outcome(of: $0) }
        return [
            "status": .string(isCertified ? "CERTIFIED" : "NOT CERTIFIED"), "overall_pass": .bool(outcome == .pass),
            "verdict": .string(outcome.rawValue), "certifying": .bool(certifies), "decision": .string(decision),
            "tests_total": .integer(Int64(outcomes.count)), "tests_passed": .integer(Int64(testsPassed)),
            "tests_failed": .integer(Int64(outcomes.count { $0 == .fail })),
            "tests_inconclusive": .integer(Int64(outcomes.count { $0 == .inconclusive })),
            "pass_rate_pct": .real(passRate), "runs": .integer(Int64(runs.count)),
            "started": .string(started.utcText), "duration_s": .real(duration.seconds),
            "governor": .string(governor ?? "the reference governor"), "machine": .string(machine),
            "prevented_by": .array(prevents.map { .string($0) }),
        ]
    }

    private func json(_ test: CertificationSuite.Test) -> JSON {
        [
            "name": .string(test.name), "title": .string(test.title), "day": .integer(Int64(test.day)),
            "verdict": .string(outcome(of: test).rawValue),
            "runs": .array(
                runs(of: test).map { run in
                    [
                        "title": .string(run.planned.title), "scenario": .string(run.planned.scenario),
                        "variant": .optional(run.planned.choice.variant), "profile": .optional(run.planned.choice.profile),
                        "verdict": .string(run.outcome.rawValue), "certifying": .bool(run.certifies),
                        "path": .optional(run.path), "verdict_sha256": .optional(run.seal),
                        "duration_s": run.verdict?["run"]?["duration_s"] ?? .null,
                        "reasons": .array(run.reasons.map { .string($0) }),
                        "measurements": run.verdict?["measurements"] ?? .null,
                    ]
                }),
        ]
    }
}
