// The command line of each role in the lab: the one place that knows them all.

import Processes
import Scenarios
import Units

package struct RoleCommands {
    package let paths: RunPaths
    package let scenario: Scenario
    package let seed: UInt64
    /// A whole command line of a governor of the user's; `nil` is the reference governor.
    package let governor: [String]?
    package let environment: [String: String]
    /// Directory of our own programs.
    package let programs: String
    package let backend: String
    /// Programs of the rig that others take the place of, by name: how the rig itself is put to the test.
    package let replacements: [String: String]

    package init(
        paths: RunPaths, scenario: Scenario, seed: UInt64, governor: [String]?, environment: [String: String],
        programs: String, backend: String, replacements: [String: String]
    ) {
        self.paths = paths
        self.scenario = scenario
        self.seed = seed
        self.governor = governor
        self.environment = environment
        self.programs = programs
        self.backend = backend
        self.replacements = replacements
    }

    package static let ingest = "\(LabNetwork.controlAddress("observer")):\(LabNetwork.ingestPort)"
    package static let fixPort: UInt16 = 9878
    package static let probePort: UInt16 = 7020
    /// The nodes that a scenario can fault: each has an agent.
    package static let faultable = LabNetwork.nodes.filter(\.isOnMarket).map(\.name)

    /// The node whose Redis carries depth and intents.
    package var feedStore: String { scenario.feed.separateRedis ? "feed" : "store" }

    private func program(_ name: String) -> String { replacements[name] ?? "\(programs)/\(name)" }
    private var symbols: String { scenario.symbols.joined(separator: ",") }

    private func controlRedis(_ node: String) -> String { "\(LabNetwork.controlAddress(node)):\(LabStores.redisPort)" }
    private func marketRedis(_ node: String) -> String { "\(LabNetwork.marketAddress(node)):\(LabStores.redisPort)" }

    package func observer(namespace: Int32) -> Command {
        Command(
            program("observer"),
            [
                "--run-directory", paths.directory, "--ingest", RoleCommands.ingest,
                "--command-socket", RunPaths.observerSocket, "--redis", controlRedis("store"),
                "--redis-password-file", RunPaths.passwordFile, "--tap-namespace", "/run/netns/governor",
                "--governor-address", LabNetwork.marketAddress("governor"), "--broker-port", "\(RoleCommands.fixPort)",
                "--scrape", "\(LabNetwork.controlAddress("governor")):\(LabNetwork.governorMetricsPort)",
            ],
            environment: environment, namespace: namespace, keepsCapabilities: true)
    }

    package func agent(node: String, namespace: Int32) -> Command {
        let peers = RoleCommands.faultable.filter { $0 != node }
            .map { "\(LabNetwork.marketAddress($0)):\(RoleCommands.probePort)" }
        return Command(
            program("chaos-agent"),
            [
                "serve", "--node", node, "--interface", "market", "--socket", RunPaths.agentSocket(node),
                "--ledger", RunPaths.agentLedger(node),
                "--probe-address", "\(LabNetwork.marketAddress(node)):\(RoleCommands.probePort)",
                "--probe-peers", peers.joined(separator: ","), "--observer", RoleCommands.ingest, "--backend", backend,
            ],
            environment: environment, namespace: namespace, keepsCapabilities: true)
    }

    package func broker(namespace: Int32) -> Command {
        var arguments = [
            "--listen", "\(LabNetwork.marketAddress("broker")):\(RoleCommands.fixPort)",
            "--redis", controlRedis("store"), "--redis-user", "gauntlet", "--redis-password-file", RunPaths.passwordFile,
            "--depth-redis", controlRedis(feedStore), "--symbols", symbols,
            "--fill-model", scenario.broker.fillModel.rawValue,
            "--round-trip-mean", scenario.broker.roundTripMean.written,
            "--round-trip-variance-ms2", "\(scenario.broker.roundTripVariance)",
            "--seed", "\(seed)", "--metrics", "\(LabNetwork.controlAddress("broker")):9100",
            "--ledger", "\(paths.logs)/broker-ledger.ndjson", "--fees", paths.fees,
            "--in-flight", scenario.broker.inFlight.rawValue,
        ]
        if scenario.broker.cancelOnDisconnect { arguments.append("--cancel-on-disconnect") }
        return Command(program("broker-stub"), arguments, environment: environment, namespace: namespace)
    }

    package func governor(namespace: Int32) -> Command {
        let own = environment.merging([
            "GAUNTLET_REDIS": marketRedis("store"), "GAUNTLET_FEED": marketRedis(feedStore),
            "GAUNTLET_BROKER": "\(LabNetwork.marketAddress("broker")):\(RoleCommands.fixPort)",
            "GAUNTLET_POSTGRES": LabStores.governorURL, "GAUNTLET_METRICS_PORT": "\(LabNetwork.governorMetricsPort)",
            "GAUNTLET_SYMBOLS": symbols, "GAUNTLET_LIMITS": paths.limits,
            "GAUNTLET_FEES": paths.fees, "GAUNTLET_MODE": "live",
        ]) { _, value in value }
        let command = governor ?? ["\(programs)/governor"]
        return Command(command[0], Array(command.dropFirst()), environment: own, namespace: namespace)
    }

    package func feed(namespace: Int32, startAt: Instant) -> Command {
        Command(
            program("feed-replayer"),
            [
                "run", "--plan", paths.plan, "--redis", controlRedis(feedStore), "--redis-user", "gauntlet",
                "--redis-password-file", RunPaths.passwordFile, "--observer", RoleCommands.ingest,
                "--start-at", "\(startAt.nanoseconds)",
            ],
            environment: environment, namespace: namespace, keepsCapabilities: true)
    }
}
