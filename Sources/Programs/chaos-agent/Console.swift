import ArgumentParser
import ChaosAgentCore
import Commands
import Glibc
import Messages
import Sockets

/// The same commands without a program's start for each: who drills by hand, or a script, keeps one connection.
struct Console: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console", abstract: "Takes commands for one running agent, a line each: inject, heal, list, watch.",
        discussion: """
            Example: chaos-agent console --node governor
                     chaos-agent> inject latency --from broker --delay 250ms --for 15s
                     chaos-agent> exit

            Lines come from the terminal or a pipe; what follows a '#' at the start of a word is a remark. A fault is on
            the wire milliseconds after its line: nothing is started any more. Ctrl-C ends the command that runs, and the
            console where none does. Exit code: the highest of its commands'; 70 when the agent is gone.
            """)

    @OptionGroup var target: AgentOption

    func run() throws {
        try withExitCodes {
            let session = try target.session(hearsSignals: true)
            defer { session.close() }
            // The first use of a parser takes as long as a program's start: it is had before the first line is.
            _ = try? Inject.parse(["latency"])  // what comes of it is not wanted
            let lines = ConsoleInput(session)
            var highest: Int32 = 0
            while let line = try lines.next() { highest = max(highest, obey(line, session)) }
            guard !session.isLost else { throw CommandError("the agent", "has ended the connection") }
            if highest != 0 { throw ExitCode(highest) }
        }
    }

    /// - Returns: the exit code that the command alone would have.
    private func obey(_ words: [String], _ session: CommandSession) -> Int32 {
        defer {
            session.forgetInterruption()
            fflush(nil)
        }
        guard let (command, arguments) = ConsoleLine.command(in: words) else {
            complain(ConsoleLine.correction(of: words[0]))
            return Exit.usage.rawValue
        }
        do {
            let asked = try command.parse(arguments + inherited(words))
            guard asked.target.isUnnamed else {
                complain("the console speaks with one agent: expected no --socket, --node, --run or --token-file in a line of it")
                return Exit.usage.rawValue
            }
            try withExitCodes { try asked.run(in: session) }
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let code = command.exitCode(for: error)
            let text = command.fullMessage(for: error)
            if code.isSuccess { print(text) } else { complain(text) }
            return code.rawValue
        }
    }

    /// The console's own form holds for the lines that name none.
    private func inherited(_ words: [String]) -> [String] {
        let isOpen = !words.contains { $0.hasPrefix("--format") }
        return target.format == .json && isOpen ? ["--format", "json"] : []
    }
}

/// What may stand in a line of a console. The parser is given the one command that is meant: of all of them it takes
/// four times as long.
enum ConsoleLine {
    private static let commands: [any AgentCommand.Type] = [Inject.self, Heal.self, List.self, Watch.self]
    private static var names: [String] { commands.map(name) }
    private static func name(_ command: any AgentCommand.Type) -> String { command.configuration.commandName ?? "" }

    /// The command, and what is left for it; `help inject` is `inject --help`.
    static func command(in words: [String]) -> (any AgentCommand.Type, [String])? {
        let asksForHelp = words.first == "help" && words.count > 1
        let name = asksForHelp ? words[1] : words[0]
        let command = commands.first { self.name($0) == name }
        return command.map { ($0, asksForHelp ? ["--help"] : Array(words.dropFirst())) }
    }

    static func correction(of word: String) -> String {
        let near = word == "help" ? nil : closest(to: word, among: names).map { "Did you mean '\($0)'? " }
        return "'\(word)': \(near ?? "")Expected \(names.joined(separator: ", ")), each with --help, or exit"
    }
}

/// The commands on standard input, word by word.
final class ConsoleInput {
    private static let lineBytes = 65_536
    private static let prompt = "chaos-agent> "

    private let session: CommandSession
    private let isTerminal = isatty(STDIN_FILENO) == 1
    private var splitter = LineSplitter(limit: ConsoleInput.lineBytes)
    private var lines: ArraySlice<[UInt8]> = []
    private var isAtEnd = false

    init(_ session: CommandSession) { self.session = session }

    /// The words of the next line that has any; `nil` at the end, after `exit`, Ctrl-C, or the end of the agent.
    func next() throws -> [String]? {
        while !session.isInterrupted, !session.isLost {
            guard let line = lines.popFirst() else {
                guard !isAtEnd else { return nil }
                try read()
                continue
            }
            var words = ConsoleInput.words(line)
            // So that what stands in a document can be pasted.
            if words.first == "chaos-agent" { words.removeFirst() }
            if words == ["exit"] || words == ["quit"] { return nil }
            if !words.isEmpty { return words }
        }
        return nil
    }

    private static func words(_ line: [UInt8]) -> [String] {
        String(decoding: line, as: UTF8.self).split { $0.isWhitespace }.prefix { !$0.hasPrefix("#") }.map(String.init)
    }

    private func read() throws {
        if isTerminal {
            print(ConsoleInput.prompt, terminator: "")
            fflush(nil)
        }
        try session.waitForInput(STDIN_FILENO)
        guard !session.isInterrupted, !session.isLost else { return }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
        guard count > 0 else {
            if count < 0, errno == EINTR || errno == EAGAIN { return }
            guard count == 0 else { throw SystemError("standard input", "read", code: errno) }
            isAtEnd = true
            // A last line without its end is a line.
            lines = try splitter.lines(in: [0x0A])[...]
            return
        }
        do { lines = try splitter.lines(in: buffer[..<count])[...] } catch {
            complain("a line of more than \(error.limit) bytes: expected a command")
            throw Exit.usage
        }
    }
}
