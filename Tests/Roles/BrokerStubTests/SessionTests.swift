import Books
import FIX
import Messages
import Testing
import Units

@testable import BrokerStubCore

/// A broker and a client session joined by value: bytes are carried by hand, time is a number.
struct Line {
    var broker: Broker
    var client: Session
    var connection = 0
    var now = Instant(nanoseconds: 1_000_000_000)
    var delivered: [Message] = []
    var records: [Execution] = []
    /// What a restart would find.
    var ledger: [(Execution, Message?)] = []
    var memory = SessionMemory()
    var closed: [(connection: Int, reason: String)] = []
    /// Bytes to the client vanish: a dead path.
    var isDeaf = false

    init(_ change: (inout BrokerSettings) -> Void = { _ in }) {
        var settings = BrokerSettings(symbols: ["NVDA"])
        change(&settings)
        broker = Broker(settings)
        var initiator = Session.Settings(role: .initiator, senderCompID: "GOVERNOR", targetCompID: "BROKER")
        initiator.resetOnFirstLogon = true
        client = Session(settings: initiator)
        follow(broker.update(depth(1), at: now, wall: wall))
    }

    mutating func connect() {
        connection += 1
        follow(broker.accepted(connection, at: now))
        carry(client.connected(at: now, wall: wall))
    }

    mutating func send(_ message: Message) { carry(client.send(message, at: now, wall: wall)) }

    mutating func cut() {
        carry(client.disconnected(at: now))
        follow(broker.closed(connection, because: "reset", at: now, wall: wall))
    }

    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let next = broker.nextDeadline, next <= end {
            now = max(now, next)
            follow(broker.tick(at: now, wall: wall))
        }
        now = end
    }

    mutating func update(_ depth: Depth) { follow(broker.update(depth, at: now, wall: wall)) }

    mutating func follow(_ directives: [Broker.Directive]) {
        for directive in directives {
            switch directive {
            case .transmit(_, let bytes):
                if !isDeaf { carry(client.received(bytes[...], at: now, wall: wall)) }
            case .record(let execution, report: let report):
                records.append(execution)
                ledger.append((execution, report))
            case .numbers(let numbers): memory.numbers = numbers
            case .sent(let record, seq: let seq): memory.note(sent: record, seq: seq)
            case .forgetSent: memory.forget()
            case .close(let connection, because: let reason): closed.append((connection, reason))
            }
        }
    }

    private mutating func carry(_ directives: [Session.Directive]) {
        for directive in directives {
            switch directive {
            case .transmit(let bytes, seq: _, msgType: _):
                follow(broker.received(bytes[...], on: connection, at: now, wall: wall))
            case .deliver(let message): delivered.append(message)
            default: break
            }
        }
    }

    var story: [String] { delivered.map { "\($0[.execType] ?? $0.msgType)/\($0[.ordStatus] ?? "")" } }
}

@Suite struct SessionTests {
    @Test func `an order over a session comes back as reports, and the drop copy has it received first`() {
        var line = Line()
        line.connect()
        line.send(newOrder("a", .buy, 40))
        #expect(line.story == ["0/0", "F/2"])
        #expect(line.records.map(\.kind) == [.loggedOn, .received, .new, .trade])
    }

    @Test func `reports that a dead path swallowed are replayed as possible duplicates after the reconnect`() {
        var line = Line()
        line.connect()
        line.isDeaf = true
        line.send(newOrder("a", .buy, 40))
        line.cut()
        line.isDeaf = false
        line.connect()
        #expect(line.story == ["0/0", "F/2"])
        #expect(line.delivered.allSatisfy { $0.header.possDup })
    }

    @Test func `a report that was sent and is not in the ledger is known to be lost`() throws {
        var line = Line()
        line.connect()
        line.send(newOrder("a", .buy, 40))
        func memory(without kind: Execution.Kind?) throws -> BrokerMemory {
            var memory = BrokerMemory(BrokerSettings(symbols: ["NVDA"]), session: line.memory)
            for (execution, report) in line.ledger {
                try memory.take(execution, report: execution.kind == kind ? nil : report, at: "ledger")
            }
            return memory
        }
        let seq = try #require(line.memory.records.keys.max())
        #expect(try memory(without: .trade).lostThrough == seq)
        #expect(try memory(without: nil).lostThrough == 0)
    }

