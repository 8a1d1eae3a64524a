import Archive
import ArgumentParser
import ConductorService
import Glibc
import Judging
import Messages
import Processes
import Scenarios
import Sockets
import Units
import Verdicts

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs one drill on this machine and judges it.",
        discussion: "Builds a lab of network namespaces, runs the scenario in it, and leaves the evidence under --runs."
    )

    @Argument(help: "Name of a scenario under chaos/, or the path of a scenario file.")
    var scenario = "hard_kill_governance"

    @OptionGroup var chosen: ChosenOverlays

    @OptionGroup var recorded: RecordedTapeOptions

    @Option(help: "Command line of your own governor, in quotes. Default: the reference governor.")
    var governor: String?

    @Option(help: "Of everything that is drawn; the same seed gives the same plan.")
    var seed: UInt64 = 1

    @Option(help: "Directory for the evidence.")
    var runs = "runs"

    @OptionGroup var rig: RigOptions

    @Option(help: "How delays are made: auto, netem, nft-queue or nfqueue.")
    var backend = "auto"

    @Option(
        help: ArgumentHelp(
            "Puts another program in the place of one of the rig's, NAME=PATH; to test the rig itself.",
            valueName: "name=path"))
    var replace: [String] = []

    @Option(
        help: """
            Runs at most, 1 to 10: one that is inconclusive with whole evidence is followed by another. A pass or a \
            fail is the last word; each run keeps its evidence.
            """)
    var attempts = 1

    @Option(help: "Form of the result on stdout: text or json.")
    var format: OutputFormat = .text

    func validate() throws {
        guard (1...10).contains(attempts) else {
            throw ValidationError("--attempts: expected 1 to 10, found \(attempts)")
        }
    }

    func run() throws {
        defer { if let path = rig.topology { Conductor.letWaitingGo(path, root: Places.root) } }
        var ran = try HostRun(options()).run()
        for attempt in 1..<max(2, attempts) where attempt < attempts && ran.verdict.isWorthAnotherRun {
            complain("run \(attempt) of at most \(attempts), \(ran.directory.path): \(ran.verdict.headline)")
            ran = try HostRun(options()).run()
        }
        try Result.print(ran.verdict, of: ran.directory, as: format)
        throw ExitCode(ran.verdict.exitCode)
    }

    private func options() throws -> HostOptions {
        var options = HostOptions(
            scenario: try Places.scenario(scenario), choice: chosen.choice, topology: rig.topology,
            keys: try rig.found(),
            seed: seed, runs: runs, root: Places.root,
            programs: Programs.ownDirectory, governor: try governor.map(Places.governorCommand), backend: backend,
            replacements: try Places.replacements(replace), startedAt: Instant.now, commandLine: CommandLine.arguments)
        options.tape = recorded.resolved
        options.badRows = recorded.skipBad ? .skip : .refuse
        options.onSkippedRows = { log in complain("left out \(log.count) rows:\n\(Mistakes(log.shown))") }
        return options
    }
}

/// A recorded book in place of a scenario's own tape.
struct RecordedTapeOptions: ParsableArguments {
    @Option(
        help: "A recorded book in place of the first symbol's tape: lobster:MESSAGE,BOOK or mbp10:FILE.",
        transform: { text in
            guard let tape = TapeReference(written: text) else {
                throw ValidationError("--tape: expected \(TapeReference.expected), found '\(text)'")
            }
            return tape
        })
    var tape: TapeReference?

    @Flag(help: "Leave out tape rows that can't be read, and say how many, instead of refusing the tape.")
    var skipBad = false

    /// Paths count from the working directory, as people type them.
    var resolved: TapeReference? {
        tape?.resolved { $0.hasPrefix("/") ? $0 : "\(Places.currentDirectory)/\($0)" }
    }
}

/// Which variant and which profile of a scenario.
struct ChosenOverlays: ParsableArguments {
    @Option(help: "One of the scenario's variants: a parameter changed.")
    var variant: String?

    @Option(help: "One of the scenario's profiles: made smaller, and certifying nothing.")
    var profile: String?

    @Option(help: "Of concurrent_order_burst: position changes at once, 50 to 5000 (default: the scenario's own 50).")
    var changes: Int?

    @Option(help: "Of a scenario with a rate: intents a second, 1 to 100000 (default: the scenario's own).")
    var rate: Int?

    var choice: Choice { Choice(variant: variant, profile: profile, changes: changes, rate: rate) }

    func validate() throws {
        guard changes.map({ (50...5_000).contains($0) }) ?? true else {
            throw ValidationError("--changes: expected 50 to 5000, found \(changes ?? 0)")
        }
        guard rate.map({ (1...100_000).contains($0) }) ?? true else {
            throw ValidationError("--rate: expected 1 to 100000, found \(rate ?? 0)")
        }
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Derives the verdict of a run again from its evidence, offline.",
        discussion: "Says whether any sealed byte has changed, and whether the verdict comes out the same.")

    @Argument(help: "Directory of a run, or runs/latest.")
    var directory = "runs/latest"

    @Option(help: "Form of the result on stdout: text or json.")
    var format: OutputFormat = .text

    func run() throws {
        let run: RunDirectory
        do { run = try RunDirectory(existing: directory) } catch { throw UsageError(description: error.description) }
        let outcome: RunJudge.Again
        do {
            outcome = try RunJudge.judgeAgain(run)
        } catch {
            guard error.operation == "judge" else { throw error }
            throw UsageError(description: error.description)
        }
        for difference in outcome.differences { complain(difference) }
        try Result.print(outcome.verdict, of: run, as: format)
        throw ExitCode(outcome.differences.isEmpty ? outcome.verdict.exitCode : 2)
    }
}
