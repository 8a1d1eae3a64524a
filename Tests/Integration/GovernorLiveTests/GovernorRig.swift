import FIX
import Glibc
import HTTP
import LiveStores
import Messages
import Postgres
import Processes
import Redis
import ScratchFolders
import Sockets
import Telemetry
import Testing
import Units

/// The built `governor` and `broker-stub`, a real Redis and a real PostgreSQL, all on loopback; and this test as feed,
/// strategy, operator and reader.
final class GovernorRig {
    static let waitMaximum = Duration.seconds(20)

    let redis: LiveRedis
    let postgres: LivePostgres
    let reactor: Reactor
    let directory: String
    let brokerPort: UInt16
    let metricsPort: UInt16
    private(set) var governor: ChildProcess?
    private(set) var broker: ChildProcess?
    private(set) var decisions: [Decision] = []
    private(set) var executions: [Execution] = []
    private let commands: RedisConnection
    private let reader: RedisConnection
    private var store: PostgresConnection?
    private var tick: Int64 = 0
    private var sequence: Int64 = 0

    /// Stores and readers are up when this returns; no role runs yet. The operator's pause is set, the latch is not.
    init() throws {
        redis = try LiveRedis()
        postgres = try LivePostgres()
        reactor = try Reactor()
        brokerPort = try freePort()
        metricsPort = try freePort()
        directory = try ScratchFolder.make("governor")
        commands = RedisConnection(to: .unix(redis.socketPath), on: reactor)
        reader = RedisConnection(to: .unix(redis.socketPath), on: reactor)
        commands.retryAfter = .milliseconds(50)
        var isReading = false
        reader.onReady = { [weak self] in
            self?.reader.subscribe(channels: [Decision.channel, Execution.channel]) { _ in isReading = true }
        }
        reader.onPush = { [weak self] in self?.heard($0) }
        commands.connect()
        reader.connect()
        eventually("the readers are up") { isReading && self.commands.isReady }
        set(GovernorState.pauseKey, "true")
        set(GovernorState.criticalPauseKey, "false")
        reactor.every(.milliseconds(50)) { [weak self] in self?.publishBook() }
    }

    deinit {
        for process in [governor, broker] { process?.signal(SIGKILL) }
        _ = reactor.run(until: Instant.now + .seconds(5)) {
            governor?.isRunning != true && broker?.isRunning != true
        }
        ScratchFolder.remove(directory)
    }

    private func heard(_ items: [RedisReply]) {
        guard items.count == 3, let channel = items[1].string, let bytes = items[2].bytes else { return }
        do {
            if channel == Decision.channel { decisions.append(try Decision(parsing: bytes)) }
            if channel == Execution.channel { executions.append(try Execution(parsing: bytes)) }
        } catch {
            Issue.record("\(error)")
        }
    }

    func eventually(
        _ what: String, within limit: Duration = GovernorRig.waitMaximum, at location: SourceLocation = #_sourceLocation,
        _ condition: () -> Bool
    ) {
        let holds = reactor.run(until: Instant.now + limit, or: condition)
        #expect(holds, "\(what); the governor's log:\n\(log("governor"))", sourceLocation: location)
    }

    func log(_ name: String) -> String { String(decoding: ProcessTable.contents("\(directory)/\(name).log"), as: UTF8.self) }
}

// The processes.
extension GovernorRig {
    var environment: [String: String] {
        [
            "GAUNTLET_REDIS": "\(redis.address)", "GAUNTLET_BROKER": "127.0.0.1:\(brokerPort)",
            "GAUNTLET_POSTGRES": postgres.urlOverTCP, "GAUNTLET_METRICS_PORT": "\(metricsPort)",
            "GAUNTLET_SYMBOLS": "NVDA", "GAUNTLET_RUN": "live-test",
        ]
    }

    private func start(_ name: String, _ arguments: [String], _ environment: [String: String]) throws -> ChildProcess {
        let log = open("\(directory)/\(name).log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        return try ChildProcess(
            name,
            Command("\(Programs.ownDirectory)/\(name)", arguments, environment: environment, endsWithUs: true),
            output: log, on: reactor)
    }

    func startBroker() throws {
        broker = try start(
            "broker-stub",
            [
                "--listen", "127.0.0.1:\(brokerPort)", "--redis", "\(redis.address)", "--symbols", "NVDA", "--ledger",
                "\(directory)/ledger.ndjson",
            ], [:])
    }

    func startGovernor(_ changes: [String: String] = [:]) throws {
        governor = try start("governor", [], environment.merging(changes) { $1 })
    }

    /// Everything up, and the governor able to act.
    func startTrading(_ changes: [String: String] = [:]) throws {
        try startBroker()
        try startGovernor(changes)
        set(GovernorState.pauseKey, "false")
        eventuallyTrading()
    }

