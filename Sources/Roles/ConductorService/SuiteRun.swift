// Makes the runs of a suite, one after the other, a process each: what breaks in one can't touch the next, and each is
// made by the same command that a person would give.

import Archive
import Certification
import Glibc
import Judging
import Messages
import Processes
import Scenarios
import Sockets
import Units
import Verdicts

package final class SuiteRun {
    package struct Plan: Sendable {
        package var planned: CertificationSuite.PlannedRun
        /// Of the scenario, without building and judging.
        package var duration: Duration
        /// Without so many the load was not the one that was planned. 0: the scenario's own load.
        package var leastIntents: Int64

        package init(_ planned: CertificationSuite.PlannedRun, duration: Duration, leastIntents: Int64 = 0) {
            self.planned = planned
            self.duration = duration
            self.leastIntents = leastIntents
        }
    }

    /// Beside the scenario's duration: building the lab, draining, judging. For the remaining time that is shown.
    package static let overhead: Duration = .seconds(6)
    /// A run that takes so much longer than its scenario has hung.
    private static let patience: Duration = .seconds(240)

    private let directory: RunDirectory
    /// Arguments of `gauntlet run` that are the same for all.
    private let shared: [String]
    private let reactor: Reactor
    private let progress: Progress
    private var child: ChildProcess?
    private var wasStopped = false

    package init(in directory: RunDirectory, shared: [String], progress: Progress) throws {
        self.directory = directory
        self.shared = shared
        self.progress = progress
        reactor = try Reactor()
        try reactor.onSignal { [unowned self] _ in
            wasStopped = true
            progress.say("stopping: the run that is under way ends in order")
            child?.signal(SIGTERM)
        }
    }

    /// One outcome a plan, in order. After each, `goesOn` says why the rest is not made; `nil` goes on.
    package func run(_ plans: [Plan], goesOn: (RunOutcome) -> String?) throws -> [RunOutcome] {
        var outcomes: [RunOutcome] = []
        var stopped: String?
        for (number, plan) in plans.enumerated() {
            if let stopped {
                outcomes.append(RunOutcome(plan.planned, problem: "it was not run: \(stopped)"))
                continue
            }
            let rest = plans[number...].map { $0.duration + SuiteRun.overhead }.reduce(.zero, +)
            let outcome = try run(plan, "\(number + 1)/\(plans.count) \(plan.planned.title)", left: rest)
            outcomes.append(outcome)
            let reasons = outcome.outcome == .pass ? "" : ": \(outcome.reasons.joined(separator: "; "))"
            progress.say("\(plan.planned.title): \(outcome.outcome.rawValue)\(reasons)")
            stopped = wasStopped ? "stopped by the user" : goesOn(outcome)
            if let stopped, number + 1 < plans.count { progress.say("the rest is not run: \(stopped)") }
        }
        return outcomes
    }

    private func run(_ plan: Plan, _ name: String, left: Duration) throws -> RunOutcome {
        progress.say("\(name), \(SuiteRun.clock(left)) left in all")
        let before = latest
        let log = open("\(directory.path)/logs/\(plan.planned.title).log", O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o644)
        guard log >= 0 else { throw SystemError(directory.path, "open the run's log", code: errno) }
        defer { close(log) }
        let child = try ChildProcess(plan.planned.title, command(plan.planned), output: log, on: reactor)
        self.child = child
        let end = Instant.now + left
        let ticker = reactor.every(.seconds(1)) { [progress] in
            progress.show("\(name), \(SuiteRun.clock(max(.zero, end - Instant.now))) left in all")
        }
        defer { ticker.cancel() }
        guard reactor.run(until: Instant.now + plan.duration + SuiteRun.patience, or: { !child.isRunning }) else {
            child.signal(SIGTERM)
            _ = reactor.run(until: Instant.now + .seconds(30), or: { !child.isRunning })
            child.signal(SIGKILL)
            return RunOutcome(plan.planned, problem: "it did not end within \((plan.duration + SuiteRun.patience).written)")
        }
        return outcome(plan, status: child.status ?? 70, before: before)
    }

    private func command(_ planned: CertificationSuite.PlannedRun) -> Command {
        var arguments = ["run", planned.scenario, "--runs", directory.path] + shared
        if let variant = planned.choice.variant { arguments += ["--variant", variant] }
        if let profile = planned.choice.profile { arguments += ["--profile", profile] }
        if let changes = planned.choice.changes { arguments += ["--changes", "\(changes)"] }
        if let rate = planned.choice.rate { arguments += ["--rate", "\(rate)"] }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return Command(
            "\(Programs.ownDirectory)/gauntlet", arguments, environment: ["PATH": path], keepsCapabilities: true)
    }

    /// Where the newest run of this certification lies; empty before the first.
    private var latest: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("\(directory.path)/latest", &buffer, buffer.count - 1)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    }

    private func outcome(_ plan: Plan, status: Int32, before: String) -> RunOutcome {
        let planned = plan.planned
        let path = latest
        let words = "gauntlet run ended with \(status); see logs/\(planned.title).log"
        guard path != before, !path.isEmpty else { return RunOutcome(planned, problem: "no evidence: \(words)") }
        do {
            let run = try RunDirectory(existing: "\(directory.path)/\(path)")
            let differences = try RunJudge.verify(run)
            let bytes = try run.read("verdict.json")
            let verdict = try JSON(parsing: bytes)
            let word = Outcome(rawValue: verdict["verdict"]?.string ?? "")
            let problem = differences.first.map { "the evidence was changed: \($0)" }
                ?? (word?.exitCode == status ? nil : "its verdict is \(word?.rawValue ?? "unknown"), but \(words)")
            return RunOutcome(
                planned, verdict: verdict, seal: RunJudge.sealText(bytes), path: path, problem: problem,
                leastIntents: plan.leastIntents)
        } catch {
            return RunOutcome(planned, path: path, problem: "\(error); \(words)")
        }
    }

    /// `12 min 5 s`.
    package static func clock(_ duration: Duration) -> String {
        let seconds = duration.nanoseconds / 1_000_000_000
        return seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min \(seconds % 60) s"
    }
}
