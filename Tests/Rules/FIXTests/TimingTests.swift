import FIX
import Testing
import Units

@Suite struct TimingTests {
    @Test func `a heartbeat goes out when nothing was sent for an interval`() {
        var bench = Bench.loggedOn(.acceptor) { $0.disconnectAfterPercent = nil }
        #expect(bench.session.nextDeadline == bench.now + .seconds(1))
        bench.pass(.milliseconds(999))
        #expect(bench.types.isEmpty)
        bench.pass(.milliseconds(1))
        #expect(bench.types == ["0 2"])
        #expect(bench.transmitted[0][.testReqID] == nil)
    }

    @Test func `anything sent puts the heartbeat off`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.pass(.milliseconds(900))
        bench.send(.report("E-2"))
        bench.pass(.milliseconds(200))
        #expect(bench.types == ["8 2"])
    }

    @Test func `a TestRequest is answered with its own id`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("1", 2, "112=ping-7|")
        #expect(bench.types == ["0 2"])
        #expect(bench.transmitted[0][.testReqID] == "ping-7")
    }

    @Test func `the answer to our TestRequest is told with its id`() {
        var bench = Bench.loggedOn(.initiator)
        bench.directives += bench.session.testRequest(id: "rtt-1", at: bench.now, wall: bench.wall)
        #expect(bench.types == ["1 2"])
        bench.receive("0", 2, "112=rtt-1|")
        #expect(bench.directives.contains(.heartbeat(testReqID: "rtt-1")))
        bench.receive("0", 3)
        #expect(bench.session.isLoggedOn && bench.session.numbers.nextIncoming == 4)
    }

    @Test func `silence brings one TestRequest, then the end, at the percentages set`() {
        var bench = Bench.loggedOn(.initiator)
        bench.pass(.milliseconds(1_199))
        #expect(!bench.types.contains { $0.hasPrefix("1 ") })
        bench.pass(.milliseconds(1))
        bench.pass(.milliseconds(600))
        #expect(bench.types.filter { $0.hasPrefix("1 ") }.count == 1)
        bench.pass(.milliseconds(599))
        #expect(bench.disconnectReason == nil)
        bench.pass(.milliseconds(1))
        #expect(bench.disconnectReason == "nothing received for 2400ms")
        #expect(bench.directives.contains(.loggedOut(reason: "nothing received for 2400ms")))
    }

    @Test func `anything received keeps the session alive`() {
        var bench = Bench.loggedOn(.initiator)
        for seq in 2..<12 {
            bench.pass(.milliseconds(1_100))
            bench.receive("0", seq)
        }
        #expect(bench.disconnectReason == nil)
        #expect(!bench.types.contains { $0.hasPrefix("1 ") })
        #expect(bench.session.lastReceived == bench.now)
    }

    @Test func `an owner that sees to silence itself is left to it`() {
        var bench = Bench.loggedOn(.initiator) {
            $0.disconnectAfterPercent = nil
            $0.testRequestAfterPercent = nil
        }
        for _ in 0..<10 { bench.pass(.seconds(1)) }
        #expect(bench.disconnectReason == nil)
        #expect(bench.types == (2..<12).map { "0 \($0)" })
    }

    @Test func `an interval of zero switches heartbeats and their time-outs off`() {
        var bench = Bench(.acceptor)
        bench.connect()
        bench.receive("A", 1, "98=0|108=0|")
        #expect(bench.session.isLoggedOn && bench.session.nextDeadline == nil)
        bench.pass(.seconds(3_600))
        #expect(bench.types == ["A 1"])
    }

    @Test func `no deadline is left in the past after a tick`() {
        var bench = Bench.loggedOn(.initiator)
        for _ in 0..<40 {
            guard let deadline = bench.session.nextDeadline else { break }
            #expect(deadline > bench.now)
            bench.pass(deadline - bench.now)
        }
        #expect(bench.disconnectReason != nil)
    }
}

@Suite struct LogoutTests {
    @Test func `our Logout waits for its answer, then the connection ends`() {
        var bench = Bench.loggedOn(.initiator)
        bench.directives += bench.session.logout(text: "stopping", at: bench.now, wall: bench.wall)
        #expect(bench.types == ["5 2"] && bench.transmitted[0][.text] == "stopping")
        #expect(!bench.session.isLoggedOn && bench.disconnectReason == nil)
        bench.receive("8", 2, "37=B|17=E|150=0|39=0|55=NVDA|54=1|151=1|14=0|6=0|")
        #expect(bench.delivered.count == 1)
        bench.receive("5", 3)
        #expect(bench.disconnectReason == "logged out")
        #expect(bench.directives.contains(.loggedOut(reason: "logged out")))
        #expect(bench.session.numbers == Session.Numbers(nextOutgoing: 3, nextIncoming: 4))
    }

    @Test func `a Logout that nobody answers ends the connection in time`() {
        var bench = Bench.loggedOn(.initiator)
        bench.directives += bench.session.logout(at: bench.now, wall: bench.wall)
        bench.pass(.seconds(2))
        #expect(bench.disconnectReason == "Logout not answered within 2s")
    }

    @Test func `the peer's Logout is answered, and the peer may close first`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("5", 2, "58=good night|")
        #expect(bench.types == ["5 2"])
        #expect(bench.directives.contains(.loggedOut(reason: "the peer logged out: good night")))
        #expect(bench.disconnectReason == nil && !bench.session.isLoggedOn)
        bench.pass(.seconds(2))
        #expect(bench.disconnectReason == "the peer logged out and did not disconnect")
        #expect(bench.session.disconnected(at: bench.now).isEmpty)
    }

    @Test func `an answer to our Logout with messages missing before it still ends the connection`() {
        var bench = Bench.loggedOn(.initiator)
        bench.directives += bench.session.logout(at: bench.now, wall: bench.wall)
        bench.receive("5", 9)
        #expect(bench.disconnectReason == "logged out; messages from 2 on are missing")
        #expect(bench.session.numbers.nextIncoming == 2)
    }

    @Test func `nothing is sent after a disconnect was asked for`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("0", 1)
        #expect(bench.disconnectReason != nil)
        bench.directives = []
        bench.receive("1", 2, "112=x|")
        bench.pass(.seconds(60))
        #expect(bench.directives.isEmpty)
    }
}
