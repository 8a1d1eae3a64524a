import Archive
import Certification
import Messages
import Scenarios
import Units

/// A suite with every scenario that it names, read and checked before the first run.
package struct LoadedSuite: Sendable {
    package let suite: CertificationSuite
    package let bytes: [UInt8]
    package let controls: ControlMapping
    /// Each scenario, by title of the run.
    private let scenarios: [String: Scenario]

    /// With the runs at twice a firm's `peak`, if one is given.
    package init(file: String, root: String, peak: PeakLoad? = nil) throws(ConductorError) {
        do {
            bytes = try readFile(file)
            let written = try CertificationSuite(yaml: bytes, file: file)
            suite = peak.map { written.adding($0) } ?? written
            controls = try ControlMapping(parsing: try readFile("\(root)/data/controls.json"))
        } catch { throw ConductorError(.usage, file, "\(error)") }
        var scenarios: [String: Scenario] = [:]
        let mistakes = suite.mistakes { run throws in
            if let known = scenarios[run.title] { return known }
            let path = "\(root)/chaos/\(run.scenario).yaml"
            let scenario = try LoadedScenario(file: path, root: root, choice: run.choice).scenario
            scenarios[run.title] = scenario
            return scenario
        }
        guard mistakes.isEmpty else {
            throw ConductorError(.usage, file, Array(Set(mistakes)).sorted().joined(separator: "\n"))
        }
        self.scenarios = scenarios
    }

    package func plans(quick: Bool) -> [SuiteRun.Plan] {
        suite.runs(quick: quick).map { planned in
            let scenario = scenarios[planned.title]
            return SuiteRun.Plan(
                planned, duration: scenario?.duration ?? .zero,
                leastIntents: scenario.map { LoadedSuite.leastIntents(planned, $0) } ?? 0)
        }
    }

    /// What a rate that was asked for comes to over phase `drive`: 99 of 100, the rest may fall on its edges.
    private static func leastIntents(_ planned: CertificationSuite.PlannedRun, _ scenario: Scenario) -> Int64 {
        guard let rate = planned.choice.rate, let drive = scenario.phases.first(where: { $0.name == .drive }) else { return 0 }
        return Int64(rate) * (drive.duration.nanoseconds / 1_000_000) / 1_000 * 99 / 100
    }
}
