// The operator's hands on Redis and PostgreSQL, over the control network.

import History
import Messages
import Postgres
import Redis
import Sockets
import Units

package final class StoreDesk {
    private let redis: RedisConnection
    private let postgres: PostgresConnection
    private let reactor: Reactor

    /// Clears the latch only when the epoch is still the one that the operator has read.
    private static let clearLatch = """
        if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
          redis.call('SET', KEYS[2], 'false')
          return 1
        end
        return 0
        """

    package init(redis address: Address, password: String, postgres url: String, on reactor: Reactor) {
        self.reactor = reactor
        redis = RedisConnection(to: address, user: "gauntlet", password: password, on: reactor)
        postgres = PostgresConnection(url: url, connectWithin: RigPatience.answer, on: reactor)
    }

    /// A server that is just starting refuses at first: the next attempt follows 25 ms later.
    package func connectRedis() throws(ConductorError) {
        redis.retryAfter = .milliseconds(25)
        redis.connect()
        try reactor.wait(for: "redis", within: RigPatience.start) { redis.isReady }
    }

    package func connectPostgres() throws(ConductorError) {
        postgres.retryAfter = .milliseconds(25)
        postgres.connect()
        try reactor.wait(for: "postgres", within: RigPatience.start) { postgres.isReady }
    }

    /// An empty Redis, fresh tables, the governor paused: the state in which every run starts.
    package func reset() throws(ConductorError) {
        for command in [
            ["FLUSHALL"], ["SET", GovernorState.pauseKey, "true"], ["SET", GovernorState.criticalPauseKey, "false"],
        ] {
            _ = try run(command)
        }
        let statements = ["DROP SCHEMA IF EXISTS gauntlet CASCADE"] + StoreSchema.statements
        let _: [PostgresResult] = try reactor.answer(of: "postgres: schema gauntlet", within: RigPatience.answer) { done in
            postgres.batch(statements.map { PostgresStatement($0) }) { result in
                done(result.mapError { ConductorError("postgres", "\($0)") })
            }
        }
    }

    package func set(_ key: String, _ value: String, _ done: @escaping (Bool) -> Void) {
        redis.send(["SET", key, value]) { done((try? $0.get()) != nil) }  // The reply is the word; a failure is `false`.
    }

    /// `true` when the latch was cleared, `false` when the epoch had moved on.
    package func clearLatch(epoch: Int64, _ done: @escaping (Bool) -> Void) {
        let arguments = [
            "EVAL", StoreDesk.clearLatch, "2", GovernorState.key, GovernorState.criticalPauseKey, "\(epoch)",
        ]
        redis.send(arguments) { reply in
            if case .success(.integer(1)) = reply { done(true) } else { done(false) }
        }
    }

    package func run(_ command: [String]) throws(ConductorError) -> RedisReply {
        try reactor.answer(of: "redis: \(command[0])", within: RigPatience.answer) { done in
            redis.send(command) { done($0.mapError { ConductorError("redis", "\($0)") }) }
        }
    }

    /// One table of the contract, each row as text values by column name, in the order of its key.
    package func rows(of table: String) throws(ConductorError) -> JSON {
        let result: PostgresResult = try reactor.answer(of: "postgres: gauntlet.\(table)", within: RigPatience.answer) {
            done in
            postgres.query("SELECT * FROM gauntlet.\(table) ORDER BY 1", []) { reply in
                done(reply.mapError { ConductorError("postgres", "\($0)") })
            }
        }
        return .array(
            result.rows.map { row in
                .object(zip(result.columns, row).map { JSON.Member($0, .optional($1)) })
            })
    }

    /// A row's cells by their kinds: PostgreSQL writes numbers and truth as text. What is neither stays text.
    static func typed(_ row: JSON, _ columns: [SampleColumn]) -> [JSON.Member] {
        columns.map { column in
            let text = row[column.field]?.string
            let value: JSON =
                switch (column.kind, text) {
                case (.integer, let text?): Int64(text).map { .integer($0) } ?? .string(text)
                case (.truth, "t"?): true
                case (.truth, "f"?): false
                default: .optional(text)
                }
            return JSON.Member(column.field, value)
        }
    }

    /// The flags, the state and the positions, as Redis holds them now.
    package func keys() throws(ConductorError) -> [JSON.Member] {
        func text(_ key: String) throws(ConductorError) -> JSON { .optional(try run(["GET", key]).string) }
        func hash(_ key: String) throws(ConductorError) -> JSON {
            guard case .array(let values) = try run(["HGETALL", key]) else { return .null }
            let texts = values.map { $0.string ?? "" }
            return .object(
                stride(from: 0, to: texts.count - 1, by: 2).map { JSON.Member(texts[$0], .string(texts[$0 + 1])) })
        }
        return [
            .init("pause", try text(GovernorState.pauseKey)),
            .init("critical_pause", try text(GovernorState.criticalPauseKey)),
            .init("state", try hash(GovernorState.key)), .init("positions", try hash(GovernorState.positionsKey)),
        ]
    }

    /// One atomic read of the hash. `nil`: no answer, or no hash.
    package func readRedisPositions(_ done: @escaping (PositionRows?) -> Void) {
        redis.send(["HGETALL", GovernorState.positionsKey]) { reply in
            guard case .success(let value) = reply, let pairs = value.pairs else { return done(nil) }
            let words = pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            done(PositionRows(positions: words.joined(separator: " "), versions: ""))
        }
    }

    /// One statement, so one snapshot. `nil`: no answer.
    package func readPostgresPositions(_ done: @escaping (PositionRows?) -> Void) {
        postgres.query("SELECT symbol, quantity, version FROM gauntlet.positions ORDER BY symbol", []) { reply in
            guard case .success(let result) = reply else { return done(nil) }
            func column(_ place: Int) -> String {
                result.rows.map { "\($0[0] ?? "")=\($0[place] ?? "")" }.joined(separator: " ")
            }
            done(PositionRows(positions: column(1), versions: column(2)))
        }
    }

    package func close() {
        redis.close()
        postgres.close()
    }
}
