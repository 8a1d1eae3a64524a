import BrokerStubCore
import FIX
import Glibc
import Messages
import Redis
import Sockets
import Testing
import Units

@Suite(.serialized) struct BrokerTests {
    @Test func `an order over a real socket is filled, and the drop copy tells it in order`() throws {
        let rig = try BrokerRig()
        rig.logOn()
        rig.client.send(order("a", .buy, 40))
        rig.eventually("the fill arrives") { rig.client.story == ["0/0", "F/2"] }
        rig.eventually("the drop copy has it") { rig.executions.last?.kind == .trade }
        #expect(rig.executions.map(\.kind) == [.loggedOn, .received, .new, .trade])
        #expect(rig.executions.map(\.sequence) == [1, 2, 3, 4])
        #expect(rig.executions.last?.position == Quantity(shares: 40))
    }

    @Test func `after a reset the port still listens, numbers are kept, and what was missed is replayed`() throws {
        let rig = try BrokerRig()
        rig.logOn()
        rig.client.send(order("rests", .buy, 60, limit: "100"))
        rig.eventually("the order rests") { rig.client.story == ["0/0"] }
        rig.client.cut()
        rig.eventually("the broker knows") { rig.executions.contains { $0.kind == .disconnected } }
        rig.book(asks: [("99.5", 25)])
        rig.eventually("filled while nobody listened") { rig.executions.last?.kind == .trade }
        let before = rig.client.session.numbers
        rig.logOn()
        rig.eventually("the fill is replayed") { rig.client.story == ["0/0", "F/1"] }
        #expect(rig.client.delivered.last?.header.possDup == true)
        #expect(rig.client.session.numbers.nextIncoming > before.nextIncoming)
        #expect(rig.client.session.numbers.nextOutgoing > before.nextOutgoing)
    }

    @Test func `ten cuts in a row lose no report and repeat no fill`() throws {
        let jitter = RoundTrip(mean: .nanoseconds(8_000_000), varianceSquareMilliseconds: 2)
        let rig = try BrokerRig { $0.roundTrip = jitter }
        for round in 0..<10 {
            rig.logOn()
            rig.client.send(order("o\(round)", .buy, 1))
            rig.eventually("it was read") {
                rig.executions.contains { $0.kind == .received && $0.clOrdID == "o\(round)" }
            }
            rig.client.cut()
            rig.eventually("the cut is known") { rig.executions.count { $0.kind == .disconnected } == round + 1 }
        }
        rig.book(asks: [("101", 100), ("102", 5)])
        rig.eventually("all are filled") { rig.executions.count { $0.kind == .trade } == 10 }
        rig.logOn()
        rig.eventually("all are told") { rig.client.delivered.count { $0[.execType] == "F" } == 10 }
        let ids = rig.client.delivered.compactMap { $0[.execID] }
        #expect(Set(ids).count == ids.count)
        #expect(rig.executions.map(\.sequence) == Array(1...Int64(rig.executions.count)))
    }

    @Test func `a second client is refused while the first is live, and the first goes on`() throws {
        let rig = try BrokerRig()
        rig.logOn()
        let intruder = FIXClient(to: try #require(rig.service.address), on: rig.reactor)
        intruder.connect()
        rig.eventually("the intruder is closed") { !intruder.endings.isEmpty }
        #expect(!intruder.isLoggedOn)
        rig.client.send(order("a", .buy, 1))
        rig.eventually("the first one trades") { rig.client.story.last == "F/2" }
    }

    @Test func `the drop copy has no gap when Redis cuts its connections`() throws {
        let rig = try BrokerRig()
        rig.logOn()
        for number in 0..<300 {
            rig.client.send(order("o\(number)", .buy, 1, limit: "100"))
            if number % 100 == 50 {
                rig.publisher.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            }
        }
        rig.eventually("all are reported") { rig.client.delivered.count == 300 }
        rig.eventually("Redis has answered for all") { rig.service.isReady && rig.service.dropCopyWaiting == 0 }
        rig.eventually("the last one is read") {
            rig.executions.last?.clOrdID == "o299" && rig.executions.last?.kind == .new
        }
        var seen: Set<Int64> = []
        let first = rig.executions.filter { seen.insert($0.sequence).inserted }.map(\.sequence)
        #expect(first == Array(1...601))
    }

    @Test func `the measured round trip has the mean that was asked for`() throws {
        let jitter = RoundTrip(mean: .nanoseconds(20_000_000), varianceSquareMilliseconds: 2)
        let rig = try BrokerRig { $0.roundTrip = jitter }
        rig.logOn()
        var trips: [Double] = []
        for number in 0..<40 {
            let start = Instant.now
            rig.client.send(order("o\(number)", .buy, 1, limit: "100"))
            rig.eventually("the report arrives") { rig.client.delivered.count == number + 1 }
            trips.append((Instant.now - start).milliseconds)
        }
        let median = trips.sorted()[20]
        #expect(median > 18.5 && median < 27, "median \(median) ms of 20")
    }

    @Test func `the ledger file is the drop copy, line by line`() throws {
        let path = "/tmp/gauntlet-broker-ledger-\(getpid()).ndjson"
        defer { for file in [path, "\(path).session"] { unlink(file) } }
        let rig = try BrokerRig(ledger: path)
        rig.logOn()
        rig.client.send(order("a", .buy, 40))
        rig.eventually("the drop copy has it") { rig.executions.last?.kind == .trade }
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&buffer, 1, buffer.count, file)
        let lines = buffer[..<count].split(separator: 0x0A)
        #expect(try lines.map { try Execution(parsing: Array($0)) } == rig.executions)
    }

    @Test func `a stopping broker logs its client out`() throws {
        let rig = try BrokerRig()
        rig.logOn()
        rig.service.stop()
        rig.eventually("the client is logged out") { !rig.client.isLoggedOn && !rig.client.endings.isEmpty }
        rig.eventually("the ledger says so") { rig.executions.contains { $0.kind == .loggedOut } }
    }
}
