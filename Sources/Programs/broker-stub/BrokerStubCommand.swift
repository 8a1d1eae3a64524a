import ArgumentParser
import BrokerStubCore
import BrokerStubService
import Books
import Glibc
import Redis
import Sockets
import Telemetry
import Units

@main
struct BrokerStubCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker-stub",
        abstract: "A FIX 4.4 broker with an order book, fills, fees, round-trip jitter and disconnect modes.",
        discussion: """
            Books come from Redis (market.depth.SYMBOL), the drop copy goes there (broker.executions). Stops on \
            SIGTERM, Logout first. Goes on from the files of --ledger when there are any. Exit codes: 0 stopped, 64 a \
            wrong option or ledger, 70 it could not start.
            """)

    @Option(help: "Where FIX is spoken, HOST:PORT.") var listen: Address
    @Option(help: "Redis that takes the drop copy, HOST:PORT or the path of a Unix socket.") var redis: Place
    @Option(help: "User of both Redis servers.") var redisUser: String?
    @Option(help: "File whose first line is the password of both Redis servers.") var redisPasswordFile: String?
    @Option(help: "Redis that carries depth (default: the one of --redis).") var depthRedis: Place?
    @Option(help: "Symbols, separated by commas.") var symbols: String
    @Option(help: "How orders are filled: walk or level-n.") var fillModel = FillModel.walk
    @Option(help: "Mean of the round trip, with its unit: 30ms.") var roundTripMean = WrittenDuration(value: .zero)
    @Option(help: "Variance of the round trip in ms².") var roundTripVarianceMs2 = 0.0
    @Option(help: "Seed of everything random.") var seed: UInt64 = 1
    @Option(help: "Where /metrics and /healthz are served, HOST:PORT (default: nowhere).") var metrics: Address?
    @Option(help: "File for the ledger, one JSON line a record (default: none).") var ledger: String?
    @Option(help: "Fee schedule file (default: US equities, October 2023).") var fees: String?
    @Flag(help: "Cancel working orders when their session ends.") var cancelOnDisconnect = false
    @Option(help: "What becomes of requests in flight at a disconnect: lost, acknowledgement-lost or fill-lost.")
    var inFlight = InFlight.acknowledgementLost
    @Option(help: "Percentage of new orders rejected on purpose.") var rejectPercent = 0.0
    @Option(help: "Intent ids (tag 526) of orders to reject on purpose, separated by commas.") var rejectIntents = ""

    func validate() throws {
        guard !symbolList.isEmpty else { throw ValidationError("--symbols: expected at least one, like NVDA,AAPL") }
        guard (0...100).contains(rejectPercent) else {
            throw ValidationError("--reject-percent: expected 0 to 100, found \(rejectPercent)")
        }
        guard roundTripVarianceMs2.isFinite, roundTripVarianceMs2 >= 0 else {
            throw ValidationError("--round-trip-variance-ms2: expected 0 or more, found \(roundTripVarianceMs2)")
        }
        guard roundTripMean.value >= .zero, roundTripMean.value <= .seconds(60) else {
            throw ValidationError("--round-trip-mean: expected 0s to 60s, found \(roundTripMean.value.written)")
        }
    }

    private var symbolList: [String] { symbols.split(separator: ",").map(String.init) }

    func run() throws {
        let settings = try serviceSettings()
        do {
            let reactor = try Reactor()
            let service = try BrokerService(settings, on: reactor)
            try reactor.onSignal { _ in service.stop() }
            try service.start()
            reactor.run()
        } catch let error as LedgerError {
            complain("\(error)")
            throw ExitCode(64)
        } catch {
            complain("\(error)")
            throw ExitCode(70)
        }
    }

    private func serviceSettings() throws -> BrokerServiceSettings {
        var broker = BrokerSettings(symbols: symbolList)
        broker.fillModel = fillModel
        broker.roundTrip = RoundTrip(
            mean: roundTripMean.value, varianceSquareMilliseconds: roundTripVarianceMs2)
        broker.seed = seed
        broker.inFlight = inFlight
        broker.cancelsOnDisconnect = cancelOnDisconnect
        broker.injectedRejects = InjectedRejects(
            perMillion: Int64((rejectPercent * 10_000).rounded()),
            references: Set(rejectIntents.split(separator: ",").map(String.init)))
        broker.incarnation = String(WallTime.now.nanoseconds / 1_000_000, radix: 36)
        broker.fees = try schedule()
        var settings = BrokerServiceSettings(broker: broker, listen: listen, redis: redis.endpoint)
        if let depthRedis { settings.depthRedis = depthRedis.endpoint }
        settings.redisUser = redisUser
        settings.redisPassword = try redisPasswordFile.map { path in
            let text = String(decoding: try contents(of: path), as: UTF8.self)
            return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        }
        settings.metrics = metrics
        settings.ledgerPath = ledger
        return settings
    }

    private func schedule() throws -> FeeSchedule {
        guard let fees else { return .usEquities2023 }
        do {
            return try FeeSchedule(parsing: try contents(of: fees), file: fees)
        } catch let error as FeeScheduleError {
            throw ValidationError("\(error)")
        }
    }
}
