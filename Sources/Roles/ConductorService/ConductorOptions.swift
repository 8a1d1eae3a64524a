import Commands
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
    package let keys: RigKeys
    /// When the user's command started, for the progress clock.
    package let startedAt: Instant
    /// How delays are made: `auto` or a backend's name.
    package let backend: String
    /// Name of a program of the rig → path of the one that takes its place.
    package let replacements: [String: String]

    package init(
        runID: String, runDirectory: String, seed: UInt64, governor: [String]?, programs: String, keys: RigKeys,
        startedAt: Instant, backend: String, replacements: [String: String] = [:]
    ) {
        self.runID = runID
        self.runDirectory = runDirectory
        self.seed = seed
        self.governor = governor
        self.programs = programs
        self.keys = keys
        self.startedAt = startedAt
        self.backend = backend
        self.replacements = replacements
    }
}

/// What opens the rig's own doors. The governor is given none of it.
package struct RigKeys: Sendable {
    /// Of Redis on the control side.
    package let redisPassword: String
    /// Where the roles read it.
    package let redisPasswordFile: String
    /// Of the chaos agents' TCP doors; `nil` where they are Unix sockets.
    package let agentToken: Token?
    package let postgresURL: String

    package init(redisPassword: String, redisPasswordFile: String, agentToken: Token?, postgresURL: String) {
        self.redisPassword = redisPassword
        self.redisPasswordFile = redisPasswordFile
        self.agentToken = agentToken
        self.postgresURL = postgresURL
    }

    /// Of a lab: drawn for this run.
    package static func lab() throws -> RigKeys {
        RigKeys(
            redisPassword: try Password.draw(), redisPasswordFile: RunPaths.passwordFile, agentToken: nil,
            postgresURL: LabStores.postgresURL)
    }
}
