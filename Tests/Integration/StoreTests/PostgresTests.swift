import Glibc
import LiveStores
import Postgres
import Sockets
import Testing
import Units

private final class Bench {
    /// One cluster for all of these tests: initdb takes seconds. Unsafe, and safe: the suite is serialized.
    nonisolated(unsafe) private static let shared = Result { try LivePostgres() }

    let postgres: LivePostgres
    let reactor: Reactor
    let connection: PostgresConnection

    init(answerWithin: Duration? = nil) throws {
        postgres = try Bench.shared.get()
        reactor = try Reactor()
        connection = PostgresConnection(
            url: postgres.urlOverTCP, connectWithin: .seconds(5), answerWithin: answerWithin, on: reactor)
        connection.connect()
        eventually("the connection is ready", on: reactor) { connection.isReady }
        _ = run([PostgresStatement("DROP TABLE IF EXISTS t")])
    }

    func run(_ statements: [PostgresStatement]) -> Result<[PostgresResult], PostgresError>? {
        var found: Result<[PostgresResult], PostgresError>?
        connection.batch(statements) { found = $0 }
        eventually("the batch is answered", on: reactor) { found != nil }
        return found
    }

    func count(_ table: String) -> String? {
        guard case .success(let results) = run([PostgresStatement("SELECT count(*) FROM \(table)")]) else { return nil }
        return results.first?.rows.first?.first ?? nil
    }
}

@Suite(.serialized) struct PostgresTests {
    @Test func `a batch is one transaction: a refused statement undoes the ones before it and skips the rest`() throws {
        let bench = try Bench()
        _ = bench.run([PostgresStatement("CREATE TABLE t (id bigint PRIMARY KEY, note text)")])
        let insert = "INSERT INTO t VALUES ($1, $2)"
        let result = bench.run([
            PostgresStatement(insert, [1, "first"]), PostgresStatement(insert, [1, "again"]),
            PostgresStatement(insert, [2, nil]),
        ])
        guard case .failure(let error) = result else {
            Issue.record("the duplicate was not refused")
            return
        }
        #expect(error.kind == .refused)
        #expect(error.sqlState == "23505")
        #expect(bench.count("t") == "0")
        guard
            case .success(let results) = bench.run([
                PostgresStatement(insert, [1, "first"]), PostgresStatement(insert, [2, nil]),
                PostgresStatement("SELECT id, note FROM t ORDER BY id"),
            ])
        else {
            Issue.record("a good batch after a refused one failed")
            return
        }
        #expect(results.map(\.affected) == [1, 1, 2])
        #expect(results[2].columns == ["id", "note"])
        #expect(results[2].rows == [["1", "first"], ["2", nil]])
    }

    @Test func `several batches are in flight at once, answered in order, a refused one alone`() throws {
        let bench = try Bench()
        _ = bench.run([PostgresStatement("CREATE TABLE t (id bigint PRIMARY KEY)")])
        var outcomes: [Bool] = []
        for id in [1, 2, 2, 3] as [Int64] {
            bench.connection.batch([PostgresStatement("INSERT INTO t VALUES ($1)", [.integer(id)])]) { result in
                if case .success = result { outcomes.append(true) } else { outcomes.append(false) }
            }
        }
        #expect(bench.connection.pendingBatches == 4)
        eventually("four answers", on: bench.reactor) { outcomes.count == 4 }
        #expect(outcomes == [true, true, false, true])
        #expect(bench.count("t") == "3")
        #expect(bench.connection.oldestPending == nil)
    }

    @Test func `batches larger than any socket buffer go out and come back`() throws {
        let bench = try Bench()
        _ = bench.run([PostgresStatement("CREATE TABLE t (id bigint, note text)")])
        let note = PostgresValue.text(String(repeating: "x", count: 10_000))
        let statements = (0..<1_000).map { PostgresStatement("INSERT INTO t VALUES ($1, $2)", [.integer($0), note]) }
        var done = 0
        for _ in 0..<3 { bench.connection.batch(statements) { if case .success = $0 { done += 1 } } }
        eventually("three batches of 10 MB", within: .seconds(60), on: bench.reactor) { done == 3 }
        #expect(bench.count("t") == "3000")
        guard case .success(let results) = bench.run([PostgresStatement("SELECT note FROM t")]) else {
            Issue.record("the rows did not come back")
            return
        }
        #expect(results[0].rows.count == 3_000)
    }

