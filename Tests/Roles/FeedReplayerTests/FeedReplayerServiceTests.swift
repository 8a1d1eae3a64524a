import Archive
import FeedReplayerCore
import FeedReplayerService
import Glibc
import History
import LiveStores
import Messages
import Redis
import Scenarios
import Sockets
import Testing
import Units

/// The replayer against a real Redis, with an observer's ingest that keeps what it is sent.
@Suite(.serialized) struct FeedReplayerServiceTests {
    private final class Ingest {
        private(set) var lines: [EvidenceLine] = []
        private var listener: Listener?
        private var connections: [Connection] = []
        private var splitter = LineSplitter()
        private var malformed = 0

        init(on reactor: Reactor) throws {
            listener = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { [unowned self] peer, _ in
                connections.append(peer)
                peer.onBytes = { [unowned self] bytes in keep(bytes) }
                do { try peer.start() } catch { malformed += 1 }
            }
        }

        var address: Address? { listener?.address }

        private func keep(_ bytes: ArraySlice<UInt8>) {
            do {
                for line in try splitter.lines(in: bytes) { lines.append(try EvidenceLine(parsing: line)) }
            } catch {
                malformed += 1
            }
        }

        var observations: [Observation] {
            lines.compactMap { if case .observation(_, let observation) = $0 { observation } else { nil } }
        }
    }

    /// `count` ticks 5 ms apart, an intent and a book in turn, the first one 100 ms after the start.
    private func plan(_ count: Int) -> Plan {
        let zero = WallTime(nanoseconds: 0)
        let level = [Level(price: Price(units: 100), size: Quantity(shares: 1))]
        let events = (1...count).map { number -> Plan.Event in
            let tick = Int64(number)
            let content: Plan.Content =
                number % 2 == 0
                ? .depth(
                    Depth(
                        sequence: tick / 2, symbol: "NVDA", tick: tick, sent: zero, due: zero, status: .trading,
                        bids: level, asks: []))
                : .intent(
                    Intent(
                        id: "i-\(tick)", tick: tick, symbol: "NVDA", side: .buy, quantity: Quantity(shares: 1),
                        type: .market, sent: zero, due: zero), admissible: true)
            return Plan.Event(due: .milliseconds(100 + 5 * number), content: content)
        }
        return Plan(scenario: "small", seed: 1, duration: .seconds(1), schedule: [], events: events)
    }

    private func feed(_ redis: LiveRedis, _ observer: Address?, _ count: Int, on reactor: Reactor) -> FeedReplayer {
        let connections = FeedConnections(
            redis: redis.address, redisUser: nil, redisPassword: nil, observer: observer)
        return FeedReplayer(connections, FeedSchedule(plan(count), start: .now), on: reactor)
    }

    private func field(_ observation: Observation?, _ name: String) -> Int64? { observation?[name]?.integer }

    @Test func `every tick reaches a subscriber once, in order, and the observer hears of each`() throws {
        let reactor = try Reactor()
        let redis = try LiveRedis()
        let ingest = try Ingest(on: reactor)
        let subscriber = RedisConnection(to: redis.address, on: reactor)
        var ticks: [Int64] = []
        var isSubscribed = false
        subscriber.onPush = { push in
            guard push.count == 4, let bytes = push[3].bytes else { return }
            // Both kinds of message carry the tick; what can't be read shows as a missing one.
            if let tick = (try? JSON(parsing: bytes))?["tick"]?.integer { ticks.append(tick) }
        }
        subscriber.onReady = { subscriber.subscribe(patterns: ["market.*", "strategy.*"]) { _ in isSubscribed = true } }
        subscriber.connect()
        #expect(reactor.run(until: .now + .seconds(5)) { isSubscribed })
        let replayer = feed(redis, ingest.address, 60, on: reactor)
        var ended: Bool?
        replayer.onEnd = { ended = $0 }
        replayer.start()
        #expect(reactor.run(until: .now + .seconds(10)) { ended != nil && ticks.count >= 60 })
        #expect(ended == true)
        #expect(ticks == Array(1...60))
        let seen = ingest.observations
        #expect(seen.filter { $0.type == "intent" }.count == 30 && seen.filter { $0.type == "depth" }.count == 30)
        #expect(seen.allSatisfy { $0.source == .feed })
        #expect(seen.filter { $0.type != "feed_done" }.allSatisfy { $0.at.nanoseconds >= field($0, "due_ns") ?? .max })
        let done = seen.last { $0.type == "feed_done" }
        #expect(field(done, "intents") == 30 && field(done, "depths") == 30 && field(done, "lost") == 0)
        #expect(field(done, "lateness_max_ns") ?? -1 >= field(done, "lateness_p99_ns") ?? 0)
    }

    @Test func `a Redis that stands still delays nothing`() throws {
        let reactor = try Reactor()
        let redis = try LiveRedis()
        let ingest = try Ingest(on: reactor)
        let replayer = feed(redis, ingest.address, 100, on: reactor)
        var ended: Bool?
        replayer.onEnd = { ended = $0 }
        replayer.start()
        #expect(reactor.run(until: .now + .seconds(5)) { ingest.observations.count >= 10 })
        redis.server.signal(SIGSTOP)
        defer { redis.server.signal(SIGCONT) }
        #expect(reactor.run(until: .now + .seconds(10)) { ended != nil })
        let done = ingest.observations.last { $0.type == "feed_done" }
        #expect(field(done, "intents") == 50 && field(done, "depths") == 50)
        #expect(field(done, "lateness_p99_ns") ?? .max < 500_000_000)
        #expect(field(done, "unconfirmed") ?? 0 > 0 && ended == false)
    }

    @Test func `asked to end, it ends in order before its plan does, and says so`() throws {
        let reactor = try Reactor()
        let redis = try LiveRedis()
        let ingest = try Ingest(on: reactor)
        let replayer = feed(redis, ingest.address, 100_000, on: reactor)
        var ended: Bool?
        replayer.onEnd = { ended = $0 }
        replayer.start()
        #expect(reactor.run(until: .now + .seconds(5)) { ingest.observations.count >= 10 })
        replayer.end()
        #expect(reactor.run(until: .now + .seconds(5)) { ended != nil && ingest.observations.last?.type == "feed_done" })
        #expect(ended == true)
        #expect(ingest.observations.last?["complete"] == .bool(false))
    }

    @Test func `what was due while Redis was away is lost, counted, and makes the end incomplete`() throws {
        let reactor = try Reactor()
        let redis = try LiveRedis()
        let ingest = try Ingest(on: reactor)
        let replayer = feed(redis, ingest.address, 100, on: reactor)
        var ended: Bool?
        replayer.onEnd = { ended = $0 }
        replayer.start()
        #expect(reactor.run(until: .now + .seconds(5)) { ingest.observations.count >= 10 })
        redis.server.stop()
        #expect(reactor.run(until: .now + .seconds(10)) { ended != nil })
        #expect(ended == false)
        let done = ingest.observations.last { $0.type == "feed_done" }
        #expect(field(done, "lost") ?? 0 > 0)
        #expect(replayer.problem != nil)
    }
}
