import Archive
import ArgumentParser
import Certification
import ConductorService
import Glibc
import Judging
import Messages
import Scenarios
import Sockets
import Units

struct Certify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a whole suite unattended and says whether the governor is certified.",
        discussion: """
            Prints the status, the success matrix, what has to be escalated, the comparison with baselines, the go/no-go \
            lines, and which rules the runs give evidence for. Exit codes: 0 every test passed, 1 one failed or is worse \
            than its baseline, 2 one is inconclusive.
            """)

    enum AfterFailure: String, EnumerableFlag {
        case goOn, stopOnFail

        static func help(for value: AfterFailure) -> ArgumentHelp? {
            value == .goOn ? "Run the rest after a test failed; the default." : "Stop at the first test that fails."
        }
    }

    @Argument(help: "Name of a suite under chaos/, or the path of a suite file.")
    var suite = "full_certification_suite"

    @Flag(help: "The suite's shortened runs, in at most 4 minutes; they certify nothing.")
    var quick = false

    @Flag(exclusivity: .exclusive)
    var afterFailure = AfterFailure.goOn

    @Option(help: "Command line of your own governor, in quotes. Default: the reference governor.")
    var governor: String?

    @Option(help: "Of everything that is drawn; the same seed gives the same plans.")
    var seed: UInt64 = 1

    @Option(help: "Directory for the evidence.")
    var runs = "runs"

    @Option(help: "How delays are made: auto, netem, nft-queue or nfqueue.")
    var backend = "auto"

    @OptionGroup var baselines: BaselinePlace

    @Option(help: "Form of the result on stdout: text or json.")
    var format: OutputFormat = .text

    func run() throws {
        let loaded = try LoadedSuite(file: try Places.suite(suite), root: Places.root)
        let began = Instant.now
        let started = WallTime.now
        let root = runs.hasPrefix("/") ? runs : "\(Places.currentDirectory)/\(runs)"
        let directory = try RunDirectory.create(
            under: root, scenario: loaded.suite.name + (quick ? "-quick" : ""), started: started, seed: seed)
        var shared = ["--seed", "\(seed)", "--backend", backend]
        if let governor {
            _ = try Places.governorCommand(governor)
            shared += ["--governor", governor]
        }
        let suiteRun = try SuiteRun(in: directory, shared: shared, progress: Progress(start: began))
        let outcomes = try suiteRun.run(loaded.plans(quick: quick)) { outcome in
            if let breach = Escalation.all(in: outcome).first(where: { $0.action == .stop }) {
                return "\(breach.because) in \(outcome.planned.title)"
            }
            return afterFailure == .stopOnFail && outcome.outcome == .fail ? "\(outcome.planned.title) failed" : nil
        }
        let report = CertificationReport(
            suite: loaded.suite, isQuick: quick, runs: outcomes,
            comparisons: try baselines.comparisons(of: outcomes, under: root), controls: loaded.controls,
            started: started, duration: Instant.now - began, governor: governor, machine: MachineReport.machine)
        try CertificationFiles.write(report, suite: loaded.bytes, to: directory)
        let page = try ReportFiles.write(directory)
        switch format {
        case .json: print(String(decoding: report.bytes, as: UTF8.self), terminator: "")
        case .text:
            print(report.words)
            print("report: \(directory.path)/certification_report.json")
            print("page: \(page)")
            print("seal: \(RunJudge.sealText(report.bytes))")
        }
        throw ExitCode(report.outcome.exitCode)
    }
}
