import CLinux
import FIX
import Glibc
import Messages
import Netlink
import Processes
import Sockets
import Testing
import Units

/// What a broker that was killed knows when it is started again on its ledger.
@Suite(.serialized) struct BrokerRestartTests {
    /// Fills that the client was told of, by ExecID, once each.
    private func fills(_ client: FIXClient) -> [String: Int64] {
        var found: [String: Int64] = [:]
        for report in client.delivered where report[.execType] == "F" {
            found[report[.execID] ?? ""] = Int64(report[.lastQty] ?? "") ?? 0
        }
        return found
    }

    @Test func `killed in mid-trading it goes on: numbers, orders, fills, sequence, no ExecID twice`() throws {
        let rig = try BrokerProgram()
        try rig.start(["--round-trip-mean", "40ms"])
        let client = FIXClient(to: rig.address, on: rig.reactor)
        rig.logOn(client)
        client.send(order("rests", .buy, 7, limit: "98"))
        for number in 0..<40 { client.send(order("o\(number)", .buy, 1, limit: "101")) }
        rig.eventually("some have traded, some reports are on their way") {
            rig.executions.count { $0.kind == .trade } >= 5
        }
        rig.kill()
        rig.eventually("the client knows") { !client.isLoggedOn }
        let before = client.session.numbers
        let told = fills(client)
        try rig.start(["--round-trip-mean", "40ms"])
        rig.logOn(client)
        client.send(order("after", .buy, 1, limit: "101"))
        rig.eventually("it trades again") {
            rig.executions.contains { $0.kind == .trade && $0.clOrdID == "after" }
        }
        rig.eventually("every fill of the ledger was told") {
            self.fills(client).count == rig.record.count { $0.kind == .trade }
        }
        let trades = rig.record.filter { $0.kind == .trade }
        #expect(Set(trades.map(\.execID)).count == trades.count)
        #expect(fills(client).count > told.count)
        #expect(fills(client).values.reduce(0, +) == rig.record.last { $0.symbol == "NVDA" }?.position.shares)
        #expect(rig.record.map(\.sequence) == Array(1...Int64(rig.record.count)))
        #expect(client.session.numbers.nextIncoming > before.nextIncoming)
        #expect(client.session.numbers.nextOutgoing > before.nextOutgoing)
        #expect(rig.record.contains { $0.kind == .disconnected && $0.text == "the broker was restarted" })

        client.send(order("rests", .buy, 7, limit: "98"))
        rig.eventually("a name is used once, also over a restart") {
            client.delivered.contains { $0[.clOrdID] == "rests" && $0[.ordRejReason] == "6" }
        }
        client.send(
            Message(
                MsgType.orderCancelRequest,
                [
                    (.clOrdID, "end"), (.origClOrdID, "rests"), (.symbol, "NVDA"), (.side, "1"),
                    (.transactTime, Timestamp.written(.now)),
                ]))
        rig.eventually("the order that rested is still there to be cancelled") {
            rig.executions.contains { $0.kind == .cancelled && $0.clOrdID == "end" && $0.leaves == .zero }
        }
    }

    @Test func `killed ten times it is the same broker`() throws {
        let rig = try BrokerProgram()
        let client = FIXClient(to: rig.address, on: rig.reactor)
        for round in 0..<10 {
            try rig.start(["--round-trip-mean", "5ms"])
            rig.logOn(client)
            client.send(order("r\(round)", .buy, 1, limit: "101"))
            rig.eventually("it has traded") { rig.executions.contains { $0.kind == .trade && $0.clOrdID == "r\(round)" } }
            rig.kill()
            rig.eventually("the client knows") { !client.isLoggedOn }
        }
        try rig.start()
        rig.logOn(client)
        rig.eventually("ten fills were told") { self.fills(client).count == 10 }
        #expect(rig.record.map(\.sequence) == Array(1...Int64(rig.record.count)))
        #expect(rig.record.last { $0.symbol == "NVDA" }?.position == Quantity(shares: 10))
    }

    /// A ledger with one fill and one resting order, its broker gone.
    private func written() throws -> BrokerProgram {
        let rig = try BrokerProgram()
        try rig.start()
        let client = FIXClient(to: rig.address, on: rig.reactor)
        rig.logOn(client)
        client.send(order("fills", .buy, 3, limit: "101"))
        client.send(order("rests", .buy, 7, limit: "98"))
        rig.eventually("both are told") { client.delivered.count == 3 }
        rig.kill()
        return rig
    }

