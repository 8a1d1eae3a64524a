// Which gate of which drill gives evidence for which clause of the rules that a trading firm answers to. Evidence for,
// not compliance with: a drill shows how one governor behaved once, and what it shows is what the gate says.

import Messages
import Scenarios

package struct ControlMapping: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        /// `RTS 6 Article 12`.
        package let clause: String
        /// What the clause is about, in its own field's words.
        package let title: String
        /// What these gates show of it.
        package let shows: String
        package let scenario: String
        package let gates: [GateName]
        /// Title of the only run that counts; `nil`: every run of the scenario.
        package let run: String?

        package init(
            clause: String, title: String, shows: String, scenario: String, gates: [GateName], run: String? = nil
        ) {
            self.clause = clause
            self.title = title
            self.shows = shows
            self.scenario = scenario
            self.gates = gates
            self.run = run
        }
    }

    package let rows: [Row]

    package init(rows: [Row]) { self.rows = rows }

    /// What the runs at twice a firm's peak show, before everything else of its clause.
    package func adding(_ peak: PeakLoad, quick: Bool) -> ControlMapping {
        func row(_ shows: String, _ planned: CertificationSuite.PlannedRun, _ gates: [GateName]) -> Row {
            Row(
                clause: "RTS 6 Article 10", title: "Stress testing", shows: shows, scenario: planned.scenario, gates: gates,
                run: planned.title)
        }
        return ControlMapping(rows: [
            row(
                "\(peak.messagesTested) intents a second, twice the peak of \(peak.messages) messages a second that was given",
                peak.messageRun(quick: quick),
                [.pipelineLatency, .decisionLatency, .redisBacklog, .memoryLeak, .acceptedRate]),
            row(
                "\(peak.volumeTested) position changes at once, twice the peak of \(peak.volume) that was given",
                peak.volumeRun, [.executionRate, .riskLimitBreaches]),
        ] + rows)
    }

    /// From `data/controls.json`: an array of `clause`, `title`, `shows`, `scenario`, `gates`.
    package init(parsing bytes: [UInt8]) throws(MessageError) {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch {
            throw MessageError("controls.json", field: "(whole)", expected: "JSON", found: error.description)
        }
        guard let array = json.array else {
            throw MessageError("controls.json", field: "(whole)", expected: "an array of controls", found: "something else")
        }
        var rows: [Row] = []
        for entry in array {
            let reader = MessageReader("controls.json", json: entry)
            var gates: [GateName] = []
            for name in entry["gates"]?.array ?? [] {
                guard let gate = GateName(rawValue: name.string ?? "") else {
                    throw MessageError("controls.json", field: "gates", expected: "a gate's name", found: name.text())
                }
                gates.append(gate)
            }
            guard !gates.isEmpty else { throw reader.failure("gates", "at least one gate's name") }
            rows.append(
                Row(
                    clause: try reader.string("clause"), title: try reader.string("title"),
                    shows: try reader.string("shows"), scenario: try reader.string("scenario"), gates: gates))
        }
        self.rows = rows
    }
}

extension ControlMapping.Row {
    /// What these runs give for it: each run of the scenario with its verdict on every gate, and where it is written.
    func evidence(in runs: [RunOutcome]) -> [JSON] {
        runs.filter { $0.planned.scenario == scenario && (run ?? $0.planned.title) == $0.planned.title }.map { run in
            [
                "run": .string(run.planned.title), "path": .optional(run.path), "seal": .optional(run.seal),
                "certifying": .bool(run.certifies),
                "gates": .array(
                    gates.map { gate in
                        ["name": .string(gate.rawValue), "verdict": .string(run.gate(gate)?["verdict"]?.string ?? "inconclusive")]
                    }),
            ]
        }
    }

    func json(_ runs: [RunOutcome]) -> JSON {
        [
            "clause": .string(clause), "title": .string(title), "evidence_for": .string(shows),
            "scenario": .string(scenario), "gates": .array(gates.map { .string($0.rawValue) }),
            "evidence": .array(evidence(in: runs)),
        ]
    }
}