    @Test func `a stopped server is given up at the deadline of the oldest batch`() throws {
        let bench = try Bench(answerWithin: .milliseconds(300))
        var failures: [PostgresError.Kind] = []
        var endings: [PostgresError.Kind] = []
        bench.connection.onClose = { endings.append($0.kind) }
        var backend: Int32 = 0
        bench.connection.query("SELECT pg_backend_pid()") { result in
            if case .success(let found) = result { backend = Int32((found.rows[0][0] ?? "")) ?? 0 }
        }
        eventually("the backend is known", on: bench.reactor) { backend > 0 }
        kill(backend, SIGSTOP)
        defer { kill(backend, SIGCONT) }
        let sent = Instant.now
        for _ in 0..<2 {
            bench.connection.query("SELECT 1") { if case .failure(let error) = $0 { failures.append(error.kind) } }
        }
        eventually("given up", on: bench.reactor) { !endings.isEmpty }
        #expect(Instant.now - sent >= .milliseconds(300))
        #expect(failures == [.timedOut, .timedOut])
        #expect(endings == [.timedOut])
    }

    @Test func `a killed backend ends the connection once; with retryAfter it comes back`() throws {
        let bench = try Bench()
        var endings: [PostgresError.Kind] = []
        var readies = 0
        bench.connection.retryAfter = .milliseconds(20)
        bench.connection.onClose = { endings.append($0.kind) }
        bench.connection.onReady = { readies += 1 }
        var failed = 0
        bench.connection.query("SELECT pg_terminate_backend(pg_backend_pid())") {
            if case .failure = $0 { failed += 1 }
        }
        eventually("back", on: bench.reactor) { readies == 1 }
        #expect(endings == [.disconnected])
        #expect(failed == 1)
        #expect(
            bench.run([PostgresStatement("SELECT 1")]).map { if case .success = $0 { true } else { false } } == true)
    }

    @Test func `an array comes back element by element, whatever stands in it`() throws {
        let bench = try Bench()
        let texts = ["plain", "", "NULL", "a,b", "{}", "say \"so\"", "back\\slash", " é\n"]
        let numbers: [Int64?] = [1, -1, nil, .max, .min, 0, 7, 8]
        let result = bench.run([
            PostgresStatement(
                "SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[])",
                [
                    .array(texts.map { .text($0) }), .array(numbers.map { $0.map { .integer($0) } }),
                    .array(texts.map { .boolean($0.isEmpty) }),
                ])
        ])
        let rows = try #require(try result?.get().first?.rows)
        #expect(rows.map { $0[0] } == texts)
        #expect(rows.map { $0[1] } == numbers.map { $0.map { String($0) } })
        #expect(rows.map { $0[2] } == texts.map { $0.isEmpty ? "t" : "f" })
    }

    @Test func `nobody listening, a silent server and a wrong database are told apart, in time and without a password`()
        throws
    {
        let bench = try Bench()
        let reactor = bench.reactor
        var accepted: [Connection] = []
        let silent = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { connection, _ in
            accepted.append(connection)
        }
        let silentPort = try #require(silent.address).port
        defer { silent.close() }
        let closed = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { _, _ in }
        let closedPort = try #require(closed.address).port
        closed.close()
        func ending(_ url: String) -> PostgresError? {
            let connection = PostgresConnection(url: url, connectWithin: .milliseconds(500), on: reactor)
            var found: PostgresError?
            connection.onClose = { found = $0 }
            connection.connect()
            eventually("\(url) ends", within: .seconds(3), on: reactor) { found != nil }
            return found
        }
        let refused = ending("postgresql://u:sesame@127.0.0.1:\(closedPort)/d")
        #expect(refused?.detail.contains("refused") == true)
        #expect(refused?.description.contains("sesame") == false)
        #expect(ending("postgresql://u@127.0.0.1:\(silentPort)/d")?.detail == "no answer within 500ms")
        #expect(ending(bench.postgres.url + " dbname=absent")?.detail.contains("does not exist") == true)
        #expect(ending("postgresql://[nonsense")?.kind == .unreachable)
    }
}