    private func write(_ text: String, to path: String, _ flags: Int32) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    @Test func `a torn last line of either file is cut and reported, and the rest counts`() throws {
        let rig = try written()
        try write(#"{"seq":99,"kind":"tra"#, to: rig.ledger, O_APPEND)
        try write(#"{"out":9"#, to: "\(rig.ledger).session", O_APPEND)
        try rig.start()
        let client = FIXClient(to: rig.address, on: rig.reactor)
        rig.logOn(client)
        #expect(rig.log.contains("ledger.ndjson: a torn last line of 21 bytes was cut"), "\(rig.log)")
        #expect(rig.log.contains("ledger.ndjson.session: a torn last line of 8 bytes was cut"), "\(rig.log)")
        client.send(order("more", .buy, 1, limit: "101"))
        rig.eventually("the position goes on") { rig.record.last?.position == Quantity(shares: 4) }
    }

    enum Damage: CaseIterable { case text, foreign, gap, position, symbol, order, session, ahead }

    @Test(arguments: Damage.allCases)
    func `a ledger that this broker can't have written is refused with its place, exit code 64`(damage: Damage) throws {
        let rig = try written()
        var text = String(decoding: ProcessTable.contents(rig.ledger), as: UTF8.self)
        let expected: String
        switch damage {
        case .text:
            text = "hello\n" + text
            expected = "ledger.ndjson:1: expected a record of this broker's ledger"
        case .foreign:
            text = "{\"a\":1}\n"
            expected = "ledger.ndjson:1: expected a record of this broker's ledger"
        case .gap:
            text = text.split(separator: "\n").enumerated().filter { $0.offset != 1 }.map { "\($0.element)\n" }.joined()
            expected = "ledger.ndjson:2: expected seq 2, found 3"
        case .position:
            text = text.replacing("\"position\":3", with: "\"position\":4")
            expected = "expected position 3, found 4"
        case .symbol:
            text = text.replacing("NVDA", with: "MSFT")
            expected = "expected a symbol of NVDA, found MSFT"
        case .order:
            text = text.replacing("\"kind\":\"new\"", with: "\"kind\":\"received\"")
            expected = "expected what follows from the lines before"
        case .session:
            try write("[]\n", to: "\(rig.ledger).session", O_TRUNC)
            expected = "ledger.ndjson.session:1: expected a JSON object"
        case .ahead:
            text = text.split(separator: "\n").prefix(2).map { "\($0)\n" }.joined()
            expected = "ledger.ndjson.session: expected records up to 2"
        }
        try write(text, to: rig.ledger, O_TRUNC)
        try rig.start()
        #expect(rig.ending(rig.process) == 64)
        #expect(rig.log.contains(expected), "\(rig.log)")
        #expect(rig.log.contains("move the file away to start with an empty ledger"))
    }

    @Test(
        arguments: [
            (["--symbols", ","], "--symbols: expected at least one"),
            (["--reject-percent", "101"], "--reject-percent: expected 0 to 100"),
            (["--round-trip-variance-ms2", "inf"], "--round-trip-variance-ms2: expected 0 or more"),
            (["--round-trip-mean", "61s"], "--round-trip-mean: expected 0s to 60s"),
            (["--round-trip-mean", "fast"], "--round-trip-mean"), (["--fill-model", "magic"], "--fill-model"),
            (["--in-flight", "maybe"], "--in-flight"), (["--listen", "nowhere"], "--listen"),
            (["--redis", "nowhere"], "--redis"), (["--fees", "/nowhere/fees.json"], "/nowhere/fees.json"),
            (["--unknown", "x"], "--unknown"),
        ])
    func `a wrong option ends the start with exit code 64 and its name`(options: [String], text: String) throws {
        let rig = try BrokerProgram()
        var arguments = ["--listen": "127.0.0.1:0", "--redis": rig.redis.socketPath, "--symbols": "NVDA"]
        arguments[options[0]] = options[1]
        let process = try rig.run(arguments.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
        #expect(rig.ending(process) == 64)
        #expect(rig.log.contains(text), "\(rig.log)")
    }

    private static let mayBuildNamespaces: Bool = {
        let namespace = clinux_new_network_namespace()
        guard namespace >= 0 else { return false }
        close(namespace)
        return true
    }()

    @Test(.enabled(if: mayBuildNamespaces, "needs CAP_NET_ADMIN and CAP_SYS_ADMIN"))
    func `a destroyed socket ends the connection, and the session resumes with its numbers`() throws {
        let namespace = Descriptor(try check(clinux_new_network_namespace(), "broker", "unshare"))
        let link = try LinkControl(namespace: namespace.number)
        // Loopback itself is never faulted, so the broker has an address of its own there.
        try link.addAddress("lo", "198.18.0.12", prefix: 32)
        try link.setUp("lo")
        let host = try #require(Address.host("198.18.0.12"))
        let rig = try BrokerProgram(at: Address(host: host, port: 9878))
        try rig.start(namespace: namespace.number)
        let client = FIXClient(to: rig.address, on: rig.reactor, namespace: namespace.number)
        rig.logOn(client)
        client.send(order("before", .buy, 1, limit: "101"))
        rig.eventually("it is filled") { client.story == ["0/0", "F/2"] }
        let before = client.session.numbers
        let diagnostics = try SocketDiagnostics(namespace: namespace.number)
        for socket in try diagnostics.connections(.init(localPort: 9878)) { _ = try diagnostics.destroy(socket) }
        rig.eventually("both ends know") {
            !client.isLoggedOn && rig.executions.contains { $0.kind == .disconnected }
        }
        rig.logOn(client)
        client.send(order("after", .buy, 1, limit: "101"))
        rig.eventually("it trades again") { client.story.count == 4 }
        #expect(client.session.numbers.nextIncoming > before.nextIncoming)
        #expect(client.session.numbers.nextOutgoing > before.nextOutgoing)
        rig.eventually("both trades are on record") { rig.record.count { $0.kind == .trade } == 2 }
    }
}
