// Runs known-bad governors as drills of their own, a process each, and compares what turned red with the table.

import Archive
import ConductorCore
import Glibc
import Messages
import Processes
import Sockets
import Units

package final class FlawTrial {
    package struct Outcome: Sendable {
        /// `name: verdict` of every gate that did not pass.
        package let red: [String]
        package let differences: [String]
        /// Nothing but `inconclusive` gates keep it from being caught.
        package let isUndecided: Bool
    }

    /// The longest drill with its rig, in its real duration.
    private static let drillMaximum = Duration.seconds(900)

    private let runs: String
    private let jobs: Int
    private let reactor: Reactor
    private var running: [Int32: ChildProcess] = [:]

    package init(runs: String, jobs: Int) throws {
        self.runs = runs
        self.jobs = jobs
        reactor = try Reactor()
    }

    /// `each` is called as every trial ends, `again` when one was undecided and will be run once more. Ctrl-C ends the
    /// trials that run, in order.
    package func run(
        _ rows: [FlawTable.Row], again: @escaping (FlawTable.Row, Outcome) -> Void,
        each: @escaping (FlawTable.Row, Outcome) -> Void
    ) throws {
        var queue = TrialQueue(rows, jobs: jobs)
        var wasStopped = false
        var failure: Error?
        try reactor.onSignal { [unowned self] _ in
            wasStopped = true
            queue.stop()
            for child in running.values { child.signal(SIGTERM) }
        }
        func next() {
            guard failure == nil, let row = queue.next() else { return }
            do {
                let child = try start(row)
                running[child.pid] = child
                child.whenEnded { [unowned self] status in
                    running[child.pid] = nil
                    let outcome = wasStopped ? nil : outcome(row, status)
                    let isTriedAgain = queue.ended(row, isUndecided: outcome?.isUndecided ?? false)
                    if let outcome { isTriedAgain ? again(row, outcome) : each(row, outcome) }
                    next()
                }
            } catch { failure = error }
            next()
        }
        next()
        let limit = FlawTrial.drillMaximum * (rows.count * TrialQueue.attempts)
        _ = reactor.run(until: Instant.now + limit, or: { failure != nil || queue.isDone })
        if let failure { throw failure }
        if wasStopped { throw ConductorError("selftest", "stopped by the user") }
    }

    private func directory(_ row: FlawTable.Row) -> String { "\(runs)/\(row.flaw)" }

    private func start(_ row: FlawTable.Row) throws -> ChildProcess {
        let programs = Programs.ownDirectory
        try makeDirectories(directory(row))
        let log = open("\(directory(row))/run.log", O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o644)
        guard log >= 0 else { throw SystemError(directory(row), "open run.log", code: errno) }
        defer { close(log) }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let arguments =
            [
                "run", row.drill, "--governor", "'\(programs)/rogue-governor' --flaw \(row.flaw)", "--runs",
                directory(row),
            ] + (row.variant.map { ["--variant", $0] } ?? []) + (row.profile.map { ["--profile", $0] } ?? [])
        return try ChildProcess(
            row.flaw, Command("\(programs)/gauntlet", arguments, environment: ["PATH": path], keepsCapabilities: true),
            output: log, on: reactor)
    }

    private func outcome(_ row: FlawTable.Row, _ status: Int32) -> Outcome {
        let path = "\(directory(row))/latest/verdict.json"
        guard let bytes = try? readFile(path), let json = try? JSON(parsing: bytes), let gates = json["gates"]?.array
        else {
            // No verdict at all is the finding; the log says why.
            return Outcome(
                red: [], differences: ["no verdict (exit code \(status)); see \(directory(row))/run.log"],
                isUndecided: false)
        }
        var verdicts: [String: String] = [:]
        for gate in gates {
            if let name = gate["name"]?.string, let verdict = gate["verdict"]?.string { verdicts[name] = verdict }
        }
        let red = verdicts.filter { $0.value != "pass" }.map { "\($0.key): \($0.value)" }.sorted()
        return Outcome(
            red: red, differences: row.differences(from: verdicts), isUndecided: row.isUndecided(by: verdicts))
    }
}

/// Creates a directory and those above it.
package func makeDirectories(_ path: String) throws(SystemError) {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        prefix += prefix.isEmpty || prefix.hasSuffix("/") ? "\(part)" : "/\(part)"
        guard mkdir(prefix, 0o755) == 0 || errno == EEXIST else { throw SystemError(prefix, "mkdir", code: errno) }
    }
}
