// A certification, as written in one file under `chaos/`: which tests it has, which runs each of them takes, and
// which figures are shown. A suite measures nothing itself; it points at scenarios and at their gates.

package struct CertificationSuite: Hashable, Sendable {
    /// The file's name without its ending: `full_certification_suite`.
    package var name: String
    package var description: String
    package var tests: [Test]

    /// One of `Tests: 4/4 passed`: passes when every one of its runs does.
    package struct Test: Hashable, Sendable {
        package var name: String
        /// For people: `Flash Crash v2`.
        package var title: String
        /// Day of the requirements' plan that this test belongs to.
        package var day: Int
        package var runs: [PlannedRun]
        /// In place of `runs` with `--quick`.
        package var quick: [PlannedRun]
        package var kpis: [KPI]

        package init(name: String, title: String, day: Int, runs: [PlannedRun], quick: [PlannedRun], kpis: [KPI]) {
            self.name = name
            self.title = title
            self.day = day
            self.runs = runs
            self.quick = quick
            self.kpis = kpis
        }
    }

    package struct PlannedRun: Hashable, Sendable {
        package var scenario: String
        package var choice: Choice

        package init(scenario: String, choice: Choice = Choice()) {
            self.scenario = scenario
            self.choice = choice
        }

        package var title: String {
            [
                scenario, choice.variant, choice.profile, choice.changes.map { "\($0)-changes" },
                choice.rate.map { "\($0)-a-second" },
            ].compactMap { $0 }.joined(separator: "-")
        }
    }

    /// A row of the success matrix: what the requirements call it, and the gate that measures it.
    package struct KPI: Hashable, Sendable {
        package var title: String
        package var gate: GateName

        package init(title: String, gate: GateName) {
            self.title = title
            self.gate = gate
        }
    }

    package init(name: String, description: String, tests: [Test]) {
        self.name = name
        self.description = description
        self.tests = tests
    }

    package func runs(quick: Bool) -> [PlannedRun] { tests.flatMap { quick ? $0.quick : $0.runs } }

    /// Whether a file under `chaos/` is a suite and not a scenario: only a suite has this key.
    package static func isSuite(_ yaml: [UInt8]) -> Bool {
        String(decoding: yaml, as: UTF8.self).split(separator: "\n").contains { $0.hasPrefix("suite:") }
    }
}

extension CertificationSuite {
    /// What is wrong only beside the scenarios: unknown ones, unknown variants and profiles, figures that no run
    /// measures. `scenario` gives a scenario with that choice, or throws why there is none.
    package func mistakes(scenario: (PlannedRun) throws -> Scenario) -> [String] {
        var found: [String] = []
        for test in tests {
            for (list, runs) in [("runs", test.runs), ("quick", test.quick)] {
                var gates: Set<GateName> = []
                var isWhole = true
                for run in runs {
                    do {
                        let scenario = try scenario(run)
                        gates.formUnion(scenario.gates.map(\.name))
                        if list == "runs", !scenario.certifying {
                            found.append("test '\(test.name)': \(run.title) certifies nothing, and stands in 'runs'")
                        }
                    } catch {
                        isWhole = false
                        found.append("test '\(test.name)': \(run.title): \(error)")
                    }
                }
                for kpi in test.kpis where isWhole && !gates.contains(kpi.gate) {
                    found.append(
                        "test '\(test.name)': no run of '\(list)' has gate '\(kpi.gate.rawValue)' (\(kpi.title))")
                }
            }
        }
        return found
    }
}
