import Messages
import Scenarios

extension Verdict {
    /// For people and for CI step summaries. `seal` is the SHA-256 of `verdict.json`.
    package func summary(seal: String) -> [UInt8] {
        var lines = ["# \(title): \(headline)", ""]
        lines += [sentence, ""]
        lines += [
            "Run `\(plain(run["id"]))`, seed \(plain(run["seed"])), started \(plain(run["started"])), "
                + "\(plain(run["duration_s"])) s. Governor: `\(plain(run["command"]))`.", "",
        ]
        lines += ["## Gates", "", "| gate | verdict | observed | required | why |", "|---|---|---|---|---|"]
        lines += gates.map { gate in
            "| \(gate.name.rawValue) | \(gate.outcome.rawValue) | \(gate.observedText) | \(gate.requiredText) "
                + "| \(cell(gate.reason ?? "")) |"
        }
        lines += [
            "", "## Faults", "", "| fault | kind | at | asked for | measured | in force |", "|---|---|---|---|---|---|",
        ]
        for fault in faults { lines += rows(fault) }
        lines += ["", "## Measurements", "", "| name | value |", "|---|---|"]
        lines += (measurements.members ?? []).sorted { $0.key < $1.key }.map {
            "| \($0.key) | \(cell($0.value.text())) |"
        }
        lines += [
            "", "## Seal", "", "\(files.count) evidence files, \(records) records, chain head `\(chainHead)`.",
            "SHA-256 of `verdict.json`: `\(seal)`", "",
        ]
        return Array(lines.joined(separator: "\n").utf8)
    }

    package var headline: String { outcome.rawValue.uppercased() + (certifying ? "" : " (not certifying)") }

    /// The verdict in a sentence, then a line a gate, with the reason of each that isn't green.
    package var words: String {
        let wide = gates.map(\.name.rawValue.count).max() ?? 0
        func column(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let lines = gates.map { gate in
            let row = "  " + column(gate.name.rawValue, wide + 2) + column(gate.observedText, 12)
                + column(gate.requiredText, 16) + gate.outcome.rawValue
            return gate.outcome == .pass ? row : "\(row): \(gate.reason ?? "")"
        }
        return (["\(headline). \(sentence)"] + lines).joined(separator: "\n")
    }

    package var exitCode: Int32 { outcome.exitCode }

    private var sentence: String {
        func names(_ wanted: Outcome) -> String {
            gates.filter { $0.outcome == wanted }.map(\.name.rawValue).joined(separator: ", ")
        }
        return switch outcome {
        case .pass: "Every gate held, its faults were proven, and the evidence is complete."
        case .fail: "Failed: \(names(.fail))."
        case .inconclusive:
            "No verdict on the governor: \(names(.inconclusive).isEmpty ? "the evidence is not complete" : names(.inconclusive))."
        }
    }

    private func rows(_ fault: FaultResult) -> [String] {
        let json = fault.json
        let asked = [
            json["delay_s"]?.double.map { "\(JSON.real($0 * 1_000).text()) ms" },
            json["duration_s"].map { "for \($0.text()) s" },
        ]
        .compactMap { $0 }.joined(separator: " ")
        let force = json["in_force"]?.string ?? "unproven"
        let parts = json["applied"]?.array ?? []
        let name = json["who"]?.string.map { "\(fault.id) (operator, \($0))" } ?? fault.id
        if parts.isEmpty { return ["| \(cell(name)) | \(plain(json["kind"])) | | \(asked) | nothing | \(force) |"] }
        return parts.map { part in
            let doses = (part["measured"]?.array ?? []).map { probe in
                let dose = Double((probe["p50_ns"]?.integer ?? 0) - (probe["baseline_p50_ns"]?.integer ?? 0)) / 1e6
                return "\(plain(probe["source_"])) +\(JSON.real(dose).text()) ms"
            }.joined(separator: ", ")
            let span = "\(plain(part["effective"])) to \(plain(part["ended"])) s"
            return "| \(cell(name)) | \(plain(json["kind"])) | \(plain(part["node"])) | \(asked) "
                + "| \(cell([span, doses].filter { !$0.isEmpty }.joined(separator: ", "))) | \(force) |"
        }
    }

    private func plain(_ value: JSON?) -> String {
        guard let value, !value.isNull else { return "unknown" }
        return cell(value.string ?? value.text())
    }

    private func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("\n", with: " ").replacing("`", with: "'")
    }
}

extension Verdict.GateResult {
    package var observedText: String {
        finding.observed.isNull
            ? "unknown" : finding.observed.text() + (unit == "s" && finding.observed.double != nil ? " s" : "")
    }

    package var requiredText: String {
        switch threshold {
        case .duration(let limit): "at most \(limit.written)"
        case .count(let minimum): "at least \(minimum)"
        case .number(let limit): "\(name.comparator.words) \(limit) \(unit)"
        case .range(let low, let high): "\(low.written) to \(high.written)"
        case nil: kind == .never ? "none" : "yes"
        }
    }
}
