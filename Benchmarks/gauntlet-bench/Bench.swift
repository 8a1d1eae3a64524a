import ArgumentParser

/// Measures what this project promises, as ratios where there is a peer to compare with.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gauntlet-bench",
        abstract: "Measures what Gauntlet promises and prints one table.",
        discussion: """
            A figure is worth something only on an idle machine: each row says the load under which it was taken.
            What needs root is skipped without it, with the reason. Exit codes: 0, 1 when a goal was missed.
            """,
        subcommands: [Figures.self, KillCampaign.self], defaultSubcommand: Figures.self)
}

struct Figures: ParsableCommand {
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case rule, redirect, socket, delay, inject, governor, orders, metrics, codecs, tapes, judge
    }

    static let configuration = CommandConfiguration(abstract: "All figures, or those named.")

    @Argument(help: "Which of \(Part.allCases.map(\.rawValue).joined(separator: ", ")); default: all.")
    var parts: [Part] = []
    @Option(help: "Rounds of each kernel change.") var rounds = 300
    @Option(help: "Probes through the delay, and as many without it.") var probes = 2_000
    @Option(help: "Intents for the governor's core.") var intents = 300_000
    @Option(help: "Seconds of durable orders, each time.") var seconds = 15
    @Option(help: "Scrapes of /metrics.") var scrapes = 6_000
    @Option(help: "Rows of each tape.") var tapeRows = 2_000_000
    @Option(help: "Intents of the flood to judge.") var floodIntents = 600_000
    @Option(help: "Directory of a run to judge besides.") var judging: String?
    @Option(help: "Directory that holds chaos/ and data/; default: the working directory.") var root = "."

    func run() throws {
        let report = FigureTable()
        for part in parts.isEmpty ? Part.allCases : parts {
            do {
                try measure(part, report)
            } catch {
                report.skip(part.rawValue, because: "it failed: \(error)")
            }
        }
        if report.hasMissed { throw ExitCode(1) }
    }

    private func measure(_ part: Part, _ report: FigureTable) throws {
        switch part {
        case .rule: try RuleBenchmark(rounds: rounds, report: report).run()
        case .redirect: try RedirectBenchmark(rounds: rounds, report: report).run()
        case .socket: try SocketBenchmark(rounds: rounds, report: report).run()
        case .delay: try DelayBenchmark(probes: probes, report: report).run()
        case .inject: try InjectBenchmark(rounds: min(rounds, 100), report: report).run()
        case .governor: try GovernorBenchmark(intents: intents, root: root, report: report).run()
        case .orders: try OrderBenchmark(seconds: seconds, report: report).run()
        case .metrics: try ScrapeBenchmark(scrapes: scrapes, report: report).run()
        case .codecs: try CodecBenchmark(messages: 200_000, report: report).run()
        case .tapes: try TapeBenchmark(rows: tapeRows, report: report).run()
        case .judge: try JudgeBenchmark(intents: floodIntents, root: root, run: judging, report: report).measure()
        }
    }
}
