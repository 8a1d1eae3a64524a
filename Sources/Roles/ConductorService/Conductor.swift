// The conductor inside the lab: builds it, starts the roles, drives the drill, and takes it down in order.
//
// It runs in the lab's own namespaces, so that nothing of it can survive the lab. It decides nothing about the
// verdict: it provides evidence of what it did, and the observer and the judge do the rest.

import Archive
import ConductorCore
import Glibc
import History
import Messages
import Processes
import Scenarios
import Sockets
import Units

package final class Conductor {
    let options: ConductorOptions
    let paths: RunPaths
    let scenario: Scenario
    let topology: Topology
    let commands: RoleCommands
    let reactor: Reactor
    let progress: Progress
    let evidence: EvidenceSender
    let observer: CommandClient
    let agents: AgentFleet
    var network: LabNetwork
    var desk: StoreDesk
    var processes: [String: ChildProcess] = [:]
    var logs: [String: Descriptor] = [:]
    var drill: Drill
    var view = DrillView()
    /// Set when something of the rig itself broke: exit code 70, and an inconclusive verdict.
    var rigFailure: String?
    var isStopping = false
    var leftovers: [String] = []

    package init(_ options: ConductorOptions, _ loaded: LoadedScenario) throws {
        self.options = options
        scenario = loaded.scenario
        topology = loaded.topology
        paths = RunPaths(directory: options.runDirectory)
        progress = Progress(start: options.startedAt)
        reactor = try Reactor()
        network = try LabNetwork()
        try writeFile(paths.namespaces, network.inodes.map { "\($0)\n" }.joined(), mode: 0o644)
        try network.guardTheGovernor()
        try network.enterConductorsNode()
        let environment = [
            "GAUNTLET_RUN": options.runID, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/run/gauntlet", "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
        ]
        commands = RoleCommands(
            paths: paths, scenario: scenario, seed: options.seed, governor: options.governor, environment: environment,
            programs: options.programs, backend: options.backend, replacements: options.replacements)
        guard let ingest = Address(written: RoleCommands.ingest),
            let redis = Address(written: "\(LabNetwork.controlAddress("store")):\(LabStores.redisPort)")
        else { preconditionFailure("the lab's own addresses are well formed") }
        evidence = EvidenceSender(to: ingest, name: "rig", node: "conductor", on: reactor)
        observer = CommandClient("observer", path: RunPaths.observerSocket, on: reactor)
        agents = AgentFleet(nodes: RoleCommands.faultable, on: reactor)
        desk = StoreDesk(redis: redis, password: options.password, postgres: LabStores.postgresURL, on: reactor)
        drill = Drill(DrillScript(loaded.scenario))
    }

    /// Runs the whole drill. Returns the exit code of the lab: 0 when the evidence is complete as far as the
    /// conductor knows, 70 when the rig failed. The verdict is the judge's.
    package func run() -> Int32 {
        do {
            try reactor.onSignal { [unowned self] _ in stop(because: "stopped by the user") }
            try buildRig()
            try drive()
        } catch {
            fail("\(error)")
        }
        takeDown()
        return rigFailure == nil ? 0 : 70
    }

    func stop(because reason: String) {
        progress.say("stopping: \(reason)")
        isStopping = true
        perform(drill.abort(because: reason))
    }

    func fail(_ reason: String) {
        guard rigFailure == nil else { return }
        rigFailure = reason
        progress.say("the rig failed: \(reason)")
        record("aborted", [.init("reason", .string("rig: \(reason)"))])
    }

    func record(_ type: String, at instant: Instant = Instant.now, _ fields: [JSON.Member]) {
        evidence.send(Observation(.rig, type, at: instant, fields))
    }

    /// Starts a process of the rig, with a log of its own, and keeps an eye on it.
    @discardableResult
    func start(_ name: String, _ command: Command, node: String) throws -> ChildProcess {
        let log = try paths.openLog(name)
        logs[name] = log
        let child = try ChildProcess(name, command, output: log.number, on: reactor)
        return watch(child, node: node)
    }

    @discardableResult
    func watch(_ child: ChildProcess, node: String) -> ChildProcess {
        processes[child.name] = child
        let name = child.name
        recordProcess(child, node: node, event: "started", status: nil)
        child.whenEnded { [unowned self] status in
            recordProcess(child, node: node, event: "exited", status: status)
            // A governor that dies is a finding; anything else that dies is a broken rig.
            guard !isStopping, name != "governor", name != "initdb", !(name == "feed-replayer" && status == 0) else { return }
            fail("\(name) ended with status \(status); its last words are in logs/\(name).log")
            perform(drill.abort(because: "\(name) ended"))
        }
        return child
    }

    func recordProcess(_ child: ChildProcess, node: String, event: String, status: Int32?) {
        record(
            "process",
            [
                .init("node", .string(node)), .init("name", .string(child.name)), .init("pid", .integer(Int64(child.pid))),
                .init("event", .string(event)), .init("status", .optional(status.map(Int64.init))),
                // An end that nobody asked for is a finding of its own.
                .init("expected", .bool(event != "exited" || isStopping || child.name == "initdb")),
            ])
    }
}
