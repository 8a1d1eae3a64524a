import Glibc
import LiveStores
import ObserverCore
import Redis
import Sockets
import Telemetry
import Testing
import Units

/// A server, a reactor and a ready connection.
private final class Bench {
    let redis: LiveRedis
    let reactor: Reactor
    let connection: RedisConnection

    init(options: [String] = [], user: String? = nil, password: String? = nil) throws {
        redis = try LiveRedis(options: options)
        reactor = try Reactor()
        connection = RedisConnection(to: redis.address, user: user, password: password, on: reactor)
        connection.connect()
        eventually("the connection is ready", on: reactor) { connection.isReady }
    }

    func another() -> RedisConnection {
        let other = RedisConnection(to: .unix(redis.socketPath), on: reactor)
        other.connect()
        eventually("the second connection is ready", on: reactor) { other.isReady }
        return other
    }

    func answer(_ arguments: [String], on other: RedisConnection? = nil) -> Result<RedisReply, RedisError>? {
        var found: Result<RedisReply, RedisError>?
        (other ?? connection).send(arguments) { found = $0 }
        eventually("\(arguments[0]) is answered", on: reactor) { found != nil }
        return found
    }
}

@Suite(.serialized) struct RedisTests {
    @Test func `answers keep the order of the commands, and every kind of reply arrives as itself`() throws {
        let bench = try Bench()
        var found: [RedisReply] = []
        for command in [
            ["SET", "key", "a\u{0}b\r\n"], ["GET", "key"], ["GET", "absent"], ["INCR", "count"],
            ["HSET", "hash", "a", "1", "b", "2"], ["HGETALL", "hash"],
        ] {
            bench.connection.send(command) { if case .success(let reply) = $0 { found.append(reply) } }
        }
        #expect(bench.connection.pendingReplies == 6)
        #expect(bench.connection.oldestPending != nil)
        eventually("six answers", on: bench.reactor) { found.count == 6 }
        #expect(found[0] == .status("OK"))
        #expect(found[1] == .text(Array("a\u{0}b\r\n".utf8)))
        #expect(found[2] == .null)
        #expect(found[3] == .integer(1))
        #expect(found[5].pairs == ["a": "1", "b": "2"])
        #expect(bench.connection.pendingReplies == 0)
        #expect(bench.connection.oldestPending == nil)
    }

    @Test func `a refused command is an error that leaves the connection usable`() throws {
        let bench = try Bench()
        _ = bench.answer(["SET", "text", "x"])
        guard case .failure(let error) = bench.answer(["INCR", "text"]) else {
            Issue.record("INCR of a text was not refused")
            return
        }
        #expect(error.kind == .refused)
        #expect(error.operation == "INCR text")
        #expect(error.detail.hasPrefix("ERR"))
        #expect(bench.answer(["PING"]) == .success(.status("PONG")))
    }

    @Test func `an error inside EXEC stays inside its array`() throws {
        let bench = try Bench()
        _ = bench.answer(["SET", "text", "x"])
        _ = bench.answer(["MULTI"])
        _ = bench.answer(["INCR", "text"])
        _ = bench.answer(["SET", "other", "y"])
        guard case .success(.array(let items)) = bench.answer(["EXEC"]), items.count == 2 else {
            Issue.record("EXEC did not answer with two replies")
            return
        }
        guard case .error = items[0] else {
            Issue.record("expected an error first, found \(items[0])")
            return
        }
        #expect(items[1] == .status("OK"))
    }

    @Test func `published messages reach channels and patterns, and PING still answers on that connection`() throws {
        let bench = try Bench()
        let subscriber = bench.another()
        var pushed: [[RedisReply]] = []
        var confirmed = false
        subscriber.onPush = { pushed.append($0) }
        subscriber.subscribe(channels: ["a", "b"], patterns: ["x.*"]) { _ in confirmed = true }
        eventually("subscribed", on: bench.reactor) { confirmed }
        #expect(subscriber.pendingReplies == 0)
        _ = bench.answer(["PUBLISH", "a", "1"])
        _ = bench.answer(["PUBLISH", "x.y", "2"])
        eventually("two messages", on: bench.reactor) { pushed.count == 2 }
        #expect(pushed[0].compactMap(\.string) == ["message", "a", "1"])
        #expect(pushed[1].compactMap(\.string) == ["pmessage", "x.*", "x.y", "2"])
        #expect(bench.answer(["PING"], on: subscriber)?.isSuccess == true)
    }

    @Test func `MONITOR shows what a client and a script executed, with arguments as they were`() throws {
        let bench = try Bench()
        let monitor = bench.another()
        var lines: [MonitorLine] = []
        var isOn = false
        monitor.onPush = { lines += $0.compactMap(\.bytes).compactMap { MonitorLine(parsing: $0) } }
        monitor.monitor { _ in isOn = true }
        eventually("monitoring", on: bench.reactor) { isOn }
        let before = WallTime.now
        let odd: [UInt8] = Array(0...255)
        bench.connection.send([Array("SET".utf8), Array("k \"q\"".utf8), odd])
        _ = bench.answer(["EVAL", "return redis.call('SET', KEYS[1], 'true')", "1", "governor.pause"])
        eventually("three lines", on: bench.reactor) { lines.count >= 3 }
        #expect(lines[0].arguments == [Array("SET".utf8), Array("k \"q\"".utf8), odd])
        #expect(abs(lines[0].at.nanoseconds - before.nanoseconds) < 10_000_000_000)
        #expect(lines[1].text(0) == "EVAL")
        #expect(lines[2].client == "lua")
        #expect(lines[2].arguments.map { String(decoding: $0, as: UTF8.self) } == ["SET", "governor.pause", "true"])
    }

