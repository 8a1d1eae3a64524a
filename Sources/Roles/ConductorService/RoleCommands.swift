// The command line of each role in the lab: the one place that knows them all.

import Processes
import Scenarios
import Units

package struct RoleCommands {
    package let paths: RunPaths
    package let scenario: Scenario
    package let topology: Topology
    package let seed: UInt64
    /// A whole command line of a governor of the user's; `nil` is the reference governor.
    package let governor: [String]?
    package let environment: [String: String]
    /// Directory of our own programs.
    package let programs: String
    package let backend: String
    /// Programs of the rig that others take the place of, by name: how the rig itself is put to the test.
    package let replacements: [String: String]
    /// Of Redis on the control side.
    package let passwordFile: String

    package init(
        paths: RunPaths, scenario: Scenario, topology: Topology, seed: UInt64, governor: [String]?,
        environment: [String: String],
        programs: String, backend: String, replacements: [String: String], passwordFile: String
    ) {
        self.paths = paths
        self.scenario = scenario
        self.topology = topology
        self.seed = seed
        self.governor = governor
        self.environment = environment
        self.programs = programs
        self.backend = backend
        self.replacements = replacements
        self.passwordFile = passwordFile
    }

    /// The node whose Redis carries depth and intents.
    package var feedStore: String { scenario.feed.separateRedis ? "feed" : "store" }

    /// The scrape interval is part of the gate: what is visible is visible at the next scrape.
    private var measuresPipeline: Bool {
        scenario.gate(.pipelineLatency) != nil || scenario.gate(.watermarkTrue) != nil
    }

    private func program(_ name: String) -> String { replacements[name] ?? "\(programs)/\(name)" }
    private var symbols: String { scenario.symbols.joined(separator: ",") }

    private func controlRedis(_ node: String) -> String { topology.control(node, topology.ports.redis) }
    private func marketRedis(_ node: String) -> String { topology.market(node, topology.ports.redis) }

    package func observer(namespace: Int32?) -> Command {
        var arguments = [
            "--run-directory", paths.directory, "--ingest", topology.ingest,
            "--commands", RunPaths.observerSocket, "--redis", controlRedis("store"),
            "--redis-password-file", passwordFile,
            "--governor-address", topology.node("governor")?.market ?? "", "--broker-port", "\(topology.ports.fix)",
            "--conductor-address", topology.node("conductor")?.control ?? "",
            "--scrape", topology.control("governor", topology.ports.governorMetrics),
            "--scrape-interval", measuresPipeline ? "5ms" : "1s",
            "--market-interface", topology.marketInterface ?? topology.node("governor")?.market ?? "",
        ]
        // In the lab the observer looks into the governor's node; elsewhere it sits in it.
        if topology.mode == .build { arguments += ["--tap-namespace", "/run/netns/governor"] }
        return Command(
            program("observer"), arguments, environment: environment, namespace: namespace, keepsCapabilities: true)
    }

    package func agent(node: String, namespace: Int32?) -> Command {
        let peers = topology.faultable.filter { $0.name != node }.map {
            "\($0.name)=\(topology.market($0.name, topology.ports.probe))"
        }
        return Command(
            program("chaos-agent"),
            [
                "serve", "--node", node, "--interface", "market", "--socket", RunPaths.agentSocket(node),
                "--ledger", RunPaths.agentLedger(node), "--audit", paths.audit(node),
                "--probe-address", topology.market(node, topology.ports.probe),
                "--probe-peers", peers.joined(separator: ","), "--observer", topology.ingest, "--backend", backend,
            ],
            environment: environment, namespace: namespace, keepsCapabilities: true)
    }

    /// Heals what an agent of this node left behind that no longer runs.
    package func heal(node: String, namespace: Int32?) -> Command {
        Command(
            program("chaos-agent"),
            ["heal", "--ledger", RunPaths.agentLedger(node), "--all", "--interface", "market"],
            environment: environment, namespace: namespace, keepsCapabilities: true)
    }

    package func broker(namespace: Int32?) -> Command {
        var arguments = [
            "--listen", topology.market("broker", topology.ports.fix),
            "--redis", controlRedis("store"), "--redis-user", "gauntlet", "--redis-password-file", passwordFile,
            "--depth-redis", controlRedis(feedStore), "--symbols", symbols,
            "--fill-model", scenario.broker.fillModel.rawValue,
            "--round-trip-mean", scenario.broker.roundTripMean.written,
            "--round-trip-variance-ms2", "\(scenario.broker.roundTripVariance)",
            "--seed", "\(seed)", "--metrics", topology.control("broker", topology.ports.brokerMetrics),
            "--ledger", "\(paths.logs)/broker-ledger.ndjson", "--fees", paths.fees,
            "--in-flight", scenario.broker.inFlight.rawValue,
        ]
        if scenario.broker.cancelOnDisconnect { arguments.append("--cancel-on-disconnect") }
        let rejects = scenario.brokerRejects(seed: seed)
        if !rejects.isEmpty { arguments += ["--reject-intents", rejects.joined(separator: ",")] }
        return Command(program("broker-stub"), arguments, environment: environment, namespace: namespace)
    }

    package func governor(namespace: Int32?) -> Command {
        let own = environment.merging([
            "GAUNTLET_REDIS": marketRedis("store"), "GAUNTLET_FEED": marketRedis(feedStore),
            "GAUNTLET_BROKER": topology.market("broker", topology.ports.fix),
            "GAUNTLET_POSTGRES": LabStores.governorURL(topology),
            "GAUNTLET_METRICS_PORT": "\(topology.ports.governorMetrics)",
            "GAUNTLET_SYMBOLS": symbols, "GAUNTLET_LIMITS": paths.limits,
            "GAUNTLET_FEES": paths.fees, "GAUNTLET_MODE": scenario.governor.mode.rawValue,
        ]) { _, value in value }
        let command = governor ?? ["\(programs)/governor"]
        return Command(command[0], Array(command.dropFirst()), environment: own, namespace: namespace)
    }

    package func feed(namespace: Int32?, startAt: Instant) -> Command {
        Command(
            program("feed-replayer"),
            [
                "run", "--plan", paths.plan, "--redis", controlRedis(feedStore), "--redis-user", "gauntlet",
                "--redis-password-file", passwordFile, "--observer", topology.ingest,
                "--start-at", "\(startAt.nanoseconds)",
            ],
            environment: environment, namespace: namespace, keepsCapabilities: true)
    }
}