    @Test func `a second logon while the session is live is closed unanswered, and the first goes on`() {
        var line = Line()
        line.connect()
        var intruder = Session(
            settings: Session.Settings(role: .initiator, senderCompID: "GOVERNOR", targetCompID: "BROKER"))
        line.follow(line.broker.accepted(99, at: line.now))
        for case .transmit(let bytes, seq: _, msgType: _) in intruder.connected(at: line.now, wall: wall) {
            line.follow(line.broker.received(bytes[...], on: 99, at: line.now, wall: wall))
        }
        #expect(line.closed.map(\.connection) == [99])
        #expect(line.broker.counts.connectionsRefused == 1)
        line.send(newOrder("a", .buy, 40))
        #expect(line.story == ["0/0", "F/2"])
    }

    @Test func `a connection that says nothing disturbs nobody and is closed in time`() {
        var line = Line()
        line.follow(line.broker.accepted(50, at: line.now))
        line.connect()
        #expect(line.broker.session.isLoggedOn)
        line.follow(line.broker.tick(at: line.now + BrokerLimits.logonTimeout, wall: wall))
        #expect(line.closed.contains { $0.connection == 50 })
    }

    @Test func `bytes that are no Logon do not take the session's place`() {
        var line = Line()
        line.follow(line.broker.accepted(50, at: line.now))
        line.follow(line.broker.received(Array("GET / HTTP/1.1\r\n\r\n".utf8)[...], on: 50, at: line.now, wall: wall))
        line.connect()
        #expect(line.broker.session.isLoggedOn)
    }

    @Test(arguments: [
        (InFlight.lost, [] as [String]), (.acknowledgementLost, ["0/0"]), (.fillLost, ["0/0", "F/2"]),
    ])
    func `what was in flight at the cut ends as the mode says`(_ mode: InFlight, _ story: [String]) {
        var line = Line {
            $0.inFlight = mode
            $0.roundTrip = RoundTrip(mean: .nanoseconds(30_000_000), varianceSquareMilliseconds: 8)
        }
        line.connect()
        line.send(newOrder("a", .buy, 40))
        line.pass(.nanoseconds(1_000_000))
        #expect(line.delivered.isEmpty)
        line.cut()
        line.pass(.nanoseconds(100_000_000))
        line.connect()
        #expect(line.story == story)
        line.update(depth(2))
        line.pass(.nanoseconds(100_000_000))
        let filled = line.broker.engine.ledger.position("NVDA")
        #expect(filled == (mode == .lost ? .zero : shares(40)))
    }

    @Test func `reports still on their way at the cut are kept and told after the reconnect`() {
        var line = Line { $0.roundTrip = RoundTrip(mean: .nanoseconds(30_000_000), varianceSquareMilliseconds: 0) }
        line.connect()
        line.send(newOrder("a", .buy, 40))
        line.pass(.nanoseconds(20_000_000))
        #expect(line.broker.engine.ledger.position("NVDA") == shares(40))
        #expect(line.delivered.isEmpty)
        line.cut()
        line.connect()
        #expect(line.story == ["0/0", "F/2"])
    }

    @Test(arguments: [true, false])
    func `working orders die with the session only when asked for`(_ cancels: Bool) {
        var line = Line { $0.cancelsOnDisconnect = cancels }
        line.connect()
        line.send(newOrder("a", .buy, 40, limit: "100"))
        line.cut()
        #expect(line.broker.engine.workingOrders.isEmpty == cancels)
        line.connect()
        #expect(line.story == (cancels ? ["0/0", "4/4"] : ["0/0"]))
    }

    @Test func `the same ClOrdID after a reconnect is still a duplicate`() {
        var line = Line()
        line.connect()
        line.send(newOrder("a", .buy, 10))
        line.cut()
        line.connect()
        line.send(newOrder("a", .buy, 10))
        #expect(line.delivered.last?[.ordRejReason] == "6")
    }

    @Test func `fills while the session is down are told when it is back`() {
        var line = Line()
        line.connect()
        line.send(newOrder("a", .buy, 40, limit: "100"))
        line.cut()
        line.update(depth(2, asks: [level("99.5", 100)]))
        line.connect()
        #expect(line.story == ["0/0", "F/2"])
    }

    @Test func `a shutdown logs out in order`() {
        var line = Line()
        line.connect()
        line.follow(line.broker.shutDown(at: line.now, wall: wall))
        #expect(line.records.contains { $0.kind == .loggedOut })
    }

    @Test func `the same requests and seed give the same bytes`() {
        func run() -> [Message] {
            var line = Line { $0.roundTrip = RoundTrip(mean: .nanoseconds(30_000_000), varianceSquareMilliseconds: 8) }
            line.connect()
            for number in 0..<50 {
                line.send(newOrder("o\(number)", number % 2 == 0 ? .buy : .sell, 5))
                line.pass(.nanoseconds(3_000_000))
            }
            line.pass(.nanoseconds(200_000_000))
            return line.delivered
        }
        #expect(run() == run())
        #expect(run().count == 100)
    }
}
