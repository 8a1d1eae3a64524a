import ArgumentParser
import ConductorCore
import ConductorService
import Glibc
import Units

/// The lab side of a run. Started by `lab-init`, never by a person.
struct Conduct: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The lab side of a run; started by lab-init.", shouldDisplay: false)

    @Option(help: "Directory of the run.") var runDirectory: String
    @Option(help: "Id of the run.") var runID: String
    @Option(help: "Seed of the plan.") var seed: UInt64
    @Option(help: "Directory of the programs.") var programs: String
    @Option(help: "Root of relative paths.") var root: String
    @Option(help: "How delays are made.") var backend: String
    @Option(help: "A program of the rig that another takes the place of.") var replace: [String] = []
    @Option(help: "Start of the user's command, monotonic ns.") var startedAt: Int64
    @Argument(parsing: .postTerminator, help: "Command line of the user's governor.") var governor: [String] = []

    func run() throws {
        let loaded = try LoadedScenario(file: "\(runDirectory)/scenario.yaml", root: root)
        let options = ConductorOptions(
            runID: runID, runDirectory: runDirectory, seed: seed, governor: governor.isEmpty ? nil : governor,
            programs: programs, keys: try RigKeys.lab(), startedAt: Instant(nanoseconds: startedAt),
            backend: backend, replacements: try Places.replacements(replace))
        let conductor = try Conductor(options, loaded)
        throw ExitCode(conductor.run())
    }
}
