import Commands
import ConductorCore
import Glibc
import HTTP
import Messages
import Processes
import Scenarios
import Sockets
import Units

extension Conductor {
    /// Everything up and answering, the stores fresh, the governor paused: ready for the first tick.
    func build(_ network: LabNetwork) throws {
        progress.say("building the lab: \(topology.nodes.map(\.name).joined(separator: ", "))")
        try writeFile(options.keys.redisPasswordFile, options.keys.redisPassword, mode: 0o600)
        let stores = try LabStores(topology)
        let storeLog = try paths.openLog("redis-store")
        logs["redis-store"] = storeLog
        watch(
            try stores.startRedis(
                node: "store", namespace: network.namespace(of: "store"), password: options.keys.redisPassword,
                environment: commands.environment, output: storeLog.number, on: reactor), node: "store")
        if scenario.feed.separateRedis { try startFeedsOwnRedis(stores, network) }
        let initdbLog = try paths.openLog("initdb")
        logs["initdb"] = initdbLog
        let initdb = watch(
            try stores.initializePostgres(environment: commands.environment, output: initdbLog.number, on: reactor),
            node: "store")
        try desk.connectRedis()
        try startObserver()
        try startAgents()
        try reactor.wait(for: "initdb", within: RigPatience.start) { !initdb.isRunning }
        guard initdb.status == 0 else {
            throw ConductorError("initdb", "ended with status \(initdb.status ?? -1): see logs/initdb.log")
        }
        let postgresLog = try paths.openLog("postgres")
        logs["postgres"] = postgresLog
        watch(
            try stores.startPostgres(
                namespace: network.namespace(of: "store"), environment: commands.environment,
                output: postgresLog.number,
                on: reactor), node: "store")
        try desk.connectPostgres()
        try desk.reset()
        try startBroker()
        try start("governor", commands.governor(namespace: namespace(of: "governor")), node: "governor")
        try waitForHealth("governor", node: "governor", port: topology.ports.governorMetrics, within: RigPatience.start)
    }

    private func startFeedsOwnRedis(_ stores: LabStores, _ network: LabNetwork) throws {
        let log = try paths.openLog("redis-feed")
        logs["redis-feed"] = log
        watch(
            try stores.startRedis(
                node: "feed", namespace: network.namespace(of: "feed"), password: options.keys.redisPassword,
                environment: commands.environment, output: log.number, on: reactor), node: "feed")
    }

    func startBroker() throws {
        try start("broker-stub", commands.broker(namespace: namespace(of: "broker")), node: "broker")
        try waitForHealth("broker-stub", node: "broker", port: topology.ports.brokerMetrics, within: RigPatience.start)
    }

    func startObserver() throws {
        try start("observer", commands.observer(namespace: namespace(of: "observer")), node: "observer")
        try connect(observer, within: RigPatience.start)
        let fields: [JSON.Member] = [
            .init("run", .string(options.runID)), .init("scenario", .string(scenario.name)),
            .init("seed", .string(String(options.seed))), .init("started_wall_ns", .integer(WallTime.now.nanoseconds)),
            .init("certifying", .bool(scenario.certifying)),
            .init("governor", .string(options.governor?.joined(separator: " ") ?? "governor")),
        ]
        record("run", fields)
        try waitForObserver()
    }

    /// The tap and MONITOR must be on before the first packet and the first flag that count.
    private func waitForObserver() throws(ConductorError) {
        var isReady = false
        let deadline = Instant.now + RigPatience.start
        while !isReady {
            let status = try reactor.reply(of: "observer: status", within: RigPatience.answer) { done in
                observer.request("status", within: RigPatience.answer, done)
            }
            isReady = ["tap", "redis", "monitor"].allSatisfy { status["ready"]?[$0]?.bool == true }
            guard !isReady else { return }
            guard Instant.now < deadline else {
                throw ConductorError(
                    "observer",
                    "not ready after \(RigPatience.start.written): \(status["ready"]?.text() ?? status.text())")
            }
            _ = reactor.run(until: Instant.now + .milliseconds(20), or: { false })
        }
    }

    private func startAgents() throws {
        for node in topology.faultable.map(\.name) {
            try start("chaos-agent-\(node)", commands.agent(node: node, namespace: namespace(of: node)), node: node)
        }
        try watchAgents()
    }

    func watchAgents() throws {
        let began = Instant.now
        while true {
            let failure: AgentFleet.Failure? = try reactor.answer(
                of: "chaos agents", within: RigPatience.answer
            ) { done in
                agents.watch(within: RigPatience.answer) { done(.success($0)) }
            }
            guard let failure else {
                hasAgents = true
                return
            }
            let patience = isForProcesses(failure.node) ? RigPatience.optional : RigPatience.start
            guard Instant.now < began + patience, rigFailure == nil else { throw missing(failure) }
            _ = reactor.run(until: Instant.now + .milliseconds(20), or: { false })
        }
    }

    private func missing(_ failure: AgentFleet.Failure) -> ConductorError {
        guard isForProcesses(failure.node) else { return ConductorError(failure.error.subject, failure.error.detail) }
        return ConductorError(
            .machine, failure.node, "the scenario faults a process, and no agent that may is there: \(failure.error)",
            advice: "in containers: --profile process-faults, beside the profile drill")
    }

    /// A second agent of a node: the rig may have been started without it.
    private func isForProcesses(_ agent: String) -> Bool {
        topology.nodes.contains { $0.processes != nil && Conductor.processAgent(of: $0) == agent }
    }

    /// The socket of a process that is just starting is not there at once.
    private func connect(_ client: CommandClient, within limit: Duration) throws {
        let deadline = Instant.now + limit
        while true {
            let failure: CommandError? = try reactor.answer(of: client.name, within: limit) { done in
                client.connect(within: limit) { done(.success($0)) }
            }
            guard let failure else { return }
            guard Instant.now < deadline, rigFailure == nil else {
                throw ConductorError(failure.subject, failure.detail)
            }
            _ = reactor.run(until: Instant.now + .milliseconds(20), or: { false })
        }
    }

    func waitForHealth(_ name: String, node: String, port: UInt16, within limit: Duration) throws {
        guard let address = Address(written: topology.control(node, port)) else { return }
        let fetcher = HTTPFetcher(to: address, on: reactor)
        let deadline = Instant.now + limit
        var last = "no answer"
        while Instant.now < deadline {
            guard !isStopping else { throw ConductorError(name, "stopped while waiting for it to be healthy") }
            guard roles[name]?.isRunning ?? (network == nil) else {
                throw ConductorError(name, "ended before it was ready: see logs/\(name).log")
            }
            var isHealthy: Bool?
            fetcher.get("/healthz", headers: [], within: .milliseconds(500)) { result in
                switch result {
                case .success(let answer):
                    isHealthy = answer.status == 200
                    last = "\(answer.status) \(String(decoding: answer.body.prefix(200), as: UTF8.self))"
                case .failure(let error):
                    isHealthy = false
                    last = "\(error)"
                }
            }
            _ = reactor.run(until: Instant.now + .seconds(1), or: { isHealthy != nil })
            if isHealthy == true {
                if let child = roles[name] { recordProcess(child, node: node, event: "ready", status: nil) }
                return
            }
            _ = reactor.run(until: Instant.now + .milliseconds(25), or: { false })
        }
        throw ConductorError(name, "not healthy within \(limit.written): GET /healthz: \(last)")
    }
}
