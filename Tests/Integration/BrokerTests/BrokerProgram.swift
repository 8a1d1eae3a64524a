import CLinux
import Glibc
import LiveStores
import Messages
import Processes
import Redis
import ScratchFolders
import Sockets
import Testing
import Units

/// The built `broker-stub` over a real Redis, with a ledger file, restarted at will; and a reader of its drop copy.
final class BrokerProgram {
    let redis: LiveRedis
    let reactor: Reactor
    let directory: String
    let address: Address
    private(set) var process: ChildProcess?
    private(set) var executions: [Execution] = []
    private let publisher: RedisConnection
    private let reader: RedisConnection
    private var sequence: Int64 = 0

    var ledger: String { "\(directory)/ledger.ndjson" }
    var log: String { String(decoding: ProcessTable.contents("\(directory)/log"), as: UTF8.self) }

    init(at given: Address? = nil) throws {
        redis = try LiveRedis()
        reactor = try Reactor()
        address = try given ?? Address(host: 0x7F00_0001, port: freePort())
        directory = try ScratchFolder.make("broker")
        publisher = RedisConnection(to: .unix(redis.socketPath), on: reactor)
        reader = RedisConnection(to: .unix(redis.socketPath), on: reactor)
        var isReading = false
        reader.onReady = { [weak self] in self?.reader.subscribe(channels: [Execution.channel]) { _ in isReading = true } }
        reader.onPush = { [weak self] items in
            // Anything that is no execution would be missing in the sequence, which the tests look at.
            guard let bytes = items.last?.bytes, let execution = try? Execution(parsing: bytes) else { return }
            self?.executions.append(execution)
        }
        reader.connect()
        publisher.connect()
        eventually("the reader is up") { isReading && self.publisher.isReady }
        reactor.every(.milliseconds(20)) { [weak self] in self?.publishBook() }
    }

    deinit {
        process?.signal(SIGKILL)
        _ = reactor.run(until: Instant.now + .seconds(5)) { process?.isRunning != true }
        ScratchFolder.remove(directory)
    }

    /// - Parameter namespace: a network namespace to run in; Redis is reached over a Unix socket from anywhere.
    func start(_ more: [String] = [], namespace: Int32? = nil) throws {
        let arguments = [
            "--listen", "\(address)", "--redis", redis.socketPath, "--symbols", "NVDA", "--ledger", ledger,
        ]
        process = try run(arguments + more, namespace: namespace)
    }

    func run(_ arguments: [String], namespace: Int32? = nil) throws -> ChildProcess {
        let output = open("\(directory)/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(output) }
        return try ChildProcess(
            "broker-stub",
            Command(
                "\(Programs.ownDirectory)/broker-stub", arguments, namespace: namespace, endsWithUs: true),
            output: output, on: reactor)
    }

    func kill() {
        process?.signal(SIGKILL)
        eventually("the broker is gone") { self.process?.isRunning == false }
    }

    /// Its exit code, once it has ended by itself.
    func ending(_ process: ChildProcess?) -> Int32? {
        eventually("the program ends") { process?.status != nil }
        return process?.status
    }

    private func publishBook() {
        guard publisher.isReady, publisher.pendingReplies < 20 else { return }
        sequence += 1
        // The size changes, so what was taken from the book is there again.
        let size = Quantity(shares: 100 + sequence % 2)
        let depth = Depth(
            sequence: sequence, symbol: "NVDA", tick: sequence, sent: .now, due: .now, status: .trading,
            bids: [Level(price: Price(units: 990_000), size: size)],
            asks: [Level(price: Price(units: 1_010_000), size: size)])
        publisher.send([Array("PUBLISH".utf8), Array(Depth.channel("NVDA").utf8), depth.json.bytes()])
    }

    func eventually(_ what: String, at location: SourceLocation = #_sourceLocation, _ condition: () -> Bool) {
        let holds = reactor.run(until: Instant.now + .seconds(15), or: condition)
        #expect(holds, "\(what); the broker's log:\n\(log)", sourceLocation: location)
    }

    /// Tries again until the broker listens and has logged the client on.
    func logOn(_ client: FIXClient, at location: SourceLocation = #_sourceLocation) {
        var next = Instant.now
        eventually("the client is logged on", at: location) {
            if !client.isLoggedOn, client.connection == nil, Instant.now >= next {
                next = Instant.now + .milliseconds(50)
                client.connect()
            }
            return client.isLoggedOn
        }
    }

    /// Records by sequence, as a reader keeps them that skips what isn't newer.
    var record: [Execution] {
        var last: Int64 = 0
        return executions.filter { execution in
            guard execution.sequence > last else { return false }
            last = execution.sequence
            return true
        }
    }
}
