import Units

/// What the host side hands to the lab side.
package struct ConductorOptions: Sendable {
    package let runID: String
    package let runDirectory: String
    package let seed: UInt64
    /// A command line of the user's own governor, its program an absolute path.
    package let governor: [String]?
    /// Directory of our own programs.
    package let programs: String
    /// Of Redis on the control side; made for this run.
    package let password: String
    /// When the user's command started, for the progress clock.
    package let startedAt: Instant
    /// How delays are made: `auto` or a backend's name.
    package let backend: String
    /// Name of a program of the rig → path of the one that takes its place.
    package let replacements: [String: String]

    package init(
        runID: String, runDirectory: String, seed: UInt64, governor: [String]?, programs: String, password: String,
        startedAt: Instant, backend: String, replacements: [String: String] = [:]
    ) {
        self.runID = runID
        self.runDirectory = runDirectory
        self.seed = seed
        self.governor = governor
        self.programs = programs
        self.password = password
        self.startedAt = startedAt
        self.backend = backend
        self.replacements = replacements
    }
}
