import Messages

/// `report.html` of a certification: its report, with a link to the page of each run.
package struct CertificationPage {
    private let report: JSON
    private let seal: String

    /// - Parameters:
    ///   - report: content of `certification_report.json`.
    ///   - seal: its SHA-256.
    package init(report: JSON, seal: String) {
        self.report = report
        self.seal = seal
    }

    package var bytes: [UInt8] {
        let name = report["suite"]?.string ?? "certification"
        return Page(title: "\(name): \(status)", body: body, data: report).bytes
    }

    private var summary: JSON? { report["summary"] }
    private var status: String { summary?["status"]?.string ?? "NOT CERTIFIED" }

    private var body: [String] {
        let isCertified = status == "CERTIFIED"
        let verdict = summary?["verdict"]?.string ?? "inconclusive"
        let style = isCertified ? "pass" : verdict == "fail" ? "fail" : "inconclusive"
        let sign = isCertified ? "✓" : verdict == "fail" ? "✗" : "?"
        let head = [
            "<h1>\(shown(report["suite"]))</h1>",
            "<p><span class=\"badge \(style)\">\(sign) \(escaped(status))</span> "
                + "Tests: \(shown(summary?["tests_passed"]))/\(shown(summary?["tests_total"])) passed, "
                + "pass rate \(shown(summary?["pass_rate_pct"])) %. "
                + "Decision: <strong>\(shown(summary?["decision"]))</strong></p>",
            "<p class=\"faint\">Started \(shown(summary?["started"])), \(shown(summary?["duration_s"])) s, machine "
                + "<code>\(shown(summary?["machine"]))</code>. Governor: <code>\(shown(summary?["governor"]))</code>.</p>",
        ]
        let prevents = summary?["prevented_by"]?.array ?? []
        let why = prevents.isEmpty
            ? []
            : ["<h2>What prevents it</h2>", "<ul>"] + prevents.map { "<li>\(shown($0))</li>" } + ["</ul>"]
        let parts = [
            ("Success matrix", matrix), ("Runs", runs), ("Go or no-go", conditions), ("Escalations", escalations),
            ("Baselines", baselines), ("Evidence for (not compliance with)", controls),
        ]
        return head + why + parts.flatMap { ["<h2>\($0.0)</h2>"] + $0.1 }
            + ["<p>SHA-256 of <code>certification_report.json</code>: <code>\(escaped(seal))</code></p>"]
    }

    private var matrix: [String] {
        table(
            [
                "day", "test", "KPI", "threshold", "observed", "share of the limit", "margin", "verdict",
                "measured in",
            ],
            (report["matrix"]?.array ?? []).map { row in
                let unit = row["unit"]?.string ?? ""
                let suffix = ["bool", "count", "number", "tests", ""].contains(unit) ? "" : " \(escaped(unit))"
                return [
                    shown(row["day"]), shown(row["test"]), shown(row["kpi"]), shown(row["threshold"]) + suffix,
                    shown(row["observed"]) + (row["observed"]?.isNull == false ? suffix : ""), bar(row),
                    row["margin"]?.double == nil ? "none to give" : shown(row["margin"]),
                    verdictMark(row["verdict"]?.string ?? "inconclusive"),
                    row["run"]?.string.map(escaped) ?? (row["gate"]?.isNull == false ? "no run" : "this suite"),
                ]
            })
    }

    /// How much of an upper limit was used: only where the limit is one, and not zero.
    private func bar(_ row: JSON) -> String {
        guard let observed = row["observed"]?.double, let margin = row["margin"]?.double, observed >= 0,
            row["threshold"]?.string?.hasPrefix("<") == true, observed + margin > 0
        else { return "<span class=\"faint\">no upper limit</span>" }
        let share = observed / (observed + margin)
        let style = ["pass": "good", "fail": "bad"][row["verdict"]?.string ?? ""] ?? "unsure"
        let text = "\(Int((share * 100).rounded())) % of the limit"
        let width = number(min(share, 1.2) * 100)
        return "<svg viewBox=\"0 0 124 14\" role=\"img\" aria-label=\"\(text)\"><title>\(text)</title>"
            + "<rect class=\"band\" x=\"0\" y=\"3\" width=\"120\" height=\"8\"/>"
            + "<rect class=\"\(style)\" x=\"0\" y=\"3\" width=\"\(width)\" height=\"8\"/>"
            + "<line class=\"limit\" x1=\"100\" x2=\"100\" y1=\"0\" y2=\"14\"/></svg>"
    }

    private var runs: [String] {
        let rows = (report["tests"]?.array ?? []).flatMap { test in
            (test["runs"]?.array ?? []).map { run in
                let page = run["path"]?.string.map { "<a href=\"\(escaped($0))/report.html\">\(escaped($0))</a>" }
                let reasons = (run["reasons"]?.array ?? []).map { shown($0) }.joined(separator: "<br>")
                return [
                    shown(test["title"]), shown(run["title"]), verdictMark(run["verdict"]?.string ?? "inconclusive"),
                    shown(run["duration_s"]) + " s", page ?? "none", reasons.isEmpty ? "every gate held" : reasons,
                ]
            }
        }
        return table(["test", "run", "verdict", "took", "evidence", "why"], rows)
    }

    private var conditions: [String] {
        table(
            ["condition", "answer", "because"],
            (report["go_no_go"]?.array ?? []).map { row in
                let answer = row["answer"]?.string ?? "UNKNOWN"
                let style = ["GO": "pass", "NO-GO": "fail"][answer] ?? "inconclusive"
                let sign = ["GO": "✓", "NO-GO": "✗"][answer] ?? "?"
                return [
                    shown(row["condition"]), "<span class=\"word \(style)\">\(sign) \(escaped(answer))</span>",
                    shown(row["because"]),
                ]
            })
    }

    private var escalations: [String] {
        let rows = report["escalations"]?.array ?? []
        guard !rows.isEmpty else { return ["<p>None.</p>"] }
        return table(["action", "because", "run"], rows.map { [shown($0["action"]), shown($0["because"]), shown($0["run"])] })
    }

    private var baselines: [String] {
        let rows = report["baselines"]?.array ?? []
        guard !rows.isEmpty else { return ["<p>Nothing was compared.</p>"] }
        return table(
            ["run", "figure", "now", "baseline (median, runs)", "ratio", "p", "verdict", "why"],
            rows.map { row in
                let now = (row["current"]?.array ?? []).map { shown($0) }.joined(separator: ", ")
                let ratio = row["ratio"]?.double == nil
                    ? "not known" : "\(shown(row["ratio"])) (\(shown(row["ratio_low"])) to \(shown(row["ratio_high"])))"
                return [
                    shown(row["run"]), "<code>\(shown(row["figure"]))</code>", now,
                    "\(shown(row["baseline_median"])), \(shown(row["baseline_runs"]))", ratio,
                    row["p"]?.double == nil ? "not known" : shown(row["p"]),
                    verdictMark(row["verdict"]?.string ?? "inconclusive"),
                    row["reason"]?.string.map(escaped) ?? "held",
                ]
            })
    }

    private var controls: [String] {
        let rows = (report["controls"]?.array ?? []).flatMap { row -> [[String]] in
            let head = [shown(row["clause"]), shown(row["title"]), shown(row["evidence_for"])]
            let evidence = row["evidence"]?.array ?? []
            guard !evidence.isEmpty else { return [head + [shown(row["scenario"]), "not run here", "none"]] }
            return evidence.map { run in
                let gates = (run["gates"]?.array ?? []).map {
                    "<code>\(shown($0["name"]))</code> \(verdictMark($0["verdict"]?.string ?? "inconclusive"))"
                }
                let seal = run["seal"]?.string.map { String($0.prefix(12)) } ?? "unsealed"
                let reference = "\(shown(run["path"])), <code>\(escaped(seal))</code>"
                return head + [shown(run["run"]), gates.joined(separator: "<br>"), reference]
            }
        }
        return table(["clause", "about", "evidence that", "drill", "gates", "reference"], rows)
    }
}
