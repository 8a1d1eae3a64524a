import History
import Messages

/// `report.html` of a run: what its verdict and its history say, and nothing that is in neither.
package struct RunPage {
    private let verdict: JSON
    private let observations: [Observation]
    private let seal: String

    /// - Parameters:
    ///   - verdict: content of `verdict.json`.
    ///   - observations: of its history, in their order; those that `RunPage.draws` are enough.
    ///   - seal: its SHA-256.
    package init(verdict: JSON, observations: [Observation], seal: String) {
        self.verdict = verdict
        self.observations = observations
        self.seal = seal
    }

    /// Whether the page shows such an observation: most of a long history it doesn't.
    package static func draws(_ observation: Observation) -> Bool { RunTimeline.types.contains(observation.type) }

    package var bytes: [UInt8] { Page(title: "\(title): \(word)", body: body, data: verdict).bytes }

    private var title: String {
        ["scenario", "variant", "profile"].compactMap { verdict["run"]?[$0]?.string }.joined(separator: "-")
    }

    private var word: String { verdict["verdict"]?.string ?? "inconclusive" }
    private var gates: [JSON] { verdict["gates"]?.array ?? [] }

    private var body: [String] {
        let run = verdict["run"]
        let passed = gates.count { $0["verdict"]?.string == "pass" }
        let certifies = verdict["certifying"]?.bool == true
        let head = [
            "<h1>\(escaped(title))</h1>",
            "<p><span class=\"badge \(word == "pass" || word == "fail" ? word : "inconclusive")\">\(verdictSign) "
                + "\(escaped(word.uppercased()))</span> \(passed) of \(gates.count) gates passed"
                + "\(certifies ? "" : "; certifies nothing")</p>",
            "<p class=\"faint\">Run <code>\(shown(run?["id"]))</code>, seed \(shown(run?["seed"])), started "
                + "\(shown(run?["started"])), \(shown(run?["duration_s"])) s. "
                + "Governor: <code>\(shown(run?["command"]))</code>.</p>",
        ]
        let timeline = RunTimeline(observations).map(\.figure)
            ?? ["<p>The history holds no phase: there is no timeline to draw.</p>"]
        return head + ["<h2>Timeline</h2>"] + timeline + ["<h2>Gates</h2>"] + gateTable + ["<h2>Faults</h2>"] + faultTable
            + ["<h2>Measurements</h2>"] + measurementTable + ["<h2>Evidence</h2>"] + evidence
    }

    private var verdictSign: String { ["pass": "✓", "fail": "✗"][word] ?? "?" }

    private var gateTable: [String] {
        table(
            ["gate", "verdict", "observed", "required", "margin", "n", "why"],
            gates.map { gate in
                let range = gate["threshold"]?.array?.map { $0.text() }.joined(separator: " to ")
                let threshold = range ?? shown(gate["threshold"])
                let held = gate["vacuous"]?.bool == true ? "vacuous: nothing could have broken it" : "held"
                let unit = gate["unit"]?.string ?? ""
                let suffix = ["bool", "count", "number", ""].contains(unit) ? "" : " \(escaped(unit))"
                return [
                    "<code>\(shown(gate["name"]))</code>", verdictMark(gate["verdict"]?.string ?? "inconclusive"),
                    shown(gate["observed"]) + (gate["observed"]?.double == nil ? "" : suffix),
                    "\(escaped(gate["comparator"]?.string ?? "")) \(threshold)\(suffix)",
                    gate["margin"]?.double == nil ? "none to give" : shown(gate["margin"]), shown(gate["n"]),
                    gate["reason"]?.string.map(escaped) ?? held,
                ]
            })
    }

    /// Asked for beside measured: a dose is what a probe of our own saw, less what it saw before.
    private var faultTable: [String] {
        let faults = verdict["faults"]?.array ?? []
        guard !faults.isEmpty else { return ["<p>The scenario has no faults.</p>"] }
        let rows = faults.flatMap { fault -> [[String]] in
            let asked = fault["delay_s"]?.double.map { "\(JSON.real($0 * 1_000).text()) ms, " } ?? ""
            let head = [
                "<code>\(shown(fault["id"]))</code> \(shown(fault["kind"]))", "\(asked)\(shown(fault["duration_s"])) s",
            ]
            let force = fault["in_force"]?.string == "proven" ? "✓ proven" : "? unproven"
            let parts = fault["applied"]?.array ?? []
            guard !parts.isEmpty else { return [head + ["never applied", shown(nil), shown(nil), force]] }
            return parts.map { part in
                let doses = (part["measured"]?.array ?? []).map { probe in
                    let dose = Double((probe["p50_ns"]?.integer ?? 0) - (probe["baseline_p50_ns"]?.integer ?? 0)) / 1e6
                    return "\(shown(probe["source_"])): +\(JSON.real(dose).text()) ms (n \(shown(probe["n"])))"
                }
                let hit = (part["counters"]?.members ?? []).map { "\(escaped($0.key)) \(shown($0.value))" }
                return head + [
                    "\(shown(part["node"])), \(shown(part["effective"])) to \(shown(part["ended"])) s, "
                        + shown(part["backend"]),
                    doses.isEmpty ? "no probe flow for this kind" : doses.joined(separator: "<br>"),
                    hit.isEmpty ? shown(nil) : hit.joined(separator: "<br>"), force,
                ]
            }
        }
        return table(["fault", "asked for", "in force at", "measured dose", "hit", "proof"], rows)
    }

    private var measurementTable: [String] {
        let members = (verdict["measurements"]?.members ?? []).sorted { $0.key < $1.key }
        return table(["name", "value"], members.map { ["<code>\(escaped($0.key))</code>", shown($0.value)] })
    }

    private var evidence: [String] {
        let files = verdict["evidence"]?["files"]?.array ?? []
        let rows = files.map { file in
            ["<code>\(shown(file["path"]))</code>", shown(file["bytes"]), "<code>\(shown(file["sha256"]))</code>"]
        }
        return ["<p>SHA-256 of <code>verdict.json</code>: <code>\(escaped(seal))</code></p>"]
            + table(["file", "bytes", "SHA-256"], rows)
    }
}
