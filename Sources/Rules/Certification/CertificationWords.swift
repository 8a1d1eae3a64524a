import Messages
import Units
import Verdicts

extension CertificationReport {
    /// What a person reads at the end: status, what prevents it, matrix, escalations, baselines, decision, controls.
    package var words: String {
        (statusLines + [""] + matrixLines + [""] + escalationLines + [""] + baselineLines + [""] + decisionLines + [""]
            + controlLines).joined(separator: "\n")
    }

    /// The three lines that the requirements ask for, then what prevents the first of them.
    package var statusLines: [String] {
        let rate = (passRate * 10).rounded() / 10
        let lines = [
            "Status: \(isCertified ? "CERTIFIED" : "NOT CERTIFIED")",
            "Tests: \(testsPassed)/\(suite.tests.count) passed", "Pass Rate: \(rate)%",
        ]
        return lines + prevents.map { "  prevented by \($0)" } + peakLines
    }

    private var peakLines: [String] {
        guard let peak else { return [] }
        return [
            "RTS 6 Article 10: tested at \(peak.messagesTested) intents a second and \(peak.volumeTested) position changes at "
                + "once, twice the peak that was given (\(peak.messages) and \(peak.volume))"
        ]
    }

    private var matrixLines: [String] {
        textTable(
            ["day", "test", "KPI", "threshold", "observed", "margin", "verdict", "measured in"],
            matrix.map { row in
                [
                    "\(row.day)", row.test, row.title, row.thresholdText, row.observedText, row.marginText,
                    row.verdict.rawValue, row.run ?? (row.gate == nil ? "this suite" : "no run"),
                ]
            })
    }

    private var escalationLines: [String] {
        escalations.isEmpty
            ? ["Escalations: none"]
            : ["Escalations:"] + escalations.map { "  \($0.action.rawValue): \($0.because) (\($0.run))" }
    }

    private var baselineLines: [String] {
        comparisons.isEmpty
            ? ["Baselines: nothing was compared"] : ["Baselines:"] + comparisons.map { "  \($0.sentence)" }
    }

    private var decisionLines: [String] {
        ["Decision: \(decision)"]
            + textTable(
                ["condition", "answer", "because"], conditions.map { [$0.text, $0.answer.rawValue, $0.because] })
    }

    private var controlLines: [String] {
        ["Evidence for (not compliance with):"]
            + textTable(
                ["clause", "about", "shown by", "gates", "evidence"], controlCells.map { $0.map(\.text) })
    }

    struct Cell: Sendable { let text: String }

    /// A line a control and run; a control that nothing here shows says so.
    var controlCells: [[Cell]] {
        controls.rows.flatMap { row -> [[Cell]] in
            let evidence = row.evidence(in: runs)
            func line(_ run: String, _ gates: String, _ reference: String) -> [Cell] {
                ["\(row.clause)", row.title, run, gates, reference].map { Cell(text: $0) }
            }
            guard !evidence.isEmpty else {
                return [line(row.scenario, row.gates.map(\.rawValue).joined(separator: ", "), "not run here")]
            }
            return evidence.map { run in
                let gates = (run["gates"]?.array ?? []).map {
                    "\($0["name"]?.string ?? "?") \($0["verdict"]?.string ?? "?")"
                }
                let seal = (run["seal"]?.string ?? "unsealed").prefix(12)
                let reference = run["path"]?.string.map { "\($0)/verdict.json, \(seal)" }
                return line(run["run"]?.string ?? "?", gates.joined(separator: ", "), reference ?? "no evidence")
            }
        }
    }

    /// `summary.md`, for CI step summaries.
    package var summaryMarkdown: [UInt8] {
        func table(_ head: [String], _ rows: [[String]]) -> [String] {
            let cells = rows.map { row in row.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") } }
            return ["| \(head.joined(separator: " | ")) |", "|\(String(repeating: "---|", count: head.count))"]
                + cells.map { "| \($0.joined(separator: " | ")) |" }
        }
        var lines = ["# \(suite.name): \(isCertified ? "CERTIFIED" : "NOT CERTIFIED")", ""]
        lines += statusLines.map { "- \($0)" } + ["", "## Success matrix", ""]
        lines += table(
            ["day", "test", "KPI", "threshold", "observed", "margin", "verdict"],
            matrix.map {
                ["\($0.day)", $0.test, $0.title, $0.thresholdText, $0.observedText, $0.marginText, $0.verdict.rawValue]
            })
        lines += ["", "## Runs", ""]
        lines += table(
            ["test", "run", "verdict", "evidence"],
            suite.tests.flatMap { test in
                runs(of: test).map { [test.title, $0.planned.title, $0.outcome.rawValue, $0.path ?? "none"] }
            })
        lines += ["", "## Decision: \(decision)", ""]
        lines += table(["condition", "answer", "because"], conditions.map { [$0.text, $0.answer.rawValue, $0.because] })
        lines += [""] + escalationLines + [""] + baselineLines + ["", "## Evidence for (not compliance with)", ""]
        lines += table(["clause", "about", "shown by", "gates", "evidence"], controlCells.map { $0.map(\.text) })
        return Array((lines + [""]).joined(separator: "\n").utf8)
    }
}

/// Lines of text with columns as wide as their widest cell.
package func textTable(_ head: [String], _ rows: [[String]]) -> [String] {
    let all = [head] + rows
    let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
        let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        var line = "  " + cells.joined(separator: "  ")
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
