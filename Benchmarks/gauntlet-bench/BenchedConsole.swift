import CLinux
import Glibc
import Processes
import Sockets
import Units

/// A `chaos-agent console` of the benchmark's own, and what it said.
final class BenchedConsole {
    private static let patience = Duration.seconds(5)

    private let process: ChildProcess
    private let input: Descriptor
    private let log: String
    private let reactor: Reactor

    init(in directory: String, _ reactor: Reactor) throws {
        self.reactor = reactor
        log = "\(directory)/console.log"
        var ends: [Int32] = [-1, -1]
        try check(clinux_pipe(&ends), "pipe", "open")
        let reading = Descriptor(ends[0])
        input = Descriptor(ends[1])
        let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(output) }
        let command = Command(
            "\(Programs.ownDirectory)/chaos-agent", ["console"], environment: ["GAUNTLET_AGENT": "\(directory)/agent.sock"])
        process = try withExtendedLifetime(reading) {
            try ChildProcess("chaos-agent", command, input: reading.number, output: output, on: reactor)
        }
        // It has answered, so it is ready: its start is not what is measured.
        say("list")
        guard hears("\n") else { throw SystemError(log, "start a console", code: ETIME) }
    }

    func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(input.number, bytes, bytes.count)
    }

    func hears(_ words: String) -> Bool {
        let deadline = Instant.now + BenchedConsole.patience
        while Instant.now < deadline, process.isRunning {
            if String(decoding: ProcessTable.contents(log), as: UTF8.self).contains(words) { return true }
            _ = reactor.run(until: Instant.now + .milliseconds(1)) { !process.isRunning }
        }
        return false
    }

    func end() {
        say("exit")
        _ = reactor.run(until: Instant.now + BenchedConsole.patience) { !process.isRunning }
        process.signal(SIGKILL)
    }
}
