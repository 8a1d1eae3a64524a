// A rig that somebody else started, in containers for example: the stores and the agents are there already, the
// governor comes as soon as its files are, and the other roles wait for orders.

import Archive
import Commands
import ConductorCore
import Glibc
import Scenarios
import Sockets
import Units

extension Conductor {
    /// Where the governor's container finds what it is given, and the sign that it is there.
    static let governorFiles = "/run/governor-files"
    static let preparedFile = "/run/gauntlet/prepared"

    /// Everything answering, the stores fresh, the governor paused: ready for the first tick.
    func attach() throws {
        progress.say("attaching to the rig of topology '\(topology.name)'")
        unlink(Conductor.preparedFile)
        mkdir(Order.directory, 0o700)
        try desk.connectRedis()
        try desk.connectPostgres()
        try desk.reset()
        try startObserver()
        try startBroker()
        // The governor's container starts once this file is there, and never before the stores are fresh.
        try Conductor.giveToGovernor(limits: paths.limits, fees: paths.fees)
        try replaceFile(Conductor.preparedFile, options.runID)
        watchForNewNodes()
        progress.say("waiting for the governor")
        try waitForHealth(
            "governor", node: "governor", port: topology.ports.governorMetrics, within: Conductor.governorMaximum)
        record(
            "process",
            [
                .init("node", "governor"), .init("name", "governor"), .init("pid", 0), .init("event", "ready"),
                .init("status", .null), .init("expected", true),
            ])
    }

    /// Whoever waits for the conductor must not wait for one that has refused, or never came so far. It goes only once the
    /// governor has come: compose of the second version takes an end in the middle of its own `up` for a failed start, and
    /// gives a verdict's exit code, 1, for any other. And the governor gets files to live by: should it be the first to
    /// end, then compose of the first version may stop before it has shown what the conductor wrote.
    ///
    /// - Parameters:
    ///   - path: the rig's topology file.
    ///   - root: where `data/` is.
    package static func letWaitingGo(_ path: String, root: String) {
        guard access(preparedFile, F_OK) != 0, let reactor = try? Reactor() else { return }
        var isAsked = false
        // A rig outside of containers has no such place, and nobody waits there.
        do {
            try reactor.onSignal { _ in isAsked = true }
            try giveToGovernor(limits: "\(root)/data/limits-default.json", fees: "\(root)/data/fees-us-equities-2023-10.json")
            try replaceFile(preparedFile, "refused")
        } catch { return }
        guard let bytes = try? readFile(path), let topology = try? Topology(yaml: bytes, file: path),
            let governor = Address(written: topology.control("governor", topology.ports.governorMetrics))
        else { return }
        let deadline = Instant.now + refusalMaximum
        while !isAsked, Instant.now < deadline, !answers(governor, reactor) {
            _ = reactor.run(until: Instant.now + .milliseconds(200)) { isAsked }
        }
    }

    private static func giveToGovernor(limits: String, fees: String) throws {
        for (source, name) in [(limits, "limits.json"), (fees, "fees.json")] {
            try replaceFile("\(governorFiles)/\(name)", String(decoding: try readFile(source), as: UTF8.self), mode: 0o644)
        }
    }

    private static func answers(_ address: Address, _ reactor: Reactor) -> Bool {
        var answer: Bool?
        Connection.connect(to: address, within: .seconds(1), on: reactor) { result in
            if case .success(let connection) = result {
                connection.close()
                answer = true
            } else {
                answer = false
            }
        }
        _ = reactor.run(until: Instant.now + .seconds(2)) { answer != nil }
        return answer == true
    }

    /// A container engine takes its time.
    static let governorMaximum = Duration.seconds(60)
    private static let refusalMaximum = Duration.seconds(15)
    private static let lifeInterval = Duration.seconds(1)
    private static let silenceMaximum = Duration.seconds(2)

    /// A node that is made anew takes its interfaces from the agent that sat in it, and the agent falls silent with its
    /// faults. From then on nobody knows what is in force there: the drill ends, and proves nothing.
    private func watchForNewNodes() {
        var isLost = false
        reactor.every(Conductor.lifeInterval) { [unowned self] in
            guard !isStopping, !isLost else { return }
            agents.checkLife(within: Conductor.silenceMaximum) { [unowned self] node, error in
                guard !isStopping, !isLost else { return }
                isLost = true
                let faults = agents.faults.filter { $0.value.stage == .inForce }.keys.sorted().joined(separator: ", ")
                fail(
                    "node \(node) or its chaos agent was stopped or made anew: \(error); in force until then: "
                        + (faults.isEmpty ? "nothing" : faults))
                perform(drill.abort(because: "node \(node) was lost"))
            }
        }
    }
}
