import ArgumentParser
import Commands
import ConductorService
import Processes

/// Which rig, and what opens it when it runs already.
struct RigOptions: ParsableArguments {
    @Option(help: "Topology file: who runs where. Default: topology/local.yaml, everything on this machine.")
    var topology: String?

    @Option(help: "To attach: directory with the files redis-control and chaos-token.")
    var keys = "/run/keys"

    @Option(help: "To attach: PostgreSQL over the control side, as a libpq connection string.")
    var postgres = "host=/run/postgresql user=gauntlet dbname=postgres"

    /// `nil` when the rig is built here.
    func found() throws -> RigKeys? {
        guard topology != nil else { return nil }
        let password = try Token(file: "\(keys)/redis-control")
        return RigKeys(
            redisPassword: password.text, redisPasswordFile: "\(keys)/redis-control",
            agentToken: try Token(file: "\(keys)/chaos-token"), postgresURL: postgres)
    }
}

struct StandByCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stand-by", abstract: "In a container of the rig: waits for the conductor's orders for one role.")

    @Argument(help: "\(StandBy.roles.joined(separator: ", ")).")
    var role: String

    func validate() throws {
        guard StandBy.roles.contains(role) else {
            throw ValidationError("unknown role '\(role)': expected one of \(StandBy.roles.joined(separator: ", "))")
        }
    }

    func run() throws { try StandBy(role, programs: Programs.ownDirectory).run() }
}
