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

    private static let latencies: [GateName] = [.pipelineLatency, .decisionLatency]

    func run() throws {
        let rates = try rates()
        print(row(["rate", "pipeline P50", "P99", "P99.9", "decision P50", "P99", "P99.9", "verdict"]))
        var highest: Int64?
        for rate in rates {
            let verdict = try verdict(at: rate)
            let outcomes = Sweep.latencies.map { verdict.gate($0)?.outcome ?? .inconclusive }
            let outcome = Outcome.of(outcomes)
            let figures = ["pipeline", "decision"].flatMap { name in
                ["p50", "p99", "p999"].map { figure(verdict, "\(name)_latency_\($0)_ms") }
            }
            print(row(["\(rate)/s"] + figures + [outcome.rawValue]))
            if outcome == .pass { highest = rate }
            if outcome == .fail { break }
        }
        print(highest.map { "highest rate that passes: \($0)/s" } ?? "no rate was seen to pass")
        throw ExitCode(highest == nil ? 2 : 0)
    }

    private func rates() throws -> [Int64] {
        let ends = rate.split(separator: ".", omittingEmptySubsequences: true).compactMap { Int64($0) }
        guard ends.count == 2, ends[0] >= 1, ends[0] <= ends[1], ends[1] <= 100_000 else {
            throw UsageError(description: "--rate: expected LOW..HIGH, 1 to 100000, found '\(rate)'")
        }
        var rates: [Int64] = []
        var decade: Int64 = 1
        while decade <= ends[1] {
            rates += [1, 2, 5].map { $0 * decade }.filter { (ends[0]...ends[1]).contains($0) }
            decade *= 10
        }
        guard !rates.isEmpty else {
            throw UsageError(description: "--rate: no 1, 2 or 5 times a power of ten lies in \(rate)")
        }
        return rates
    }

    /// The scenario's own text with another rate: what is run is what lies in the run's directory.
    private func verdict(at rate: Int64) throws -> Verdict {
        let file = try Places.scenario(scenario)
        let text = String(decoding: try readFile(file), as: UTF8.self)
        let stem = file.split(separator: "/").last.map(String.init) ?? file
        let directory = "\(runs)/\(rate)"
        try makeDirectories(directory)
        let changed = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            if line.contains("intents_per_second:") { return "  intents_per_second: \(rate)" }
            if line.contains("max_orders_per_second:") { return "    max_orders_per_second: \(max(1, rate * 32 / 100))" }
            return String(line)
        }
        let path = "\(directory)/\(stem)"
        try writeFile(Array(changed.joined(separator: "\n").utf8), to: path)
        let options = HostOptions(
            scenario: path, choice: Choice(variant: "shadow", profile: "selftest"), seed: 1, runs: directory,
            root: Places.root, programs: Programs.ownDirectory, governor: try governor.map(Places.governorCommand),
            backend: "auto", replacements: [:], startedAt: Instant.now, commandLine: CommandLine.arguments)
        return try HostRun(options).run().verdict
    }

    private func figure(_ verdict: Verdict, _ name: String) -> String {
        verdict.measurements[name]?.double.map { "\(JSON.real($0).text()) ms" } ?? "unknown"
    }

    private func row(_ cells: [String]) -> String {
        cells.map { $0 + String(repeating: " ", count: max(1, 16 - $0.count)) }.joined()
    }
}
