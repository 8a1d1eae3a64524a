// The host side of a run: prepares the run directory, starts the lab, waits for its end, looks for what it
// left behind, and has the evidence judged. It never enters the lab, so it can say what the lab could not.

import Archive
import CLinux
import Glibc
import History
import Judging
import Messages
import Processes
import Scenarios
import Sockets
import Units
import Verdicts

package final class HostRun {
    private let options: HostOptions
    private let reactor: Reactor
    private let progress: Progress
    private var stopsAsked = 0

    package init(_ options: HostOptions) throws {
        self.options = options
        reactor = try Reactor()
        progress = Progress(start: options.startedAt)
    }

    /// Runs one drill. The directory that holds its evidence and the verdict, or why there is none.
    package func run() throws -> (directory: RunDirectory, verdict: Verdict) {
        let prepared = try PreparedRun(options)
        let code = try prepared.loaded.topology.mode == .build ? runLab(prepared) : runAttached(prepared)
        let left = prepared.namespaces()
        let found = Leftovers.settle(run: prepared.runID, namespaces: left, within: .seconds(5), on: reactor)
        // A full disk must not cost the verdict: what was written is judged, and it is inconclusive.
        attempt("the evidence is not complete") { try conclude(prepared, labCode: code, leftovers: found) }
        let verdict = try RunJudge.judge(prepared.directory)
        attempt("the verdict could not be stored") { try RunJudge.write(verdict, to: prepared.directory) }
        attempt("the page could not be made") { _ = try ReportFiles.write(prepared.directory) }
        return (prepared.directory, verdict)
    }

    private func attempt(_ consequence: String, _ body: () throws -> Void) {
        do { try body() } catch { progress.say("\(consequence): \(error)") }
    }

    /// The rig is there already: the conductor works in this process.
    private func runAttached(_ prepared: PreparedRun) throws -> Int32 {
        guard let keys = options.keys else {
            throw ConductorError(
                .usage, "--keys", "topology '\(prepared.loaded.topology.name)' needs the keys of its rig")
        }
        let conductor = try Conductor(
            ConductorOptions(
                runID: prepared.runID, runDirectory: prepared.directory.path, seed: options.seed, governor: nil,
                programs: options.programs, keys: keys, startedAt: options.startedAt, backend: options.backend),
            prepared.loaded)
        try conductor.checkAgents()
        return conductor.run()
    }

    /// Exit code of the lab: 0, 70 when the rig failed, 77 when this machine can't build it.
    private func runLab(_ prepared: PreparedRun) throws -> Int32 {
        var pipe: [Int32] = [-1, -1]
        guard clinux_pipe(&pipe) == 0 else { throw ConductorError("the lab's lifeline", "pipe failed") }
        let command = Command(
            "\(options.programs)/lab-init", ["\(options.programs)/gauntlet"] + prepared.conductArguments,
            environment: prepared.environment)
        let lab = try ChildProcess("lab", command, input: pipe[0], output: 2, on: reactor)
        close(pipe[0])
        var lifeline: Int32? = pipe[1]
        try reactor.onSignal { [unowned self] _ in
            stopsAsked += 1
            guard let end = lifeline else { return }
            if stopsAsked == 1 {
                progress.say(
                    "stopping: the drill ends in order, the verdict will be inconclusive (again to end at once)")
                var byte: UInt8 = 1
                _ = write(end, &byte, 1)
            } else {
                close(end)
                lifeline = nil
            }
        }
        let limit = prepared.scenario.duration + HostOptions.overheadMaximum
        let ended = reactor.run(until: Instant.now + limit, or: { !lab.isRunning })
        if let end = lifeline { close(end) }
        guard ended || reactor.run(until: Instant.now + .seconds(5), or: { !lab.isRunning }) else {
            lab.signal(SIGKILL)
            throw ConductorError("the lab", "did not end within \(limit.written)")
        }
        let status = lab.status ?? 70
        guard status != 77 else {
            throw ConductorError(
                .machine, "this machine", "can't build the lab", advice: "the lines above say what is missing")
        }
        return status
    }

    /// The last records of the history: how the lab ended, and what it left on the machine.
    private func conclude(_ prepared: PreparedRun, labCode: Int32, leftovers: [String]) throws {
        for text in leftovers { progress.say("left behind: \(text)") }
        let history = try HistoryFile(continuing: "\(prepared.directory.path)/history.ndjson", on: reactor)
        func append(_ type: String, _ fields: [JSON.Member]) throws {
            try history.append(Observation(.rig, type, at: Instant.now, fields))
        }
        if labCode != 0 { try append("aborted", [.init("reason", .string("the lab ended with status \(labCode)"))]) }
        try append("leftovers", [.init("stage", "host"), .init("found", .array(leftovers.map { .string($0) }))])
        try history.close()
    }
}
