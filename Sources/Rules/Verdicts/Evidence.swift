import History
import Messages
import Scenarios

/// Everything that a verdict is derived from. The same evidence gives the same bytes, on any machine, at any time.
package struct Evidence: Sendable {
    /// One file of the run that the verdict seals.
    package struct File: Hashable, Sendable {
        package let path: String
        package let bytes: Int64
        /// Hexadecimal.
        package let sha256: String

        package init(path: String, bytes: Int64, sha256: String) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// Files without which nothing is certain.
    package static let required = ["environment.json", "history.ndjson", "orders.pcapng", "scenario.yaml", "topology.yaml"]

    package var scenario: Scenario
    package var history: History
    package var environment: JSON
    /// Sorted by path.
    package var files: [File]
    /// What could not be read, in words; each one makes the run inconclusive.
    package var defects: [String]

    package init(scenario: Scenario, history: History, environment: JSON, files: [File], defects: [String] = []) {
        self.scenario = scenario
        self.history = history
        self.environment = environment
        self.files = files
        self.defects = defects
    }
}
