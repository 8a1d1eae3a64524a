// Faults of a process: killed, or stopped and continued. Through a pidfd, so never another process of that number.

import CLinux
import ChaosAgentCore
import Glibc
import Processes
import Sockets
import Units

enum ProcessFault {
    private static let deathLimit = Duration.seconds(1)

    /// Why this agent can't fault processes; `nil` when it can. Who was not given CAP_KILL was not meant to end processes,
    /// be it only those of its own user.
    static func missingAbility(for kind: FaultKind) -> String? {
        guard [.kill, .pause, .restart].contains(kind) else { return nil }
        let status = String(decoding: ProcessTable.contents("/proc/thread-self/status"), as: UTF8.self)
        return ProcessAbility.mayKill(status)
            ? nil : "needs the capability KILL, which this agent doesn't have; in containers: --profile process-faults"
    }

    static func apply(_ request: FaultRequest) throws -> FaultHands.Applied {
        let pid = request.pid ?? 0
        try refuseStranger(pid)
        let handle = clinux_pidfd_open(pid)
        guard handle >= 0 else { throw SystemError("pid \(pid)", "open", code: -handle, advice: "no such process") }
        defer { close(handle) }
        let at = Instant.now
        let number = request.kind == .pause ? SIGSTOP : SIGKILL
        try check(clinux_pidfd_signal(handle, number), "pid \(pid)", "signal \(number)")
        let deadline = at + deathLimit
        var state = state(of: pid)
        while !reached(state, request.kind), Instant.now < deadline {
            // A pidfd is readable when its process has ended; a stop only shows in /proc.
            _ = clinux_wait_readable(handle, -1, 1_000_000)
            state = self.state(of: pid)
        }
        let isEqual = reached(state, request.kind)
        let text = "pid \(pid) is \(state.map { "in state \($0)" } ?? "gone")"
        return FaultHands.Applied(
            at: Instant.now, readback: FaultTable.Readback(isEqual: isEqual, text: text),
            effect: isEqual ? (at, "process") : nil, sockets: 0)
    }

    static func resume(_ request: FaultRequest) throws {
        let pid = request.pid ?? 0
        let handle = clinux_pidfd_open(pid)
        guard handle >= 0 else { return }  // it ended meanwhile: nothing is left stopped
        defer { close(handle) }
        guard state(of: pid) == "T" else { return }
        try check(clinux_pidfd_signal(handle, SIGCONT), "pid \(pid)", "signal SIGCONT")
    }

    private static func reached(_ state: Character?, _ kind: FaultKind) -> Bool {
        kind == .pause ? state == "T" : state == nil || state == "Z" || state == "X"
    }

    /// The state letter of `/proc/PID/stat`; `nil` when there is no such process.
    private static func state(of pid: Int32) -> Character? {
        let text = String(decoding: ProcessTable.contents("/proc/\(pid)/stat"), as: UTF8.self)
        guard let parenthesis = text.lastIndex(of: ")") else { return nil }
        return text[parenthesis...].dropFirst(2).first
    }

    /// Only processes of our own run: those that carry its id in their environment.
    static func refuseStranger(_ pid: Int32) throws {
        guard pid != getpid() else { throw AgentError("pid \(pid)", "is the chaos-agent itself") }
        guard let run = getenv("GAUNTLET_RUN").map({ String(cString: $0) }) else { return }
        let prefix = Array("GAUNTLET_RUN=\(run)".utf8)
        guard
            ProcessTable.contents("/proc/\(pid)/environ").split(separator: 0).contains(where: { Array($0) == prefix })
        else {
            throw AgentError("pid \(pid)", "does not belong to run \(run): its environment lacks GAUNTLET_RUN=\(run)")
        }
    }
}
