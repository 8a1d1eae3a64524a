import Scenarios
import Units

/// What `gauntlet run` was asked for.
package struct HostOptions: Sendable {
    /// Path of the scenario file.
    package var scenario: String
    /// Variant and profile of that file.
    package var choice: Choice
    package var seed: UInt64
    /// Where runs are kept.
    package var runs: String
    /// Path of the topology file; `nil`: everything on this machine.
    package var topology: String?
    /// What opens a rig that is attached to.
    package var keys: RigKeys?
    /// Directory that relative paths inside scenario files start from: the project's root.
    package var root: String
    /// Directory of our own programs.
    package var programs: String
    package var governor: [String]?
    package var backend: String
    /// Name of a program of the rig → path of the one that takes its place.
    package var replacements: [String: String]
    /// In place of the first symbol's own.
    package var tape: TapeReference?
    package var badRows = BadRows.refuse
    /// Told of tape rows that were left out.
    package var onSkippedRows: @Sendable (BadRowLog) -> Void = { _ in }
    package var startedAt: Instant
    package var commandLine: [String]

    /// What a run may take beside its scenario: building the lab, draining, judging.
    package static let overheadMaximum: Duration = .seconds(180)

    package init(
        scenario: String, choice: Choice, topology: String? = nil, keys: RigKeys? = nil, seed: UInt64, runs: String,
        root: String, programs: String,
        governor: [String]?, backend: String, replacements: [String: String], startedAt: Instant, commandLine: [String]
    ) {
        self.scenario = scenario
        self.choice = choice
        self.topology = topology
        self.keys = keys
        self.seed = seed
        self.runs = runs
        self.root = root
        self.programs = programs
        self.governor = governor
        self.backend = backend
        self.replacements = replacements
        self.startedAt = startedAt
        self.commandLine = commandLine
    }
}
