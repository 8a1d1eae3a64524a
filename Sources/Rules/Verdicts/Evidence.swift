import Books
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

    /// The form in which a run is recorded: its types, fields, files and columns. A run says its own in `environment.json`,
    /// and one of another form is refused: half understood, it would look like a run with gaps.
    package static let form = "gauntlet.evidence/3"

    /// Files without which nothing is certain.
    package static let required =
        ["environment.json", "history.ndjson", "orders.pcapng", "scenario.yaml", "topology.yaml"]

    package var scenario: Scenario
    /// How many records the history has, and its head: what the verdict seals.
    package var history: HistoryReader.Facts
    /// What the history and the sample files say.
    var timeline: Timeline
    package var environment: JSON
    /// The governor's limits, as it was given them. `nil`: not in the run directory.
    package var limits: JSON?
    package var fees: FeeSchedule?
    /// What was meant to be sent, with every level of every book. Read only when a gate of the scenario asks for it.
    package var plan: Plan?
    /// Sorted by path.
    package var files: [File]
    /// What could not be read, in words; each one makes the run inconclusive.
    package var defects: [String]

    /// - Parameter timeline: fed with every record and row, and sorted.
    package init(
        scenario: Scenario, history: HistoryReader.Facts, timeline: Timeline, environment: JSON, files: [File],
        defects: [String] = [], limits: JSON? = nil, fees: FeeSchedule? = nil, plan: Plan? = nil
    ) {
        self.scenario = scenario
        self.history = history
        self.timeline = timeline
        self.environment = environment
        self.files = files
        self.defects = defects
        self.limits = limits
        self.fees = fees
        self.plan = plan
    }
}

extension Evidence {
    /// Whether a gate of the scenario looks at the plan: it is large, and most gates don't.
    package var needsPlan: Bool {
        scenario.gates.contains { [.ungovernedTwin, .participation, .maxDrawdown, .depthThinningApplied].contains($0.name) }
    }

    /// From a history and sample files in memory.
    package init(
        scenario: Scenario, history: History, samples: [SampleText], environment: JSON, files: [File],
        defects: [String] = [], limits: JSON? = nil, fees: FeeSchedule? = nil, plan: Plan? = nil
    ) {
        var timeline = Timeline()
        for record in history.records { timeline.read(record) }
        for text in samples { text.bytes.withUnsafeBytes { timeline.read($0, of: text.stream) } }
        timeline.sort()
        self.init(
            scenario: scenario, history: history.facts, timeline: timeline, environment: environment, files: files,
            defects: defects, limits: limits, fees: fees, plan: plan)
    }
}
