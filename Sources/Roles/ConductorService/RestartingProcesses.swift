// Faults that end a process: its end is no broken rig then, and a restart starts the same command again.
//
// The agent kills, since only it proves that it did; the conductor starts, since only it knows the command. What makes
// it start is the end of the process itself, seen by its parent.

import HTTP
import Scenarios
import Sockets
import Units

extension Conductor {
    /// How long a process may take to answer again.
    static let readyLimit = Duration.seconds(10)

    /// The fault that has ended, or is about to end, this process.
    func faultThatEnds(_ name: String) -> Fault? {
        scenario.faults.last { fault in
            [.kill, .restart].contains(fault.kind) && fault.process == name && agents.faults[fault.id] != nil
        }
    }

    /// Starts it again after the time that its fault is to last, once for each fault.
    func restart(_ name: String, node: String) {
        guard let fault = faultThatEnds(name), fault.kind == .restart, let command = startedCommands[name],
            restarted.insert(fault.id).inserted
        else { return }
        reactor.after(fault.duration) { [unowned self] in
            guard !isStopping else { return }
            progress.say("fault \(fault.id): starting \(name) again")
            do {
                try start(name, command, node: node)
                watchForHealth(name, node: node, until: Instant.now + Conductor.readyLimit)
            } catch {
                fail("\(name) could not be started again: \(error)")
            }
        }
    }

    /// Records when it answers; one that never does is what the drill is to find out.
    private func watchForHealth(_ name: String, node: String, until deadline: Instant) {
        let port = name == "governor" ? topology.ports.governorMetrics : topology.ports.brokerMetrics
        guard let child = roles[name], child.isRunning, !isStopping, Instant.now < deadline,
            let address = Address(written: topology.control(node, port))
        else { return }
        let fetcher = HTTPFetcher(to: address, on: reactor)
        fetcher.get("/healthz", headers: [], within: .milliseconds(500)) { [unowned self] result in
            withExtendedLifetime(fetcher) {}
            if case .success(let answer) = result, answer.status == 200 {
                progress.say("\(name) is ready again")
                return recordProcess(child, node: node, event: "ready", status: nil)
            }
            reactor.after(.milliseconds(25)) { [unowned self] in watchForHealth(name, node: node, until: deadline) }
        }
    }
}
