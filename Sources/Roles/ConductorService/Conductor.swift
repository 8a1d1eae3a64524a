// The conductor inside the lab: builds it, starts the roles, drives the drill, and takes it down in order.
//
// It runs in the lab's own namespaces, so that nothing of it can survive the lab. It decides nothing about the
// verdict: it provides evidence of what it did, and the observer and the judge do the rest.

import Archive
import Commands
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
    /// `nil` when the conductor attached to a rig that it did not build.
    let network: LabNetwork?
    var desk: StoreDesk
    var roles: [String: any RunningRole] = [:]
    var logs: [String: Descriptor] = [:]
    /// What each process was started by, for a fault that restarts it; and the faults that have.
    var startedCommands: [String: Command] = [:]
    var restarted: Set<String> = []
    var drill: Drill
    var view = DrillView()
    /// Set when something of the rig itself broke: exit code 70, and an inconclusive verdict.
    var rigFailure: String?
    var isStopping = false
    var leftovers: [String] = []
    /// Whether the agents can be asked.
    var hasAgents = false

    package init(_ options: ConductorOptions, _ loaded: LoadedScenario) throws {
        self.options = options
        scenario = loaded.scenario
        topology = loaded.topology
        paths = RunPaths(directory: options.runDirectory)
        progress = Progress(start: options.startedAt)
        reactor = try Reactor()
        network = topology.mode == .build ? try Conductor.labNetwork(topology, paths) : nil
        let environment = [
            "GAUNTLET_RUN": options.runID, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/run/gauntlet", "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
        ]
        commands = RoleCommands(
            paths: paths, scenario: scenario, topology: topology, seed: options.seed, governor: options.governor,
            environment: environment,
            programs: options.programs, backend: options.backend, replacements: options.replacements,
            passwordFile: options.keys.redisPasswordFile)
        guard let ingest = Address(written: topology.ingest),
            let redis = Address(written: topology.control("store", topology.ports.redis))
        else { preconditionFailure("a topology's addresses are well formed") }
        evidence = EvidenceSender(to: ingest, name: "rig", node: "conductor", on: reactor)
        observer = CommandClient("observer", at: .unix(RunPaths.observerSocket), on: reactor)
        agents = AgentFleet(at: try Conductor.agentEndpoints(topology, scenario), token: options.keys.agentToken, on: reactor)
        desk = StoreDesk(
            redis: redis, password: options.keys.redisPassword, postgres: options.keys.postgresURL, on: reactor)
        drill = Drill(DrillScript(loaded.scenario))
    }

    private static func labNetwork(_ topology: Topology, _ paths: RunPaths) throws -> LabNetwork {
        let network = try LabNetwork(topology)
        try writeFile(paths.namespaces, network.inodes.map { "\($0)\n" }.joined(), mode: 0o644)
        try network.guardTheGovernor()
        try network.enterConductorsNode()
        return network
    }

    private static func agentEndpoints(
        _ topology: Topology, _ scenario: Scenario
    ) throws(ConductorError) -> [String: Endpoint] {
        var endpoints: [String: Endpoint] = [:]
        for node in topology.faultable {
            guard let text = node.agent, let endpoint = Endpoint(written: text) else {
                throw ConductorError(
                    .usage, "topology '\(topology.name)', node '\(node.name)'",
                    "agent: expected a Unix socket's path or HOST:PORT, found \(node.agent ?? "nothing")")
            }
            endpoints[node.name] = endpoint
            guard let processes = node.processes,
                scenario.faults.contains(where: { $0.process != nil && $0.to == node.name })
            else { continue }
            guard let endpoint = Endpoint(written: processes) else {
                throw ConductorError(
                    .usage, "topology '\(topology.name)', node '\(node.name)'",
                    "processes: expected a Unix socket's path or HOST:PORT, found \(processes)")
            }
            endpoints[processAgent(of: node)] = endpoint
        }
        return endpoints
    }

    /// The lab's namespace for a role; `nil` where the role is somebody else's container.
    func namespace(of node: String) -> Int32? { network?.namespace(of: node) }

    /// Runs the whole drill. Returns the exit code of the lab: 0 when the evidence is complete as far as the
    /// conductor knows, 70 when the rig failed. The verdict is the judge's.
    package func run() -> Int32 {
        do {
            try reactor.onSignal { [unowned self] _ in stop(because: "stopped by the user") }
            reactor.every(StopFile.interval) { [unowned self] in lookForStop() }
            if let network { try build(network) } else { try attach() }
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
        healAtOnce()
    }

    /// Before anything is taken down in order: a stop is asked for when something must not go on.
    private func healAtOnce() {
        guard hasAgents else { return }
        let asked = Instant.now
        agents.healAll(within: .seconds(1)) { [unowned self] errors in
            let taken = Instant.now - asked
            progress.say(
                errors.isEmpty ? "every agent has healed, after \(taken.written)" : "heal: \(errors.map(\.description))")
        }
    }

    private func lookForStop() {
        guard !isStopping, let reason = StopFile.reason(in: paths.directory) else { return }
        stop(because: reason)
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
    func start(_ name: String, _ command: Command, node: String) throws -> any RunningRole {
        startedCommands[name] = command
        guard network != nil else {
            return watch(
                try StandByRole(name, command, run: options.runID, log: paths.log(name), on: reactor), node: node)
        }
        let log = try paths.openLog(name)
        logs[name] = log
        return watch(try ChildProcess(name, command, output: log.number, on: reactor), node: node)
    }

    @discardableResult
    func watch(_ child: any RunningRole, node: String) -> any RunningRole {
        roles[child.name] = child
        let name = child.name
        recordProcess(child, node: node, event: "started", status: nil)
        child.whenEnded { [unowned self] status in
            recordProcess(child, node: node, event: "exited", status: status)
            restart(name, node: node)
            // A governor that dies is a finding; anything else that dies is a broken rig.
            let isMeant = name == "initdb" || (name == "feed-replayer" && status == 0) || faultThatEnds(name) != nil
            guard !isStopping, name != "governor", !isMeant else { return }
            fail("\(name) ended with status \(status); its last words are in logs/\(name).log")
            perform(drill.abort(because: "\(name) ended"))
        }
        return child
    }

    func recordProcess(_ child: any RunningRole, node: String, event: String, status: Int32?) {
        record(
            "process",
            [
                .init("node", .string(node)), .init("name", .string(child.name)),
                .init("pid", .integer(Int64(child.pid))),
                .init("event", .string(event)), .init("status", .optional(status.map(Int64.init))),
                // An end that nobody asked for is a finding of its own.
                .init(
                    "expected",
                    .bool(event != "exited" || isStopping || child.name == "initdb" || faultThatEnds(child.name) != nil)),
            ])
    }
}
