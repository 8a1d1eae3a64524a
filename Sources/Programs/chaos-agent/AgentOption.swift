import ArgumentParser
import Commands
import Glibc
import Messages
import Processes

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// Which running agent is meant, and in which form its answers are shown.
struct AgentOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Unix socket of the running agent, or HOST:PORT with a token. Default: GAUNTLET_AGENT of the environment.",
            valueName: "path|host:port"))
    var socket: String?

    @Option(help: "Node of a drill that runs on this machine; its agent is found among the processes.")
    var node: String?

    @Option(help: ArgumentHelp("Which drill's --node, where several run.", valueName: "id"))
    var run: String?

    @Option(
        help:
            "File with the token for HOST:PORT. Default: from the environment, \(Token.fileVariable) or \(Token.variable)."
    )
    var tokenFile: String?

    @Option(help: "Form of the result on stdout: text or json.")
    var format: OutputFormat = .text

    /// Left to the environment, or to a console.
    var isUnnamed: Bool { socket == nil && node == nil && run == nil && tokenFile == nil }

    func validate() throws {
        guard socket == nil || node == nil else { throw ValidationError("give either --socket or --node") }
        guard run == nil || node != nil else { throw ValidationError("--run says whose node is meant: give --node too") }
    }

    func endpoint() throws -> Endpoint {
        if let node { return .unix(try socket(of: node)) }
        guard let text = socket ?? getenv("GAUNTLET_AGENT").map({ String(cString: $0) }) else {
            complain("which agent? Give --socket PATH or HOST:PORT, or --node NAME, or set GAUNTLET_AGENT")
            throw Exit.usage
        }
        guard let endpoint = Endpoint(written: text) else {
            complain("'\(text)': expected the path of a Unix socket, or HOST:PORT")
            throw Exit.usage
        }
        return endpoint
    }

    func session(hearsSignals: Bool = false) throws -> CommandSession {
        try CommandSession(try endpoint(), token: try Token.find(file: tokenFile), hearsSignals: hearsSignals)
    }

    /// The lab has a mount namespace of its own: the socket is reached through the agent's root.
    private func socket(of node: String) throws -> String {
        var closed = 0
        let agents = ProcessTable.entries().compactMap { entry -> (run: String, node: String, path: String)? in
            let words = ProcessTable.arguments(of: entry.pid)
            func value(_ option: String) -> String? {
                words.firstIndex(of: option).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
            }
            guard words.first?.hasSuffix("agent") == true, words.dropFirst().first == "serve",
                let name = value("--node"), let path = value("--socket")
            else { return nil }
            guard let run = entry.run else {
                if geteuid() != 0, entry.owner != geteuid() { closed += 1 }
                return nil
            }
            return (run, name, "/proc/\(entry.pid)/root\(path)")
        }
        /// Whose they are we may not look at: they may be the ones that were meant.
        func known(_ names: [String]) -> String {
            (names.isEmpty ? "none" : Set(names).sorted().joined(separator: ", "))
                + (closed == 0 ? "" : ", and \(closed) of another user: ask as that user, or with sudo")
        }
        guard run == nil || agents.contains(where: { $0.run == run }) else {
            complain("no drill '\(run ?? "")' runs on this machine; there are: \(known(agents.map(\.run)))")
            throw Exit.usage
        }
        let found = agents.filter { $0.node == node && (run == nil || $0.run == run) }
        guard let agent = found.first else {
            complain("no agent of a node '\(node)' runs on this machine; there are: \(known(agents.map(\.node)))")
            throw Exit.usage
        }
        guard found.count == 1 else {
            complain("\(found.count) drills have a node '\(node)': \(found.map(\.run).joined(separator: ", ")); give --run")
            throw Exit.usage
        }
        return agent.path
    }
}

/// A command for a running agent. By itself it opens a connection of its own; in a console it has the console's.
protocol AgentCommand: ParsableCommand {
    var target: AgentOption { get }
    /// Ctrl-C ends what it waits for, and not the program.
    static var hearsSignals: Bool { get }
    func run(in session: CommandSession) throws
}

extension AgentCommand {
    static var hearsSignals: Bool { false }

    func run() throws {
        try withExitCodes {
            let session = try target.session(hearsSignals: Self.hearsSignals)
            defer { session.close() }
            try run(in: session)
        }
    }
}

/// A result: its words, or the whole of it.
func show(_ json: JSON, as format: OutputFormat, _ words: @autoclosure () -> String) {
    switch format {
    case .json: print(String(decoding: json.prettyBytes(.asBuilt), as: UTF8.self), terminator: "")
    case .text: print(words())
    }
}
