import ArgumentParser
import CLinux
import ChaosAgentCore
import ChaosAgentService
import Commands
import Glibc
import Messages
import Sockets
import Units

/// Exit codes of the project: 0 done, 1 it is otherwise, 2 not known, 64 usage, 70 it failed, 77 this machine can't.
enum Exit {
    static let inconclusive = ExitCode(2)
    static let failed = ExitCode(70)
    static let cannot = ExitCode(77)
    static let usage = ExitCode(64)
}

@main
struct ChaosAgentProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos-agent", abstract: "Injects faults through netlink, heals them, and proves that they bit.",
        discussion: """
            'serve' runs the agent of one node, inside that node's network namespace. The other commands talk to it over
            its socket; 'heal --ledger' and 'doctor' also work when no agent runs.
            """,
        subcommands: [
            Serve.self, Inject.self, Heal.self, List.self, Watch.self, Console.self, DoctorCommand.self, Completion.self,
            Guard.self,
        ])
}

func complain(_ text: String) {
    let line = Array("chaos-agent: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

/// Runs `body` and turns what it throws into a message and an exit code.
func withExitCodes(_ body: () throws -> Void) throws {
    do {
        try body()
        // An answer that is nowhere to be read is none.
        guard fflush(nil) == 0 else { throw SystemError("standard output", "write", code: errno) }
    } catch let error as AgentError {
        complain(error.description)
        throw error.isMissingAbility ? Exit.cannot : Exit.failed
    } catch let error as CommandError {
        complain(error.description)
        throw error.isMissingAbility ? Exit.cannot : Exit.failed
    } catch let code as ExitCode {
        throw code
    } catch {
        complain("\(error)")
        throw Exit.failed
    }
}

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the agent of one node until SIGTERM or 'stop'.")

    @Option(help: "Name of the node; goes into the mark of every kernel object.") var node: String
    @Option(help: "The only interface whose traffic may be faulted; its name or its IPv4 address.") var interface =
        "market"
    @Option(help: "Unix socket for commands, created 0600.") var socket: String
    @Option(help: "Also takes commands over TCP here, HOST:PORT; needs a token.") var listen: String?
    @Option(
        help:
            "File with the token of TCP clients. Default: from the environment, \(Token.fileVariable) or \(Token.variable)."
    )
    var tokenFile: String?
    @Option(help: "Ledger file: what is in force, synced before it is applied.") var ledger: String
    @Option(help: "Audit file: a line for each command. Default: the ledger's path with .audit.") var audit: String?
    @Option(help: "This node's market address for probes, HOST:PORT (UDP). Default: no probes.") var probeAddress:
        String?
    @Option(help: "The other nodes by their agents' probe addresses, comma-separated NAME=HOST:PORT.") var probePeers:
        String?
    @Option(help: "The observer's evidence address, HOST:PORT (TCP). Default: no evidence is sent.") var observer:
        String?
    @Option(help: "auto, nft-queue, nfqueue or netem. auto takes the first that works.") var backend = "auto"

    func validate() throws {
        if backend != "auto", Backend(rawValue: backend) == nil {
            throw ValidationError(
                "unknown backend '\(backend)': expected auto, "
                    + Backend.allCases.map(\.rawValue).joined(separator: ", ")
            )
        }
        for text in [probeAddress, observer, listen].compactMap({ $0 }) where Address(written: text) == nil {
            throw ValidationError("'\(text)': expected HOST:PORT with a dotted IPv4 host")
        }
        for text in peers where Neighbour(written: text) == nil {
            throw ValidationError("'\(text)': expected NAME=HOST:PORT with a dotted IPv4 host")
        }
    }

    private var peers: [String] { (probePeers ?? "").split(separator: ",").map(String.init) }

    func run() throws {
        try withExitCodes {
            var settings = AgentSettings(
                node: node, interface: try Interface.named(interface), socketPath: socket, ledgerPath: ledger)
            settings.probeAddress = probeAddress.flatMap { Address(written: $0) }
            settings.neighbours = peers.compactMap { Neighbour(written: $0) }
            settings.observer = observer.flatMap { Address(written: $0) }
            settings.backend = Backend(rawValue: backend)
            // The probes are stamped after their read: less waiting for the processor, truer stamps. Refused without
            // privilege, and then the stamps show it.
            _ = setpriority(__priority_which_t(0), 0, -10)
            // A file that must not grow is an error of that write, not the end of the agent.
            signal(SIGXFSZ, SIG_IGN)
            let reactor = try Reactor()
            var stop: (Int32) -> Void = { _ in reactor.stop() }
            try reactor.onSignal { stop($0) }
            let agent = try ChaosAgent(settings, on: reactor)
            let link = settings.observer.map { EvidenceLink(to: $0, node: node, on: reactor) }
            if let link { agent.onReport = { link.send($0) } }
            let token = try Token.find(file: tokenFile)
            let log = try AuditLog(audit ?? "\(ledger).audit")
            var servers = [try CommandServer(at: .unix(socket), token: token, on: reactor)]
            if let address = listen.flatMap({ Address(written: $0) }) {
                servers.append(try CommandServer(at: .tcp(address), token: token, on: reactor))
            }
            let commands = AgentCommands(agent, on: servers, audit: log)
            commands.onProblem = { [node] in complain("node \(node): \($0)") }
            try giveUpPrivileges()
            stop = { _ in agent.stop(.abort) }
            complain(
                "node \(node): ready, backend \(agent.backend.rawValue), interface \(interface), socket \(socket)")
            reactor.run()
            commands.close()
            if let link, !link.close(on: reactor) {
                complain("node \(node): the observer did not get every observation")
            }
        }
    }
}

extension Serve {
    /// After the start the agent needs to change the network, to schedule its holders, and, where it was given them, to
    /// signal and look into processes of its run.
    private static let kept: UInt64 = [5, 12, 19, 23].reduce(0) { $0 | 1 << UInt64($1) }  // KILL NET_ADMIN SYS_PTRACE SYS_NICE

    private func giveUpPrivileges() throws {
        try check(clinux_no_new_privileges(), "node \(node)", "no-new-privs")
        try check(clinux_keep_capabilities(Serve.kept), "node \(node)", "give up capabilities")
    }
}

struct Guard: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard", abstract: "Guards a link that is down; the agent starts it.", shouldDisplay: false)

    @Option(help: "The link.") var interface: String
    @Flag(help: "Remove our netem devices instead of setting the link up.") var netem = false
    @Option(name: .customLong("for"), help: "When to restore at the latest.") var duration: String
    @Option(name: .customLong("route"), help: "A route to put back, in hexadecimal.") var routes: [String] = []

    func run() throws {
        try withExitCodes {
            guard let limit = Duration(written: duration) else {
                throw AgentError("--for", "expected a duration, found '\(duration)'")
            }
            try Guardian.run(interface: interface, routes: routes, netem: netem, for: limit)
        }
    }
}
