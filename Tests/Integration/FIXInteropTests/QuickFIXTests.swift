import FIX
import Sockets
import Testing
import Units

/// Our session against an engine that nobody here wrote, over real sockets.
@Suite(.serialized, .enabled(if: QuickFIX.isInstalled, QuickFIX.whyNot))
struct QuickFIXTests {
    private let reactor: Reactor

    init() throws { reactor = try Reactor() }

    private func wait(_ what: String, _ peer: QuickFIX, _ condition: () -> Bool) throws {
        guard reactor.run(until: .now + .seconds(20), or: condition) else {
            throw NotSeen(what: what, lines: peer.lines)
        }
    }

    struct NotSeen: Error, CustomStringConvertible {
        let what: String
        let lines: [String]
        var description: String { "quickfix: not seen within 20s: \(what); its output: \(lines)" }
    }

    private func host(_ role: Session.Role, _ change: (inout Session.Settings) -> Void = { _ in }) -> Host {
        let names = role == .acceptor ? ("BROKER", "GOVERNOR") : ("GOVERNOR", "BROKER")
        var settings = Session.Settings(role: role, senderCompID: names.0, targetCompID: names.1)
        change(&settings)
        return Host(Session(settings: settings), on: reactor)
    }

    private func report(_ id: String) -> Message {
        Message(MsgType.executionReport, [
            (.orderID, "B-1"), (.execID, id), (.clOrdID, "G-1"), (.execType, "0"), (.ordStatus, "0"),
            (.symbol, "NVDA"), (.side, "1"), (.leavesQty, "100"), (.cumQty, "0"), (.avgPx, "0"),
        ])
    }

    private func order(_ id: String) -> Message {
        Message(MsgType.newOrderSingle, [
            (.clOrdID, id), (.symbol, "NVDA"), (.side, "1"), (.transactTime, Timestamp.written(.now)),
            (.orderQty, "100"), (.ordType, "2"), (.price, "440.25"), (.timeInForce, "0"),
        ])
    }

    @Test func `QuickFIX logs on to our acceptor, trades, is cut off, recovers and logs out`() throws {
        let host = host(.acceptor)
        let listener = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { connection, _ in
            host.attach(connection)
        }
        defer { listener.close() }
        let port = try #require(listener.address?.port)
        let peer = try QuickFIX("initiator", port: port, on: reactor)
        try wait("the first logon", peer) { peer.lines.contains("logon") && host.session.isLoggedOn }

        peer.tell("order G-1")
        try wait("the order", peer) { host.delivered.contains { $0[.clOrdID] == "G-1" } }
        host.send(report("E-1"))
        try wait("its report", peer) { peer.lines.contains("app 8 E-1") }

        host.testRequest("ping")
        try wait("the answer to our TestRequest", peer) { host.heartbeats.contains("ping") }

        peer.tell("bad G-bad")
        try wait("our Reject of a malformed order", peer) { peer.lines.contains("reject 38 6") }
        peer.tell("news")
        try wait("our BusinessMessageReject", peer) { peer.lines.contains { $0.hasPrefix("app j") } }

        host.isDeaf = true
        peer.tell("order G-2")
        try wait("an order into the cut path", peer) { peer.lines.contains("sent D G-2") }
        host.cut()
        try wait("the cut", peer) { peer.lines.contains("logout") }
        host.send(report("E-2"))

        try wait("the second logon", peer) { host.logons == 2 }
        try wait("the lost order, sent again", peer) { host.delivered.contains { $0[.clOrdID] == "G-2" } }
        try wait("the missed report, replayed", peer) { peer.lines.contains("app 8 E-2 dup") }
        peer.tell("order G-3")
        try wait("an order after the recovery", peer) { host.delivered.contains { $0[.clOrdID] == "G-3" } }
        #expect(host.delivered.compactMap { $0[.clOrdID] } == ["G-1", "G-2", "G-3"])
        #expect(host.delivered.map(\.header.possDup) == [false, true, false])
        #expect(peer.lines.filter { $0.hasPrefix("app 8") } == ["app 8 E-1", "app 8 E-2 dup"])

        peer.finish()
        try wait("an orderly end", peer) { peer.status == 0 && host.endings.count == 2 }
        #expect(host.endings == ["connection lost", "the peer logged out"])
    }

