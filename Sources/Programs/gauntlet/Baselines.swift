import Archive
import ArgumentParser
import Certification
import ConductorService
import Judging
import Messages
import Verdicts

/// Where baselines are kept.
struct BaselinePlace: ParsableArguments {
    @Option(help: "URL of a PostgreSQL that keeps the baselines, its host numeric or a socket directory.")
    var baselinesURL: String?

    @Option(help: "Directory that keeps them when there is no URL. Default: baselines under the directory of the runs.")
    var baselines: String?

    @Option(help: "Seed of the resampling; the same seed gives the same interval.")
    var baselineSeed: UInt64 = 1

    func store(under runs: String) -> BaselineStore {
        baselinesURL.map { .postgres($0) } ?? .files(baselines ?? "\(runs)/baselines")
    }

    /// Each figure of each run against what the store holds for its machine and scenario.
    func comparisons(of runs: [RunOutcome], under root: String) throws -> [BaselineComparison] {
        try comparisons(of: runs.filter { $0.problem == nil }.compactMap(\.verdict), in: store(under: root))
    }

    func comparisons(of verdicts: [JSON], in store: BaselineStore) throws -> [BaselineComparison] {
        var groups: [(key: BaselineKey, verdicts: [JSON])] = []
        for verdict in verdicts {
            guard let key = BaselineKey(verdict: verdict) else { continue }
            if let place = groups.firstIndex(where: { $0.key == key }) {
                groups[place].verdicts.append(verdict)
            } else {
                groups.append((key, [verdict]))
            }
        }
        return try groups.flatMap { key, verdicts in
            let own = Set(verdicts.compactMap { $0["run"]?["id"]?.string })
            let earlier = try store.all(of: key).filter { !own.contains($0.run) }
            return BaselineComparison.all(
                Baseline.title(of: verdicts[0]), of: verdicts.map(Baseline.figures), to: earlier, seed: baselineSeed)
        }
    }
}

struct Baselines: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", abstract: "Keeps figures of good runs, and compares later ones with them.",
        subcommands: [Add.self, List.self, Compare.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keeps the figures of runs that passed, for their machine and scenario.")

        @Argument(help: "Directories of runs.") var directories: [String]
        @Option(help: "Directory of the runs.") var runs = "runs"
        @OptionGroup var place: BaselinePlace

        func run() throws {
            for directory in directories {
                switch Baseline.taken(from: try sealedVerdict(directory)) {
                case .failure(let refusal): throw UsageError(description: "\(directory): no baseline: \(refusal)")
                case .success(let baseline):
                    let isNew = try place.store(under: runs).add(baseline)
                    print("\(isNew ? "kept" : "was kept before"): \(baseline.title), run \(baseline.run)")
                }
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists what is kept, the oldest first.")

        @Option(help: "Directory of the runs.") var runs = "runs"
        @OptionGroup var place: BaselinePlace
        @Option(help: "Form of the result on stdout: text or json.") var format: OutputFormat = .text

        func run() throws {
            let all = try place.store(under: runs).all()
            guard format == .text else { return print(JSON.array(all.map(\.json)).text(.sorted)) }
            for baseline in all {
                print("\(baseline.started)  machine \(baseline.key.machine)  \(baseline.title)  \(baseline.run)")
            }
            if all.isEmpty { print("no baselines; gauntlet baseline add RUN keeps one") }
        }
    }

    struct Compare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compares the figures of runs with the baselines of their machine and scenario.",
            discussion: """
                A figure fails when it is worse with p < 0.05 (Mann and Whitney, one-sided, exact) and its median is more \
                than 1.10 times the baseline's. Several runs of one scenario are compared together. Exit code 2 when there \
                are too few runs to tell.
                """)

        @Argument(help: "Directories of runs.") var directories: [String]
        @Option(help: "Directory of the runs.") var runs = "runs"
        @OptionGroup var place: BaselinePlace
        @Option(help: "Form of the result on stdout: text or json.") var format: OutputFormat = .text

        func run() throws {
            let verdicts = try directories.map { try sealedVerdict($0) }
            let comparisons = try place.comparisons(of: verdicts, in: place.store(under: runs))
            switch format {
            case .json: print(JSON.array(comparisons.map(\.json)).text(.sorted))
            case .text: for comparison in comparisons { print(comparison.sentence) }
            }
            if comparisons.isEmpty { complain("nothing to compare: these runs measured none of the figures that are kept") }
            throw ExitCode(Outcome.of(comparisons.map(\.outcome)).exitCode)
        }
    }
}

/// The verdict of a run whose seal holds.
private func sealedVerdict(_ directory: String) throws -> JSON {
    do {
        let run = try RunDirectory(existing: directory)
        if let difference = try RunJudge.verify(run).first { throw UsageError(description: "\(directory): \(difference)") }
        return try JSON(parsing: try run.read("verdict.json"))
    } catch let error as UsageError { throw error } catch { throw UsageError(description: "\(directory): \(error)") }
}
