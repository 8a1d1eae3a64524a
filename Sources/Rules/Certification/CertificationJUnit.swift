import Messages
import Scenarios
import Units
import Verdicts

extension CertificationReport {
    /// The portable subset of JUnit: a suite a test, a testcase a run and a figure. `failure` for fail, `error` for
    /// inconclusive, never `skipped`.
    package var junit: [UInt8] {
        let cases = suite.tests.map { test in (test, testcases(test)) }
        let all = cases.flatMap(\.1)
        let counts = CertificationReport.counts(all)
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append("<testsuites name=\"\(xmlEscaped(suite.name))\" \(counts) time=\"\(seconds(duration.seconds))\">")
        for (test, cases) in cases {
            lines.append(
                "  <testsuite name=\"\(xmlEscaped(suite.name)).\(xmlEscaped(test.name))\" \(CertificationReport.counts(cases)) "
                    + "skipped=\"0\" time=\"\(seconds(cases.reduce(0) { $0 + $1.seconds }))\" "
                    + "timestamp=\"\(started.utcText.prefix(19))\" hostname=\"\(xmlEscaped(machine))\">")
            lines += [
                "    <properties>", "      <property name=\"certifying\" value=\"\(certifies)\"/>",
                "      <property name=\"status\" value=\"\(isCertified ? "CERTIFIED" : "NOT CERTIFIED")\"/>",
                "    </properties>",
            ]
            lines += cases.flatMap { $0.lines(suite.name, test.name) }
            lines.append("  </testsuite>")
        }
        return Array((lines + ["</testsuites>", ""]).joined(separator: "\n").utf8)
    }

    private struct Testcase {
        let name: String
        let seconds: Double
        let outcome: Outcome
        let text: String

        func lines(_ suite: String, _ test: String) -> [String] {
            let text = xmlEscaped(text)
            let element =
                switch outcome {
                case .pass: "      <system-out>\(text)</system-out>"
                case .fail: "      <failure type=\"fail\" message=\"\(text)\">\(text)</failure>"
                case .inconclusive: "      <error type=\"inconclusive\" message=\"\(text)\">\(text)</error>"
                }
            let head = "    <testcase classname=\"gauntlet.\(xmlEscaped(suite)).\(xmlEscaped(test))\" "
            return [head + "name=\"\(xmlEscaped(name))\" time=\"\(JSON.real(seconds).text())\">", element, "    </testcase>"]
        }
    }

    private func testcases(_ test: CertificationSuite.Test) -> [Testcase] {
        let runs = runs(of: test).map { run in
            Testcase(
                name: "run \(run.planned.title)", seconds: run.verdict?["run"]?["duration_s"]?.double ?? 0,
                outcome: run.outcome, text: run.outcome == .pass ? "every gate held" : run.reasons.joined(separator: "; "))
        }
        let figures = matrix.filter { $0.test == test.title && $0.gate != nil }.map { row in
            Testcase(
                name: "figure \(row.title)", seconds: 0, outcome: row.verdict,
                text: "observed \(row.observedText), required \(row.thresholdText)" + (row.reason.map { ": \($0)" } ?? ""))
        }
        return runs + figures
    }

    private static func counts(_ cases: [Testcase]) -> String {
        let failures = cases.count { $0.outcome == .fail }
        let errors = cases.count { $0.outcome == .inconclusive }
        return "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
    }

    private func seconds(_ value: Double) -> String { JSON.real(value).text() }
}
