import Archive
import Glibc
import Scenarios
import Units

/// `gauntlet judge` of a made-up flood, as a process of its own: its time and its largest resident set.
struct JudgeBenchmark {
    static let timeMaximum = Duration.seconds(10)
    /// 300 MB.
    static let memoryMaximumKiB: Int64 = 300_000_000 / 1_024

    let intents: Int
    let root: String
    /// A run to judge besides.
    let run: String?
    let report: FigureTable

    func measure() throws {
        report.begin("judge, \(intents) intents")
        var template = Array("/tmp/gauntlet-flood-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ExternalTool.Failure(description: "mkdtemp in /tmp: errno \(errno)") }
        let directory = String(cString: made)
        defer { _ = try? ExternalTool("rm")?.run(["-r", directory]) }  // Below /tmp: left over at worst.
        for part in ["samples", "logs"] { mkdir("\(directory)/\(part)", 0o755) }
        var flood = FloodRun(intents: intents, directory: directory)
        try flood.write(scenario: try readFile("\(root)/chaos/decision_flood_enhanced.yaml"))
        try judge(directory, "\(intents) intents, \(flood.events) records and rows, made up")
        if let run { try judge(run, "a real run") }
    }

    private func judge(_ directory: String, _ what: String) throws {
        guard let gauntlet = ExternalTool(path: "\(root)/.build/release/gauntlet") else {
            return report.skip("judge", because: "no \(root)/.build/release/gauntlet; build the release first")
        }
        let use = try gauntlet.use(["judge", directory], watchingMemory: true)
        report.add(
            "judge, \(what): time", "\(shown(use.time)) (exit code \(use.exitCode))", goal: "≤ 10 s",
            met: use.time <= JudgeBenchmark.timeMaximum)
        guard let resident = use.residentKiB else {
            return report.skip("judge, \(what): largest resident set", because: "it ended before anybody looked")
        }
        report.add(
            "judge, \(what): largest resident set", "\(resident * 1_024 / 1_000_000) MB", goal: "≤ 300 MB",
            met: resident <= JudgeBenchmark.memoryMaximumKiB)
    }
}
