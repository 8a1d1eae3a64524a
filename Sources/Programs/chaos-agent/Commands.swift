import ArgumentParser
import ChaosAgentCore
import ChaosAgentService
import Commands
import Messages
import Units

/// Asks the agent; a refusal ends the program with its text.
func ask(_ agent: AgentOption, _ word: AgentCommands.Word, _ members: [JSON.Member] = []) throws -> JSON {
    try CommandClient.ask(
        try agent.endpoint(), token: try Token.find(file: agent.tokenFile), word.rawValue, members)
}

struct Inject: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Injects a fault at a running agent's node.",
        discussion: """
            Example: chaos-agent inject latency --socket chaos-governor.sock --from 198.18.0.12 --delay 250ms --for 15s
            """)

    @Argument(help: "\(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).") var kind: String
    @OptionGroup var target: AgentOption
    @Option(help: "Name of the fault.") var id = "by-hand"
    @Option(help: "Senders whose packets are concerned, comma-separated IPv4.") var from: String?
    @Option(name: .customLong("for"), help: "How long: 15s, 500ms; at most 10m.") var duration = "10s"
    @Option(help: "One-way delay: 250ms.") var delay = "0ms"
    @Option(help: "Added delay, uniform from zero: 10ms. Our queues keep the order, netem doesn't.") var jitter = "0ms"
    @Option(help: "Loss in percent, at most four decimals.") var loss = "0"
    @Option(help: "Duplicate, corrupt, reorder: of the packets, in percent, at most four decimals.") var percent = "0"
    @Option(help: "Rate: bits a second, 256000 to 100000000.") var bitsPerSecond: Int64 = 0
    @Option(help: "Local TCP port of the sockets.") var port: Int64?
    @Option(help: "What new connections meet in a disconnect: silent or refuse.") var mode = "silent"
    @Option(help: "Process, for kill, pause and restart.") var pid: Int64?

    func run() throws {
        try withExitCodes {
            var members: [JSON.Member] = [
                .init("id", .string(id)), .init("kind", .string(kind)), .init("mode", .string(mode)),
            ]
            let senders = (from ?? "").split(separator: ",").map { JSON.string(String($0)) }
            members.append(.init("from", .array(senders)))
            for (key, text) in [("duration_ns", duration), ("delay_ns", delay), ("jitter_ns", jitter)] {
                guard let value = Duration(written: text) else {
                    complain("'\(text)': expected a duration with its unit, such as 250ms or 15s")
                    throw Exit.usage
                }
                members.append(.init(key, .integer(value.nanoseconds)))
            }
            for (key, option, text) in [("loss_ppm", "--loss", loss), ("share_ppm", "--percent", percent)] {
                guard let share = Price(decimal: text) else {
                    complain("\(option) '\(text)': expected a percentage such as 2.5")
                    throw Exit.usage
                }
                // A percent in ten-thousandths is a part in a million.
                members.append(.init(key, .integer(share.units)))
            }
            members += [
                .init("bits_per_second", .integer(bitsPerSecond)), .init("port", .optional(port)),
                .init("pid", .optional(pid)),
            ]
            do { _ = try FaultRequest(json: .object(members)) } catch {
                complain("\(error)")
                throw Exit.usage
            }
            let answer = try ask(target, .inject, [.init("fault", .object(members))])
            print(String(decoding: (answer["fault"] ?? .null).prettyBytes(.asBuilt), as: UTF8.self), terminator: "")
        }
    }
}

struct Heal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Heals one fault or all, with or without a running agent.")

    @OptionGroup var target: AgentOption
    @Option(help: "Ledger of an agent that no longer runs; heals all, in this network namespace.") var ledger: String?
    @Option(help: "With --ledger: the interface whose faults are healed.") var interface = "market"
    @Option(help: "The fault to heal.") var id: String?
    @Flag(help: "Heal everything.") var all = false

    func validate() throws {
        guard target.socket == nil || ledger == nil else {
            throw ValidationError("give either --socket (a running agent) or --ledger (none runs)")
        }
        guard (id == nil) == all else { throw ValidationError("give either --id NAME or --all") }
        if ledger != nil, !all { throw ValidationError("--ledger heals everything: add --all") }
    }

    func run() throws {
        try withExitCodes {
            if let ledger {
                let done = try Healing.healAll(ledgerPath: ledger, interface: interface)
                print(done.isEmpty ? "nothing to heal" : done.joined(separator: "\n"))
            } else {
                _ = try ask(target, .heal, id.map { [.init("fault", .string($0))] } ?? [])
                print("healed \(id ?? "all")")
            }
        }
    }
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the faults of a running agent, as JSON.")

    @OptionGroup var target: AgentOption

    func run() throws {
        try withExitCodes {
            let answer = try ask(target, .list)
            print(
                String(decoding: (answer["faults"] ?? .array([])).prettyBytes(.asBuilt), as: UTF8.self),
                terminator: "")
        }
    }
}

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says what this machine can do, found out by doing it; exit 77 when no backend works.")

    @Option(help: "An interface to examine.") var interface: String?

    func run() throws {
        try withExitCodes {
            let probed = try Doctor.probeWhenIdle()
            var chosen: Backend?
            var problem: AgentError?
            do throws(AgentError) { chosen = try BackendProbe.choose(nil, from: probed) } catch { problem = error }
            print(
                String(
                    decoding: Doctor.report(interface: interface, backend: chosen, probed: probed)
                        .prettyBytes(.asBuilt),
                    as: UTF8.self), terminator: "")
            if let problem { throw problem }
        }
    }
}
