import CLinux
import Glibc
import LiveStores
import Messages
import Netlink
import Postgres
import Sockets
import Units

/// A thousand order rows a second made durable through our driver, batched as the governor batches them.
struct OrderBenchmark {
    static let rate = 1_000
    static let delay = Duration.milliseconds(250)
    private static let queueNumber: UInt16 = 41_001

    let seconds: Int
    let report: FigureTable

    func run() throws {
        report.begin("\(OrderBenchmark.rate) durable orders a second, \(seconds) s each")
        for (directory, place) in [
            ("/dev/shm", "on memory, as in a drill"), ("/tmp", "on the disk of /tmp, with fsync")
        ] {
            guard access(directory, W_OK) == 0 else { continue }
            setenv("TMPDIR", directory, 1)
            try measureIsolated(place)
        }
    }

    /// In a namespace of its own where that is possible: only there the path can be slowed down.
    private func measureIsolated(_ place: String) throws {
        guard AnonymousNodes.isPossible else {
            try measure(place, delayed: false)
            return report.skip("durable orders \(place), with 250 ms", because: AnonymousNodes.requirement)
        }
        let namespace = Descriptor(try check(clinux_new_network_namespace(), "namespace", "create"))
        try inside(namespace) {
            try LinkControl().setUp("lo")
            try measure(place, delayed: true)
        }
    }

    private func measure(_ place: String, delayed: Bool) throws {
        let server = try LivePostgres(durable: true)
        defer { server.server.stop() }
        let flow = try OrderFlow(url: server.urlOverTCP)
        defer { flow.close() }
        try add("durable orders \(place)", flow.run(for: seconds, name: "near"))
        guard delayed else { return }
        let queue = try PacketQueue(OrderBenchmark.queueNumber, dose: .init(delay: OrderBenchmark.delay), seed: 1)
        defer { queue.stop() }
        let rules = Nftables(node: "bench")
        try slow(rules, port: server.address.port)
        defer { try? rules.remove() }  // the namespace goes anyway
        // The same connection goes on, as it does in a drill.
        try add("durable orders \(place), with 250 ms: the first \(seconds) s", flow.run(for: seconds, name: "far"))
        try add("durable orders \(place), with 250 ms: the next \(seconds) s", flow.run(for: seconds, name: "further"))
    }

    /// What goes to the server's port waits; what comes back doesn't.
    private func slow(_ rules: Nftables, port: UInt16) throws {
        func apply(_ expression: NftExpression) throws(NetlinkError) {
            try rules.apply([
                .table, .chain("queue", hook: .prerouting, priority: -310),
                .rule(
                    chain: "queue", owner: "bench",
                    [
                        .loadMeta(.transportProtocol), .equals([6]), .loadPayload(.transport, offset: 2, length: 2),
                        .equals([UInt8(port >> 8), UInt8(port & 255)]), .counter, expression
                    ])
            ])
        }
        do {
            try apply(.queue(OrderBenchmark.queueNumber))
        } catch {
            try apply(.queueTarget(OrderBenchmark.queueNumber))
        }
    }

    private func add(_ name: String, _ result: OrderFlow.Result) {
        report.add(
            name,
            "\(Int(result.rate)) a second; due to durable P50 \(shown(result.commits.median)), "
                + "P99 \(shown(result.commits.p99)), largest \(shown(result.commits.maximum)); "
                + "\(result.commits.count) of \(result.due) rows, \(result.batches) transactions",
            goal: "1,000 a second",
            met: result.commits.count == result.due && result.rate > 0.98 * Double(OrderBenchmark.rate))
    }
}

/// Open loop: a row is due each millisecond, whether or not the earlier ones are durable.
final class OrderFlow {
    struct Result {
        var commits = Samples()
        var due = 0
        var batches = 0
        /// Rows made durable, by the time from the first due to the last durable less the median wait.
        var rate = 0.0
    }