    /// It is ACTIVE, and has a book of now: without one it has no price to hold an intent against.
    func eventuallyTrading(at location: SourceLocation = #_sourceLocation) {
        let asked = Double(WallTime.now.nanoseconds) / 1e9
        eventually("the governor is ACTIVE and has a new book", at: location) {
            guard let page = self.metrics() else { return false }
            return page.value("risk_governor_state", ["state": "ACTIVE"]) == 1
                && page.value("risk_governor_last_tick_timestamp_seconds", [:]) ?? 0 > asked
        }
    }

    /// Its exit code, once it has ended.
    func ending(_ process: ChildProcess?, within limit: Duration = .seconds(5)) -> Int32? {
        eventually("the process ends", within: limit) { process?.status != nil }
        return process?.status
    }
}

// The operator, the feed and the strategy.
extension GovernorRig {
    func set(_ key: String, _ value: String) {
        var isDone = false
        commands.send(["SET", key, value]) { _ in isDone = true }
        eventually("SET \(key)") { isDone }
    }

    func ask(_ command: [String]) -> RedisReply? {
        var answer: RedisReply?
        commands.send(command) { result in
            if case .success(let reply) = result { answer = reply }
        }
        eventually(command.joined(separator: " ")) { answer != nil }
        return answer
    }

    func state() -> String? { ask(["HGET", GovernorState.key, "state"])?.string }

    private func publish(_ channel: String, _ bytes: [UInt8]) {
        guard commands.isReady else { return }
        commands.send([Array("PUBLISH".utf8), Array(channel.utf8), bytes])
    }

    private func publishBook() {
        guard commands.isReady, commands.pendingReplies < 20 else { return }
        tick += 1
        sequence += 1
        func level(_ units: Int64) -> Level { Level(price: Price(units: units), size: Quantity(shares: 500)) }
        let depth = Depth(
            sequence: sequence, symbol: "NVDA", tick: tick, sent: .now, due: .now, status: .trading,
            bids: [level(4_399_900)], asks: [level(4_400_000)])
        publish(Depth.channel("NVDA"), depth.json.bytes())
    }

    func publish(_ id: String, _ side: Side = .buy, _ quantity: Int64 = 10, limit: Int64 = 4_400_000) {
        tick += 1
        publish(
            Intent(
                id: id, tick: tick, symbol: "NVDA", side: side, quantity: Quantity(shares: quantity), type: .limit,
                limit: Price(units: limit), sent: .now, due: .now))
    }

    func publish(_ intent: Intent) { publish(Intent.channel, intent.json.bytes()) }

    func publishCancel(_ id: String, of target: String) {
        tick += 1
        publish(
            Intent(
                id: id, tick: tick, action: .cancel, target: target, symbol: "NVDA", side: .buy, quantity: .zero,
                type: .market, sent: .now, due: .now))
    }

    func outcomes(_ id: String) -> [Decision] { decisions.filter { $0.intent == id } }

    /// The reason of the first outcome, once there is one.
    func reason(_ id: String) -> Decision.Reason? {
        eventually("an outcome of \(id)") { !self.outcomes(id).isEmpty }
        return outcomes(id).first?.reason
    }

    /// What the broker read from the wire with this ClOrdID.
    func received(_ clOrdID: String) -> Int { executions.count { $0.kind == .received && $0.clOrdID == clOrdID } }
}

// What can be read from outside.
extension GovernorRig {
    func rows(_ sql: String) -> [[String?]] {
        let connection = store ?? PostgresConnection(url: postgres.url, on: reactor)
        if store == nil {
            store = connection
            connection.connect()
            eventually("PostgreSQL is reached") { connection.isReady }
        }
        var found: [[String?]]?
        connection.batch([PostgresStatement(sql)]) { result in
            // A table that isn't there yet has no rows.
            found = (try? result.get().first?.rows) ?? []
        }
        eventually("PostgreSQL answers") { found != nil }
        return found ?? []
    }

    /// `nil` when nothing answered.
    func get(_ path: String, accept: String = "*/*") -> HTTPResponse? {
        let fetcher = HTTPFetcher(to: Address(host: 0x7F00_0001, port: metricsPort), on: reactor)
        defer { fetcher.close() }
        var answer: Result<HTTPResponse, HTTPError>?
        fetcher.get(path, headers: [("Accept", accept)], within: .seconds(2)) { answer = $0 }
        eventually("an answer to GET \(path)") { answer != nil }
        return try? answer?.get()  // Refused while the process isn't up.
    }

    /// Looks again until the health check says this.
    func eventuallyHealth(_ status: Int, _ reason: String? = nil, at location: SourceLocation = #_sourceLocation) {
        var found: HTTPResponse?
        eventually("/healthz says \(status) \(reason ?? "")", at: location) {
            found = self.get("/healthz")
            guard found?.status == status else { return false }
            return reason.map { String(decoding: found?.body ?? [], as: UTF8.self).contains($0) } ?? true
        }
    }

    func metrics() -> Scrape? { get("/metrics").flatMap { try? Scrape($0.body) } }
}
