import ArgumentParser
import ChaosAgentService
import Commands
import Glibc
import Messages
import Sockets
import Units

struct Watch: AgentCommand {
    static let hearsSignals = true
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Shows what happens at a running agent, as it happens, until Ctrl-C.",
        discussion: """
            One line an event. On a terminal the last line is live: the faults in force, how long each lasts still and how
            many packets it has hit. With --format json one object a line, as the agent sent it. Exit code 0 after Ctrl-C,
            70 when the agent is gone.
            """)

    /// Between two looks at the faults, on a terminal.
    private static let interval = Duration.milliseconds(500)

    @OptionGroup var target: AgentOption

    func run(in session: CommandSession) throws {
        let isLive = target.format == .text && isatty(STDOUT_FILENO) == 1
        let start = Instant.now
        session.onEvent = { event in
            let text = target.format == .json ? event.text() : words(event, since: start)
            put((isLive ? "\r\u{1B}[K" : "") + text + "\n")
        }
        defer { session.onEvent = { _ in } }
        _ = try session.ask(AgentCommands.Word.watch.rawValue)
        while !session.isInterrupted, !session.isLost {
            if isLive { put("\r\u{1B}[K" + status(try session.ask(AgentCommands.Word.list.rawValue))) }
            session.wait(until: Instant.now + Watch.interval)
        }
        if isLive { put("\r\u{1B}[K") }
        guard session.isInterrupted else { throw CommandError("the agent", "has ended the connection") }
    }

    /// Without a line feed, and at once, also into a pipe.
    private func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }

    private func words(_ event: JSON, since start: Instant) -> String {
        let at = event["t"]?.integer.map { Instant(nanoseconds: $0) - start }
        let offset = at.map { JSON.real(($0.seconds * 1_000).rounded() / 1_000).text() } ?? "?"
        let kind = event["event"]?.string ?? "?"
        if kind == "command" {
            return "\(offset) s  command: \(event["who"]?.string ?? "?"): \(event["what"]?.string ?? "?"): "
                + (event["result"]?.string ?? "?")
        }
        let details = ["by", "reason", "text", "packets", "p50_ns"].compactMap { key in
            event[key].map { "\(key) \($0.string ?? $0.text())" }
        }
        let what = kind.replacing("fault_", with: "").replacing("_", with: " ")
        let more = details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
        return "\(offset) s  \(event["fault"]?.string ?? "?"): \(what)\(more)"
    }

    private func status(_ answer: JSON) -> String {
        let faults = (answer["faults"]?.array ?? []).filter { !Confirmation.isOver($0) }
        guard !faults.isEmpty else { return "node \(answer["node"]?.string ?? "?"): no fault in force" }
        return faults.map { fault in
            "\(fault["id"]?.string ?? "?") \(FaultWords.left(fault)), \(FaultWords.hits(fault))"
        }.joined(separator: " · ")
    }
}
