import ArgumentParser
import ChaosAgentService
import Commands
import Messages
import Sockets
import Units

struct Inject: AgentCommand {
    static let hearsSignals = true
    static let configuration = CommandConfiguration(
        commandName: "inject", abstract: "Injects a fault at a running agent's node, and says whether it bit.",
        discussion: """
            Example: chaos-agent inject latency --socket chaos-governor.sock --from broker --delay 250ms --for 15s
                     chaos-agent inject --preset flaky-wifi --node governor --from broker,store --for 30s

            Waits until the fault is in force and its dose measured, and says what was measured against what was asked for.
            Exit code 0: confirmed. 1: in force with another dose. 2: not confirmed in time, because no packet met it or it
            was interrupted. 64: a mistake. 70: refused or failed. 77: this machine can't.
            """)

    @OptionGroup var fault: FaultOptions
    @OptionGroup var target: AgentOption
    @Flag(help: "Say what would be sent to the kernel, in words, and send nothing.") var dryRun = false
    @Flag(name: .customLong("no-wait"), help: "Don't wait for the effect.") var isBrief = false
    @Option(help: "How long to wait for the effect at most. Default: as long as the fault lasts, and no longer than 10s.")
    var within: String?
    @Option(help: "Inject again every so often: 30s. Longer than --for.") var every: String?
    @Option(name: .customLong("repeat"), help: "How often in all, with --every. Ctrl-C heals the one in force, and ends.")
    var rounds = 1

    func validate() throws {
        guard (1...10_000).contains(rounds) else { throw ValidationError("--repeat: expected 1 to 10000, found \(rounds)") }
        guard (every == nil) == (rounds == 1) else { throw ValidationError("--every and --repeat go together") }
        for (name, text) in [("--every", every), ("--within", within)] {
            guard let text, Duration(written: text) == nil else { continue }
            throw ValidationError("\(name): expected a duration with its unit, such as 30s, found '\(text)'")
        }
        if every != nil, let lasts = Duration(written: fault.duration), period <= lasts {
            throw ValidationError("--every \(period.written): expected longer than the fault lasts (\(lasts.written))")
        }
        guard dryRun == false || every == nil else { throw ValidationError("--dry-run says what one round would do") }
    }

    private var period: Duration { every.flatMap { Duration(written: $0) } ?? .zero }

    func run(in session: CommandSession) throws {
        let senders = try fault.senders(session)
        let plans = try (1...rounds).map { try fault.faults(from: senders, suffix: rounds > 1 ? "-\($0)" : "") }
        if dryRun { return try rehearse(plans[0], session) }
        let start = Instant.now
        var worst: Int32 = 0
        var current: [JSON] = []
        for (round, faults) in plans.enumerated() {
            session.wait(until: start + period * Int64(round))
            if session.isInterrupted { break }
            try refuseEarly(faults, session)
            current = faults
            worst = max(worst, try inject(faults, session))
        }
        // A schedule is called off as a whole; a fault of one round ends by itself.
        if session.isInterrupted, rounds > 1 {
            try heal(current, session)
            worst = max(worst, Exit.inconclusive.rawValue)
        }
        if worst != 0 { throw ExitCode(worst) }
    }

    /// One round; the exit code that it alone would have.
    private func inject(_ faults: [JSON], _ session: CommandSession) throws -> Int32 {
        var taken: [JSON] = []
        let sent = Instant.now
        for request in faults {
            do {
                let answer = try session.ask(AgentCommands.Word.inject.rawValue, [.init("fault", request)])
                taken.append(answer["fault"] ?? .null)
            } catch {
                // Half of a preset is none.
                try heal(taken, session)
                throw error
            }
        }
        let ids = taken.compactMap { $0["id"]?.string }
        guard !isBrief else {
            let answer: JSON = ["sent_ns": .integer(sent.nanoseconds), "faults": .array(taken)]
            show(answer, as: target.format, ids.map { "\($0): taken" }.joined(separator: "\n"))
            return 0
        }
        let limit = try within.flatMap { Duration(written: $0) } ?? min(fault.lasts, .seconds(10))
        let confirmation = try Confirmation.wait(for: ids, within: limit, session)
        show(confirmation.json, as: target.format, confirmation.words)
        return confirmation.exitCode
    }

    private func heal(_ faults: [JSON], _ session: CommandSession) throws {
        for id in faults.compactMap({ $0["id"]?.string }) {
            _ = try session.ask(AgentCommands.Word.heal.rawValue, [.init("fault", .string(id))])
        }
    }

    private func plan(_ fault: JSON, _ session: CommandSession) throws -> JSON {
        let members: [JSON.Member] = [.init("dry_run", true), .init("fault", fault)]
        return try session.ask(AgentCommands.Word.inject.rawValue, members)["plan"] ?? .null
    }

    /// Of several faults, each is rehearsed before the first is injected.
    private func refuseEarly(_ faults: [JSON], _ session: CommandSession) throws {
        guard faults.count > 1 else { return }
        for fault in faults { _ = try plan(fault, session) }
    }

    private func rehearse(_ faults: [JSON], _ session: CommandSession) throws {
        let plans = try faults.map { ($0["id"]?.string ?? "", try plan($0, session)) }
        let words = plans.map { id, plan -> String in
            let steps = (plan.array ?? []).compactMap(\.string).map { "  \($0)" }
            return (["\(id) would do, in this order:"] + steps).joined(separator: "\n")
        }
        show(.object(plans.map { JSON.Member($0.0, $0.1) }), as: target.format, words.joined(separator: "\n"))
    }
}