    @Test func `a stopped server costs no wait: what is pending stays visible, and close gives each its one error`()
        throws
    {
        let bench = try Bench()
        bench.redis.server.signal(SIGSTOP)
        var errors: [RedisError] = []
        var endings: [RedisError] = []
        bench.connection.onClose = { endings.append($0) }
        for _ in 0..<3 {
            bench.connection.send(["GET", "k"]) { if case .failure(let error) = $0 { errors.append(error) } }
        }
        let silent = bench.reactor.run(until: Instant.now + .milliseconds(50), or: { !errors.isEmpty })
        #expect(!silent)
        #expect(bench.connection.pendingReplies == 3)
        bench.connection.close()
        #expect(errors.map(\.kind) == [.closedHere, .closedHere, .closedHere])
        #expect(endings.map(\.kind) == [.closedHere])
        bench.connection.close()
        #expect(endings.count == 1)
    }

    @Test func `a killed server ends the connection once, fails what is pending, and refuses what follows`() throws {
        let bench = try Bench()
        var results: [RedisError] = []
        var endings: [RedisError] = []
        bench.connection.onClose = { endings.append($0) }
        bench.redis.server.signal(SIGSTOP)
        bench.connection.send(["GET", "k"]) { if case .failure(let error) = $0 { results.append(error) } }
        bench.redis.server.signal(SIGKILL)
        eventually("the end is noticed", on: bench.reactor) { !endings.isEmpty }
        #expect(endings.map(\.kind) == [.disconnected])
        #expect(results.map(\.kind) == [.disconnected])
        bench.connection.send(["GET", "k"]) { if case .failure(let error) = $0 { results.append(error) } }
        #expect(results.map(\.kind) == [.disconnected, .unreachable])
    }

    @Test func `with retryAfter a connection comes back by itself, and close ends that`() throws {
        let bench = try Bench()
        var readies = 0
        bench.connection.onReady = { readies += 1 }
        bench.connection.retryAfter = .milliseconds(20)
        bench.another().send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
        eventually("ready again", on: bench.reactor) { readies == 1 }
        bench.connection.close()
        let again = bench.reactor.run(until: Instant.now + .milliseconds(100), or: { readies > 1 })
        #expect(!again)
    }

    @Test func `a server that accepts and never answers is given up within the limit`() throws {
        let reactor = try Reactor()
        var accepted: [Connection] = []
        let listener = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { connection, _ in
            accepted.append(connection)
        }
        defer { listener.close() }
        let address = try #require(listener.address)
        let connection = RedisConnection(to: address, connectWithin: .milliseconds(100), on: reactor)
        var ending: RedisError?
        connection.onClose = { ending = $0 }
        connection.connect()
        eventually("given up", within: .seconds(2), on: reactor) { ending != nil }
        #expect(ending?.detail == "no answer within 100ms")
        #expect(connection.state == .closed)
        #expect(accepted.count == 1)
    }

    @Test func `a wrong password is an unreachable server, and the password is in no error`() throws {
        let redis = try LiveRedis(options: ["--requirepass", "right"])
        let reactor = try Reactor()
        let connection = RedisConnection(to: redis.address, password: "sesame", on: reactor)
        var ending: RedisError?
        connection.onClose = { ending = $0 }
        connection.connect()
        eventually("refused", on: reactor) { ending != nil }
        #expect(ending?.kind == .unreachable)
        #expect(ending?.detail.contains("WRONGPASS") == true)
        #expect(ending?.description.contains("sesame") == false)
        let right = RedisConnection(to: redis.address, user: "default", password: "right", on: reactor)
        right.connect()
        eventually("let in", on: reactor) { right.isReady }
    }

    @Test func `bytes that are not RESP end the connection as malformed`() throws {
        let reactor = try Reactor()
        var accepted: Connection?
        let listener = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { connection, _ in
            accepted = connection
            connection.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        }
        defer { listener.close() }
        let connection = RedisConnection(to: try #require(listener.address), on: reactor)
        var ending: RedisError?
        connection.onClose = { ending = $0 }
        connection.connect()
        eventually("ended", on: reactor) { ending != nil }
        #expect(ending?.kind == .malformed)
        accepted?.close()
    }

    @Test func `replies are freed: three hundred thousand texts do not grow the process`() throws {
        let bench = try Bench()
        _ = bench.answer(["RPUSH", "list"] + (0..<100).map { "element \($0) of some length" })
        func ask(_ count: Int) {
            var left = count
            for _ in 0..<count { bench.connection.send(["LRANGE", "list", "0", "-1"]) { _ in left -= 1 } }
            eventually("all answered", within: .seconds(60), on: bench.reactor) { left == 0 }
        }
        ask(1_000)
        let before = try #require(ProcessMemory.residentBytes())
        for _ in 0..<15 { ask(200) }
        let grown = try #require(ProcessMemory.residentBytes()) - before
        // 3,000 replies of 100 texts: more than 20 MB if none were freed.
        #expect(grown < 8 << 20, "the process grew by \(grown) bytes")
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