    // The governor's own numbers.
    private static let rowsMaximum = 100
    private static let gatherFor = Duration.milliseconds(2)
    private static let batchesInFlight = 4
    private static let patience = Duration.seconds(20)

    private let reactor: Reactor
    private let connection: PostgresConnection
    private var name = ""
    private var waiting: [(row: Int, due: Instant)] = []
    private var inFlight = 0
    private var failure: PostgresError?
    private var result = Result()
    private var last = Instant.now

    /// Connects and makes the tables.
    init(url: String) throws {
        reactor = try Reactor()
        connection = PostgresConnection(url: url, connectWithin: .seconds(5), on: reactor)
        var isReady = false
        connection.onReady = { isReady = true }
        connection.onClose = { [weak self] in self?.failure = $0 }
        connection.connect()
        try wait("a connection") { isReady }
        var isSetUp = false
        connection.batch(StoreSchema.statements.map { PostgresStatement($0) }) { [weak self] in
            if case .failure(let error) = $0 { self?.failure = error }
            isSetUp = true
        }
        try wait("the tables") { isSetUp }
    }

    func close() { connection.close() }

    /// `name` is part of the rows' keys: each run has its own.
    func run(for seconds: Int, name: String) throws -> Result {
        self.name = name
        result = Result()
        let total = seconds * OrderBenchmark.rate
        let start = Instant.now + .milliseconds(10)
        let clock = reactor.every(.milliseconds(1)) { [weak self] in self?.gather(from: start, total: total) }
        defer { clock.cancel() }
        try wait("the last row to be durable", within: .seconds(seconds) + OrderFlow.patience) {
            self.result.commits.count == total
        }
        result.due = total
        result.rate = Double(total) / (last - start - result.commits.median).seconds
        return result
    }

    private func wait(_ what: String, within limit: Duration = OrderFlow.patience, _ condition: () -> Bool) throws {
        let holds = reactor.run(until: .now + limit) { condition() || self.failure != nil }
        if let failure { throw failure }
        guard holds else {
            throw BenchmarkError("durable orders", expected: what, found: "nothing within \(limit.written)")
        }
    }

    private func gather(from start: Instant, total: Int) {
        let now = Instant.now
        while result.due < total, start + .milliseconds(Int64(result.due)) <= now {
            waiting.append((result.due, start + .milliseconds(Int64(result.due))))
            result.due += 1
        }
        guard let oldest = waiting.first, now - oldest.due >= OrderFlow.gatherFor else { return }
        flush()
    }

    private func flush() {
        while inFlight < OrderFlow.batchesInFlight, !waiting.isEmpty {
            let rows = Array(waiting.prefix(OrderFlow.rowsMaximum))
            waiting.removeFirst(rows.count)
            inFlight += 1
            result.batches += 1
            connection.batch(rows.map { statement($0.row) }) { [weak self] outcome in self?.committed(rows, outcome) }
        }
    }

    private func committed(_ rows: [(row: Int, due: Instant)], _ outcome: Swift.Result<[PostgresResult], PostgresError>)
    {
        inFlight -= 1
        if case .failure(let error) = outcome { failure = error }
        last = .now
        for row in rows { result.commits.add(last - row.due) }
        flush()
    }

    private func statement(_ row: Int) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.orders (cl_ord_id, orig_cl_ord_id, reference, symbol, side, quantity, price, tif,
                reducing, epoch, status, cumulative, leaves, decided_ns, updated_ns)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            ON CONFLICT (cl_ord_id) DO UPDATE SET orig_cl_ord_id = $2, quantity = $6, price = $7, status = $11,
                cumulative = $12, leaves = $13, updated_ns = $15
            """,
            [
                .text("\(name)-\(row)"), nil, .text("\(name)-\(row)"), "NVDA", "buy", 10, 4_400_000, "day", false, 7,
                "pending", 0, 10, .integer(WallTime.now.nanoseconds), .integer(WallTime.now.nanoseconds)
            ])
    }
}
