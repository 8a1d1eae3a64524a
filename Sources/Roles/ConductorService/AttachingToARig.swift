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
        for (source, name) in [(paths.limits, "limits.json"), (paths.fees, "fees.json")] {
            try replaceFile(
                "\(Conductor.governorFiles)/\(name)", String(decoding: try readFile(source), as: UTF8.self), mode: 0o644
            )
        }
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

    /// Whoever waits for the conductor must not wait for one that has refused, or never came so far.
    package static func letWaitingGo() {
        guard access(preparedFile, F_OK) != 0 else { return }
        try? replaceFile(preparedFile, "refused")  // a rig outside of containers has no such place, and nobody waits
    }

    /// A container engine takes its time.
    static let governorMaximum = Duration.seconds(60)
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
