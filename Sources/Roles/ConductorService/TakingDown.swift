import Commands
import Glibc
import History
import Messages
import Sockets
import Units

extension Conductor {
    /// Last in, first out. Every step is tried, whatever happened to the one before it.
    func takeDown() {
        isStopping = true
        progress.say("taking the rig down")
        attempt("heal") { try healEverything() }
        attempt("heal") { try healAfterDeadAgents() }
        attempt("feed-replayer") { try end("feed-replayer", within: .seconds(5)) }
        attempt("governor") { try end("governor", within: .seconds(6)) }
        attempt("stores") { try recordStores() }
        attempt("leftovers") { try askForLeftovers() }
        for node in topology.faultable.map(\.name) {
            attempt("chaos-agent") { try end("chaos-agent-\(node)", within: .seconds(3)) }
        }
        recordLeftovers()
        attempt("guard") { try recordGuard() }
        // A governor that isn't ours to end lives on, and answers to its broker's end as it must.
        record("closing", [])
        attempt("broker-stub") { try end("broker-stub", within: .seconds(3)) }
        record("end", [])
        attempt("evidence") {
            try reactor.wait(for: "the evidence to reach the observer", within: RigPatience.answer) { evidence.waiting == 0 }
        }
        attempt("observer") { try finishObserver() }
        desk.close()
    }

    /// A step that fails makes the run a rig failure, and the steps after it are still taken.
    private func attempt(_ step: String, _ body: () throws -> Void) {
        do { try body() } catch {
            // A role that never started because the rig broke earlier is not a second failure.
            if rigFailure == nil { fail("\(step): \(error)") }
        }
    }

    private func healEverything() throws {
        guard hasAgents else { return }
        let errors: [CommandError] = try reactor.answer(of: "heal", within: .seconds(5)) { done in
            agents.healAll(within: .seconds(3)) { done(.success($0)) }
        }
        if let error = errors.first { throw ConductorError(error.subject, error.detail) }
    }

    /// What an agent that died has left in its node: it goes as its ledger says, by a program that needs no agent.
    private func healAfterDeadAgents() throws {
        guard network != nil else { return }
        for node in topology.faultable.map(\.name) where roles["chaos-agent-\(node)"]?.isRunning == false {
            let name = "heal-\(node)"
            progress.say("node \(node): its agent died; what it left is healed")
            let child = try start(name, commands.heal(node: node, namespace: namespace(of: node)), node: node)
            try reactor.wait(for: "\(name) to end", within: RigPatience.answer) { !child.isRunning }
            guard child.status == 0 else {
                throw ConductorError(name, "ended with status \(child.status ?? -1); see logs/\(name).log")
            }
        }
    }

    private func end(_ name: String, within limit: Duration) throws {
        guard let child = roles[name], child.isRunning else { return }
        child.signal(SIGTERM)
        if reactor.run(until: Instant.now + limit, or: { !child.isRunning }) { return }
        child.signal(SIGKILL)
        try reactor.wait(for: "\(name) to end after SIGKILL", within: .seconds(2)) { !child.isRunning }
        guard name != "governor" else {
            return record(
                "process",
                [
                    .init("node", "governor"), .init("name", "governor"), .init("pid", .integer(Int64(child.pid))),
                    .init("event", "killed"), .init("status", .null),
                ])
        }
        throw ConductorError(name, "did not stop within \(limit.written) of SIGTERM")
    }

    private func recordStores() throws {
        guard roles["postgres"]?.isRunning ?? (network == nil) else { return }
        for (table, type, stream) in [
            ("orders", "stored_order", SampleStream.storeOrders), ("fills", "stored_fill", .storeFills),
        ] {
            let rows = try desk.rows(of: table).array ?? []
            for (number, row) in rows.enumerated() {
                record(type, StoreDesk.typed(row, stream.columns))
                if number % 5_000 == 4_999 { try letEvidenceDrain() }
            }
            record("store", [.init("table", .string(table)), .init("count", .integer(Int64(rows.count)))])
        }
        for table in ["positions", "pnl"] {
            record("store", [.init("table", .string(table)), .init("rows", try desk.rows(of: table))])
        }
        record("keys", try desk.keys())
    }

    /// A long run has more rows than the evidence link holds.
    private func letEvidenceDrain() throws {
        try reactor.wait(for: "the observer to take the rows of the store", within: .seconds(10)) { [evidence] in
            evidence.waiting < 1_000
        }
    }

    /// Faults that the agents still know of after everything was healed.
    private func askForLeftovers() throws {
        guard hasAgents else { return }
        leftovers = try reactor.answer(of: "leftovers", within: .seconds(5)) { done in
            agents.leftovers(within: .seconds(3)) { done(.success($0)) }
        }
    }

    /// With the agents gone, the kernel itself is asked. Processes and namespaces are looked for once the lab is gone.
    private func recordLeftovers() {
        if let network { leftovers += network.leftovers() }
        for text in leftovers { progress.say("left behind: \(text)") }
        record("leftovers", [.init("stage", "lab"), .init("found", .array(leftovers.map { .string($0) }))])
    }

    private func recordGuard() throws {
        guard let network else { return }
        let stopped = Int64(clamping: try network.stoppedAtTheGuard())
        record("guard", [.init("outgoing_dropped", .integer(stopped))])
    }

    private func finishObserver() throws {
        guard roles["observer"]?.isRunning == true, observer.isConnected else { return }
        progress.say("the observer judges")
        _ = try reactor.reply(of: "observer: finish", within: .seconds(60)) { done in
            observer.request("finish", within: .seconds(60), done)
        }
        progress.say("evidence closed; leftovers are looked for once the lab is gone")
        try end("observer", within: .seconds(5))
    }
}
