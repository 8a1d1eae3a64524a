import ArgumentParser
import ConductorService
import Glibc
import Messages
import Scenarios
import Units

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what a scenario does: its phases, faults with their expected effect, and gates.")

    @Argument(help: "Name of a scenario under chaos/, or the path of a scenario file.")
    var scenario: String

    @OptionGroup var chosen: ChosenOverlays

    @OptionGroup var recorded: RecordedTapeOptions

    func run() throws {
        let loaded = try LoadedScenario(
            file: try Places.scenario(scenario), root: Places.root, choice: chosen.choice, tape: recorded.resolved)
        print(loaded.scenario.explanation(on: loaded.topology))
    }
}

struct ScenarioList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenarios", abstract: "Lists the scenarios under chaos/ with how long each takes.")

    @Option(help: "Form of the result on stdout: text or json.")
    var format: OutputFormat = .text

    func run() throws {
        var rows: [JSON] = []
        for name in Places.scenarios {
            let scenario = try LoadedScenario(file: try Places.scenario(name), root: Places.root).scenario
            rows.append([
                "name": .string(name), "seconds": .integer(scenario.duration.nanoseconds / 1_000_000_000),
                "certifying": .bool(scenario.certifying), "description": .string(scenario.description),
            ])
        }
        guard format == .text else { return print(JSON.array(rows).text(.sorted)) }
        for row in rows {
            let name = row["name"]?.string ?? ""
            let padding = String(repeating: " ", count: max(1, 28 - name.count))
            print("\(name)\(padding)\(row["seconds"]?.integer ?? 0) s  \(row["description"]?.string ?? "")")
        }
    }
}

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what this machine can do, and what any run has left on it.",
        discussion: "Exit code 0: ready and clean. 1: something is left behind. 77: a drill can't run here.")

    func run() throws {
        let report = MachineReport.read()
        for line in report.lines { print(line) }
        if !report.leftovers.isEmpty { throw ExitCode(1) }
        if !report.missing.isEmpty { throw ExitCode(77) }
    }
}

struct Heal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends what a crashed run has left: its processes, by pid, and with them its namespaces and faults.")

    @Argument(help: "Id of the run, as `gauntlet doctor` shows it; or --all.")
    var runID: String?

    @Flag(help: "Heal every run, live ones too.")
    var all = false

    func run() throws {
        guard all || runID != nil else {
            throw UsageError(description: "heal: name a run (gauntlet doctor lists them), or say --all")
        }
        let ended = Leftovers.end(run: all ? nil : runID)
        print(ended.isEmpty ? "nothing to heal" : ended.joined(separator: "\n"))
    }
}
