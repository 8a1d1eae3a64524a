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

    @Option(
        help: """
            Highest number of messages a second that you saw in six months, 1 to 50000. With --peak-volume: adds the test of \
            RTS 6 Article 10, decision_flood_enhanced with twice as many intents a second.
            """)
    var peakMessages: Int?

    @Option(
        help: """
            Highest number of position changes at once that you saw in six months, 25 to 2500. With --peak-messages: adds \
            concurrent_order_burst with twice as many.
            """)
    var peakVolume: Int?

    @OptionGroup var baselines: BaselinePlace

    @Option(help: "Form of the result on stdout: text or json.")
    var format: OutputFormat = .text

    /// `nil` when none was given.
    private var peak: PeakLoad? {
        guard let peakMessages, let peakVolume else { return nil }
        return PeakLoad(messages: peakMessages, volume: peakVolume)
    }

    func validate() throws {
        guard peakMessages != nil || peakVolume != nil else { return }
        func shown(_ value: Int?) -> String { value.map { "\($0)" } ?? "nothing" }
        guard peak == nil else { return }
        throw ValidationError(
            "--peak-messages, --peak-volume: expected both, \(PeakLoad.messagesLegal.lowerBound) to "
                + "\(PeakLoad.messagesLegal.upperBound) messages a second and \(PeakLoad.volumeLegal.lowerBound) to "
                + "\(PeakLoad.volumeLegal.upperBound) position changes (twice as many are tested, and that is what the flood "
                + "and the burst can be run at), found \(shown(peakMessages)) and \(shown(peakVolume))")
    }

    func run() throws {
        let loaded = try LoadedSuite(file: try Places.suite(suite), root: Places.root, peak: peak)
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
            started: started, duration: Instant.now - began, governor: governor, machine: MachineReport.machine,
            peak: peak)
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