    @Test func `QuickFIX follows a reset over reports that our acceptor has lost, and the session goes on`() throws {
        let host = host(.acceptor) { $0.storedMessagesLimit = 1 }
        let listener = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { connection, _ in
            host.attach(connection)
        }
        defer { listener.close() }
        let port = try #require(listener.address?.port)
        let peer = try QuickFIX("initiator", port: port, on: reactor)
        try wait("the first logon", peer) { peer.lines.contains("logon") && host.session.isLoggedOn }
        let first = host.session.numbers.nextOutgoing

        host.cut()
        try wait("the cut", peer) { peer.lines.contains("logout") && !host.session.isLoggedOn }
        host.send(report("E-1"))
        host.send(report("E-2"))
        try wait("the second logon", peer) { host.logons == 2 }
        try wait("the report that is kept", peer) { peer.lines.contains("app 8 E-2 dup") }
        #expect(host.lost.contains { $0.upperBound == first })
        #expect(!peer.lines.contains { $0.hasPrefix("app 8 E-1") })
        peer.tell("order G-1")
        try wait("an order after the reset", peer) { host.delivered.contains { $0[.clOrdID] == "G-1" } }
        host.send(report("E-3"))
        try wait("a report after the reset", peer) { peer.lines.contains("app 8 E-3") }
        peer.finish()
        try wait("an orderly end", peer) { peer.status == 0 && host.endings.count == 2 }
    }

    @Test func `our initiator logs on to QuickFIX, is cut off, never repeats an order and gets every report`() throws {
        let probe = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { _, _ in }
        let port = try #require(probe.address?.port)
        probe.close()
        let peer = try QuickFIX("acceptor", port: port, on: reactor)
        try wait("its listener", peer) { peer.lines.contains("listening") }
        let host = host(.initiator) { $0.resetOnFirstLogon = true }
        let address = Address(host: 0x7F00_0001, port: port)
        host.connect(to: address)
        try wait("the first logon", peer) { host.session.isLoggedOn && peer.lines.contains("logon") }

        host.send(order("G-1"))
        try wait("the order", peer) { peer.lines.contains("app D G-1") }
        peer.tell("report E-1")
        try wait("its report", peer) { host.delivered.contains { $0[.execID] == "E-1" } }
        host.testRequest("ping")
        try wait("the answer to our TestRequest", peer) { host.heartbeats.contains("ping") }

        host.isMute = true
        host.isDeaf = true
        host.send(order("G-2"))
        peer.tell("report E-2")
        try wait("a report into the cut path", peer) { peer.lines.contains("sent 8 E-2") }
        host.cut()
        try wait("the cut", peer) { peer.lines.contains("logout") }
        host.connect(to: address)
        try wait("the second logon", peer) { host.logons == 2 }
        try wait("the missed report, replayed", peer) { host.delivered.contains { $0[.execID] == "E-2" } }
        try wait("the stale order, withheld", peer) { host.withheld.contains { $0[.clOrdID] == "G-2" } }
        host.send(order("G-3"))
        try wait("an order after the recovery", peer) { peer.lines.contains("app D G-3") }
        #expect(peer.lines.filter { $0.hasPrefix("app D") } == ["app D G-1", "app D G-3"])
        #expect(host.delivered.compactMap { $0[.execID] } == ["E-1", "E-2"])

        host.logout()
        try wait("the end of the session", peer) { host.endings.count == 2 }
        #expect(host.endings == ["connection lost", "logged out"])
        peer.finish()
        try wait("an orderly end", peer) { peer.status == 0 }
    }
}
