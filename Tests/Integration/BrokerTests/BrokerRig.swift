import BrokerStubCore
import BrokerStubService
import FIX
import LiveStores
import Messages
import Redis
import Sockets
import Telemetry
import Testing
import Units

/// A real Redis, the broker on a port of the kernel's choice, a client, and a reader of the drop copy.
final class BrokerRig {
    let redis: LiveRedis
    let reactor: Reactor
    let service: BrokerService
    let client: FIXClient
    let publisher: RedisConnection
    private(set) var executions: [Execution] = []
    private let reader: RedisConnection
    private var sequence: Int64 = 0

    init(ledger: String? = nil, _ change: (inout BrokerSettings) -> Void = { _ in }) throws {
        redis = try LiveRedis()
        reactor = try Reactor()
        var broker = BrokerSettings(symbols: ["NVDA"])
        change(&broker)
        var settings = BrokerServiceSettings(
            broker: broker, listen: Address(host: 0x7F00_0001, port: 0), redis: .unix(redis.socketPath))
        settings.ledgerPath = ledger
        service = try BrokerService(settings, log: Log(minimum: .error), on: reactor)
        publisher = RedisConnection(to: .unix(redis.socketPath), on: reactor)
        reader = RedisConnection(to: .unix(redis.socketPath), on: reactor)
        try service.start()
        let address = try #require(service.address)
        client = FIXClient(to: address, on: reactor)
        var isReading = false
        reader.onReady = { [unowned self] in reader.subscribe(channels: [Execution.channel]) { _ in isReading = true } }
        reader.onPush = { [unowned self] items in
            // Anything that is no execution would be missing in the sequence, which the tests look at.
            guard let bytes = items.last?.bytes, let execution = try? Execution(parsing: bytes) else { return }
            executions.append(execution)
        }
        reader.connect()
        publisher.connect()
        eventually("the rig is up") { self.service.isReady && isReading && self.publisher.isReady }
        book(asks: [("101", 100)])
        eventually("the book is there") { self.service.broker.engine.books["NVDA"]?.sequence == self.sequence }
    }

    func book(asks: [(String, Int64)]) {
        sequence += 1
        func level(_ price: String, _ size: Int64) -> Level {
            Level(price: Price(decimal: price) ?? Price(units: 0), size: Quantity(shares: size))
        }
        let depth = Depth(
            sequence: sequence, symbol: "NVDA", tick: sequence, sent: .now, due: .now, status: .trading,
            bids: [level("99", 100)], asks: asks.map(level))
        publisher.send([Array("PUBLISH".utf8), Array(Depth.channel("NVDA").utf8), depth.json.bytes()])
    }

    func logOn() {
        client.connect()
        eventually("the client is logged on") { self.client.isLoggedOn }
    }

    func eventually(
        _ what: Comment, at location: SourceLocation = #_sourceLocation, _ condition: () -> Bool
    ) {
        let holds = reactor.run(until: Instant.now + .seconds(10), or: condition)
        #expect(holds, what, sourceLocation: location)
    }
}
