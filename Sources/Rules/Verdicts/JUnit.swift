// JUnit XML in the subset that Jenkins, GitLab and GitHub all read: one testcase a gate, `failure` for fail, `error`
// for inconclusive, never `skipped`. The reason stands in `message` and in the content: some show the one, some the other.

import Messages

extension Verdict {
    package var junit: [UInt8] {
        let scenario = title
        let failures = gates.count { $0.outcome == .fail }
        let errors = gates.count { $0.outcome == .inconclusive }
        let time = run["duration_s"]?.text() ?? "0"
        let counts = "tests=\"\(gates.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
        let started = run["started"]?.string.map { String($0.prefix(19)) } ?? "1970-01-01T00:00:00"
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"gauntlet\" \(counts) time=\"\(time)\">",
            "  <testsuite name=\"\(xmlEscaped(scenario))\" \(counts) skipped=\"0\" time=\"\(time)\" "
                + "timestamp=\"\(started)\" hostname=\"\(xmlEscaped(environment["host"]?.string ?? "lab"))\">",
            "    <properties>",
            "      <property name=\"verdict\" value=\"\(outcome.rawValue)\"/>",
            "      <property name=\"certifying\" value=\"\(certifying)\"/>",
            "      <property name=\"seed\" value=\"\(xmlEscaped(run["seed"]?.text() ?? ""))\"/>",
            "    </properties>",
        ]
        for gate in gates { lines += testcase(gate, scenario) }
        lines += ["  </testsuite>", "</testsuites>", ""]
        return Array(lines.joined(separator: "\n").utf8)
    }

    private func testcase(_ gate: GateResult, _ scenario: String) -> [String] {
        let open = "    <testcase classname=\"gauntlet.\(xmlEscaped(scenario))\" name=\"\(gate.name.rawValue)\" time=\"0\""
        let text = xmlEscaped(gate.reason ?? "observed \(gate.finding.observed.text())")
        let element: String
        switch gate.outcome {
        case .pass: element = "      <system-out>\(text)</system-out>"
        case .fail: element = "      <failure type=\"fail\" message=\"\(text)\">\(text)</failure>"
        case .inconclusive: element = "      <error type=\"inconclusive\" message=\"\(text)\">\(text)</error>"
        }
        return [open + ">", element, "    </testcase>"]
    }
}

/// XML 1.0 text: what it can't hold becomes a question mark.
package func xmlEscaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case "\n", "\t": out += " "
        case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: out += "?"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}
