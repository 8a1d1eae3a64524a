import Archive
import ArgumentParser
import Certification
import ConductorService
import Glibc
import Judging
import Messages
import Processes
import Scenarios
import Sockets
import Units
import Verdicts

/// How fast it can go: one scenario at rising rates, each a run of its own with a verdict of its own.
struct Sweep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Runs a flood at rising rates, and says at which one its latencies still pass.",
        discussion: """
            Each rate is a short run in shadow mode, so that decisions are measured and not the broker. The highest rate \
            is the last one before the first that fails; a run whose load was late tells nothing about the governor.
            """)

    @Argument(help: "A scenario whose load is a flood.")
    var scenario = "decision_flood_enhanced"

    @Option(help: "Intents a second, LOW..HIGH: 1, 2 and 5 times the powers of ten between them.")
    var rate = "1000..50000"

    @Option(help: "Command line of your own governor, in quotes. Default: the reference governor.")
    var governor: String?

    @Option(help: "Directory for the evidence.")
    var runs = "runs/sweep"

    func run() throws {
        let rates: [Int64]
        do { rates = try RateSweep.rates(rate) } catch { throw UsageError(description: error.description) }
        var sweep = RateSweep()
        print(RateSweep.head)
        for rate in rates where !sweep.isOver {
            let step = RateSweep.Step(rate: rate, verdict: try JSON(parsing: try verdict(at: rate).bytes))
            print(step.line)
            sweep.add(step)
        }
        print(sweep.conclusion)
        throw ExitCode(sweep.highest == nil ? 2 : 0)
    }

    private func verdict(at rate: Int64) throws -> Verdict {
        let directory = "\(runs)/\(rate)"
        try makeDirectories(directory)
        let options = HostOptions(
            scenario: try Places.scenario(scenario),
            choice: Choice(variant: "shadow", profile: "selftest", rate: Int(rate)), seed: 1, runs: directory,
            root: Places.root, programs: Programs.ownDirectory, governor: try governor.map(Places.governorCommand),
            backend: "auto", replacements: [:], startedAt: Instant.now, commandLine: CommandLine.arguments)
        return try HostRun(options).run().verdict
    }
}
