import ArgumentParser
import ChaosAgentCore
import ChaosAgentService
import Commands
import Messages

struct Heal: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "heal", abstract: "Heals one fault or all, with or without a running agent.")

    @OptionGroup var target: AgentOption
    @Option(help: "Ledger of an agent that no longer runs; heals all, in this network namespace.") var ledger: String?
    @Option(help: "With --ledger: the interface whose faults are healed.") var interface = "market"
    @Option(help: "The fault to heal.") var id: String?
    @Flag(help: "Heal everything.") var all = false

    func validate() throws {
        guard ledger == nil || target.socket == nil && target.node == nil else {
            throw ValidationError("give either --socket or --node (a running agent) or --ledger (none runs)")
        }
        guard (id == nil) == all else { throw ValidationError("give either --id NAME or --all") }
        if ledger != nil, !all { throw ValidationError("--ledger heals everything: add --all") }
    }

    func run() throws {
        try withExitCodes {
            if let ledger { return try healDead(ledger) }
            let session = try target.session()
            defer { session.close() }
            try run(in: session)
        }
    }

    func run(in session: CommandSession) throws {
        guard ledger == nil else {
            complain("--ledger is for an agent that no longer runs, and this console's does")
            throw Exit.usage
        }
        _ = try session.ask(AgentCommands.Word.heal.rawValue, id.map { [.init("fault", .string($0))] } ?? [])
        show(["healed": [.string(id ?? "all")]], as: target.format, "healed \(id ?? "all")")
    }

    private func healDead(_ ledger: String) throws {
        let done = try Healing.healAll(ledgerPath: ledger, interface: interface)
        let words = done.isEmpty ? "nothing to heal" : done.joined(separator: "\n")
        show(["healed": .array(done.map { .string($0) })], as: target.format, words)
    }
}

struct List: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the faults of a running agent: what each is, how long it lasts still, what it has hit.")

    @OptionGroup var target: AgentOption

    func run(in session: CommandSession) throws {
        let faults = try session.ask(AgentCommands.Word.list.rawValue)["faults"]?.array ?? []
        show(.array(faults), as: target.format, faults.isEmpty ? "no faults" : faults.map(words).joined(separator: "\n"))
    }

    private func words(_ fault: JSON) -> String {
        let force = Confirmation.isOver(fault) ? ", \(fault["in_force"]?.string ?? "unproven")" : ""
        let lines = [
            "\(fault["id"]?.string ?? "?"): \(fault["state"]?.string ?? "?")\(force), \(FaultWords.left(fault)), "
                + "\(FaultWords.hits(fault)) hit, by \(fault["by"]?.string ?? "?") (\(fault["who"]?.string ?? "?"))",
            "  \(FaultWords.asked(fault))",
        ]
        return (lines + (fault["measured"]?.array ?? []).map { "  \(FaultWords.measured($0))" }).joined(separator: "\n")
    }
}

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says what this machine can do, found out by doing it; exit 77 when no backend works.")

    @Option(help: "An interface to examine.") var interface: String?
    @Option(help: "Form of the result on stdout: text or json.") var format: OutputFormat = .text

    func run() throws {
        try withExitCodes {
            let probed = try Doctor.probeWhenIdle()
            var chosen: Backend?
            var problem: AgentError?
            do throws(AgentError) { chosen = try BackendProbe.choose(nil, from: probed) } catch { problem = error }
            let report = Doctor.report(interface: interface, backend: chosen, probed: probed)
            show(report, as: format, words(report))
            if let problem { throw problem }
        }
    }

    private func words(_ report: JSON) -> String {
        var lines = (report["backends"]?.array ?? []).map { backend -> String in
            let detour = backend["detour"]?.string.map { " by \($0)" } ?? ""
            let state = backend["works"]?.bool == true ? "works\(detour)" : backend["problem"]?.string ?? "doesn't work"
            return "backend \(backend["backend"]?.string ?? "?"): \(state)\n  proved end to end: "
                + (backend["proved_end_to_end"]?.string ?? "unknown")
        }
        lines.append("chosen: \(report["chosen"]?.string ?? "none")")
        lines.append("table gauntlet: \(report["table"]?.string ?? "unknown")")
        if let name = report["interface"]?.string {
            lines.append("interface \(name): \(report["interface_problem"]?.string ?? "may be faulted")")
        }
        lines.append("holders \(report["realtime"]?.bool == true ? "may" : "may not") run SCHED_FIFO")
        return lines.joined(separator: "\n")
    }
}

/// A script for the shell that knows every command and option.
struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Prints a completion script for a shell.",
        discussion: "Example: chaos-agent completion bash > /etc/bash_completion.d/chaos-agent")

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"])) var shell: String

    func run() throws {
        guard ["bash", "zsh", "fish"].contains(shell) else {
            complain("unknown shell '\(shell)': expected bash, zsh or fish")
            throw Exit.usage
        }
        print(ChaosAgentProgram.completionScript(for: CompletionShell(rawValue: shell) ?? .bash))
    }
}
