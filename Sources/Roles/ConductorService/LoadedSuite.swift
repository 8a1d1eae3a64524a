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
    /// How long each scenario lasts, by title of the run.
    package let durations: [String: Duration]

    package init(file: String, root: String) throws(ConductorError) {
        do {
            bytes = try readFile(file)
            suite = try CertificationSuite(yaml: bytes, file: file)
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
        durations = scenarios.mapValues(\.duration)
    }

    package func plans(quick: Bool) -> [SuiteRun.Plan] {
        suite.runs(quick: quick).map { SuiteRun.Plan($0, duration: durations[$0.title] ?? .zero) }
    }
}
