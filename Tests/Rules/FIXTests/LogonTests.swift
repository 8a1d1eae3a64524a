import FIX
import Testing
import Units

@Suite struct InitiatorLogonTests {
    @Test func `an initiator logs on as soon as it is connected`() throws {
        var bench = Bench(.initiator, numbers: Session.Numbers(nextOutgoing: 9, nextIncoming: 4))
        bench.connect()
        let logon = try #require(bench.transmitted.first)
        #expect(bench.types == ["A 9"])
        #expect(logon[.encryptMethod] == "0" && logon[.heartBtInt] == "1" && logon[.resetSeqNumFlag] == nil)
        #expect(logon.header.sender == "GOVERNOR" && logon.header.target == "BROKER")
        #expect(bench.directives.last == .persist(Session.Numbers(nextOutgoing: 10, nextIncoming: 4)))
        #expect(!bench.session.isLoggedOn)
    }

    @Test func `the answer to the Logon opens the session`() {
        let bench = Bench.loggedOn(.initiator)
        #expect(bench.session.isLoggedOn)
        #expect(bench.session.numbers == Session.Numbers(nextOutgoing: 2, nextIncoming: 2))
    }

    @Test func `an answer with a number too high opens the session and asks for what is missing`() throws {
        var bench = Bench(.initiator, numbers: Session.Numbers(nextOutgoing: 9, nextIncoming: 4))
        bench.connect()
        bench.receive("A", 7, "98=0|108=1|")
        #expect(bench.session.isLoggedOn && bench.session.isRecovering)
        #expect(bench.types == ["A 9", "2 10"])
        let request = try #require(bench.transmitted.last)
        #expect(request[.beginSeqNo] == "4" && request[.endSeqNo] == "6")
        bench.receive("4", 4, "123=Y|36=7|", header: "43=Y|122=\(stamp)|")
        #expect(bench.session.numbers.nextIncoming == 8)
        #expect(!bench.session.isRecovering)
    }

    @Test func `an invalid answer is refused with a Reject, a Logout and the end`() {
        for body in ["98=1|108=1|", "98=0|108=30|", "98=0|", "108=1|", "98=0|108=1|141=Y|", "98=0|108=1|44=5|"] {
            var bench = Bench(.initiator)
            bench.connect()
            bench.receive("A", 1, body)
            #expect(bench.types == ["A 1", "3 2", "5 3"], "\(body)")
            #expect(bench.disconnectReason != nil)
            #expect(!bench.session.isLoggedOn)
        }
    }

    @Test func `an answer from another firm is refused`() {
        var bench = Bench(.initiator)
        bench.connect()
        bench.receive(Wire.framed("35=A|34=1|49=OTHER|56=GOVERNOR|52=\(stamp)|98=0|108=1|"))
        #expect(bench.types == ["A 1", "3 2", "5 3"])
        #expect(bench.transmitted[1][.refTagID] == "49")
        #expect(bench.transmitted[1][.sessionRejectReason] == "9")
    }

    @Test func `a first message that is no Logon ends the connection after a Logout`() {
        var bench = Bench(.initiator)
        bench.connect()
        bench.receive("0", 1)
        #expect(bench.types == ["A 1", "5 2"])
        #expect(bench.disconnectReason == "first message is not a Logon")
    }

    @Test func `a refusal's own words reach the owner`() {
        var bench = Bench(.initiator)
        bench.connect()
        bench.receive("5", 1, "58=MsgSeqNum too low, expecting 40 but received 1|")
        #expect(bench.disconnectReason?.hasSuffix("expecting 40 but received 1") == true)
        #expect(bench.session.numbers.nextIncoming == 2)
    }

    @Test func `a Logon that nobody answers is given up in time`() {
        var bench = Bench(.initiator)
        bench.connect()
        #expect(bench.session.nextDeadline == bench.now + .seconds(2))
        bench.pass(.milliseconds(1_999))
        #expect(bench.disconnectReason == nil)
        bench.pass(.milliseconds(1))
        #expect(bench.disconnectReason == "no Logon within 2s")
    }

    @Test func `a run's first Logon resets the numbers, later ones keep them`() {
        var bench = Bench(.initiator, numbers: Session.Numbers(nextOutgoing: 9, nextIncoming: 4)) {
            $0.resetOnFirstLogon = true
        }
        bench.connect()
        #expect(bench.types == ["A 1"])
        #expect(bench.transmitted[0][.resetSeqNumFlag] == "Y")
        bench.directives += bench.session.disconnected(at: bench.now)
        bench.connect()
        #expect(bench.types == ["A 1", "A 1"])
        bench.receive("A", 1, "98=0|108=1|141=Y|")
        #expect(bench.session.isLoggedOn)
        bench.directives += bench.session.disconnected(at: bench.now)
        bench.connect()
        #expect(bench.types.last == "A 2")
        #expect(bench.transmitted.last?[.resetSeqNumFlag] == nil)
    }
}

@Suite struct AcceptorLogonTests {
    @Test func `a valid Logon is answered with the initiator's interval`() {
        var bench = Bench(.acceptor)
        bench.connect()
        #expect(bench.directives.isEmpty)
        bench.receive("A", 1, "98=0|108=5|")
        #expect(bench.types == ["A 1"])
        #expect(bench.transmitted[0][.heartBtInt] == "5")
        #expect(bench.directives.contains(.loggedOn))
        #expect(bench.session.nextDeadline == bench.now + .seconds(5))
    }

    @Test func `a Logon with a number too high is answered first, then the gap is asked for`() {
        var bench = Bench(.acceptor)
        bench.connect()
        bench.receive("A", 5, "98=0|108=1|")
        #expect(bench.types == ["A 1", "2 2"])
        #expect(bench.transmitted[1][.beginSeqNo] == "1" && bench.transmitted[1][.endSeqNo] == "4")
    }

    @Test func `a Logon with a number too low is refused with both numbers named`() {
        var bench = Bench(.acceptor, numbers: Session.Numbers(nextOutgoing: 3, nextIncoming: 9))
        bench.connect()
        bench.receive("A", 5, "98=0|108=1|")
        #expect(bench.types == ["5 3"])
        #expect(bench.transmitted[0][.text] == "MsgSeqNum too low, expecting 9 but received 5")
        #expect(bench.disconnectReason != nil && !bench.session.isLoggedOn)
    }

    @Test func `a reset Logon starts both numbers at 1 and voids what was stored`() {
        var bench = Bench(
            .acceptor, numbers: Session.Numbers(nextOutgoing: 30, nextIncoming: 40), sent: [29: .report("E-9")])
        bench.connect()
        bench.receive("A", 1, "98=0|108=1|141=Y|")
        #expect(bench.types == ["A 1"])
        #expect(bench.transmitted[0][.resetSeqNumFlag] == "Y")
        #expect(bench.directives.contains(.forgetStored))
        #expect(bench.session.numbers == Session.Numbers(nextOutgoing: 2, nextIncoming: 2))
    }

    @Test func `what was sent before a reset is never replayed after it`() {
        var bench = Bench(
            .acceptor, numbers: Session.Numbers(nextOutgoing: 3, nextIncoming: 3), sent: [1: .report("E-old")])
        bench.connect()
        bench.receive("A", 1, "98=0|108=1|141=Y|")
        bench.receive("2", 2, "7=1|16=0|")
        #expect(bench.types == ["A 1", "4 1"])
    }

    @Test func `a reset Logon with another number than 1 is refused`() {
        var bench = Bench(.acceptor)
        bench.connect()
        bench.receive("A", 2, "98=0|108=1|141=Y|")
        #expect(bench.types == ["3 1", "5 2"])
        #expect(bench.transmitted[0][.refTagID] == "34")
    }

    @Test func `a live session restarts its numbers at a reset Logon`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.send(.report("E-1"))
        bench.receive("A", 1, "98=0|108=1|141=Y|")
        #expect(bench.types == ["8 2", "A 1"])
        #expect(bench.session.numbers == Session.Numbers(nextOutgoing: 2, nextIncoming: 2))
        #expect(bench.session.isLoggedOn)
    }

    @Test func `a second Logon on the same connection is rejected and the session lives on`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("A", 2, "98=0|108=1|")
        #expect(bench.types == ["3 2"])
        #expect(bench.session.isLoggedOn && bench.session.numbers.nextIncoming == 3)
    }

    @Test(arguments: [
        ("35=A|34=1|49=STRANGER|56=BROKER|52=\(stamp)|98=0|108=1|", "FIX.4.4"),
        ("35=A|34=1|49=GOVERNOR|56=ELSEWHERE|52=\(stamp)|98=0|108=1|", "FIX.4.4"),
        ("35=A|34=1|49=GOVERNOR|56=BROKER|52=\(stamp)|98=0|108=1|", "FIX.4.2"),
        ("35=0|34=1|49=GOVERNOR|56=BROKER|52=\(stamp)|", "FIX.4.4"),
    ])
    func `a stranger is cut off without a word, which would cost the real peer a number`(body: String, begin: String) {
        var bench = Bench(.acceptor)
        bench.connect()
        bench.receive(Wire.framed(body, begin: begin))
        #expect(bench.transmitted.isEmpty)
        #expect(bench.disconnectReason != nil)
        #expect(bench.session.numbers == Session.Numbers())
    }

    @Test(arguments: [
        ("98=0|108=121|", "108"), ("98=0|108=-1|", "108"), ("98=0|108=x|", "108"), ("98=3|108=1|", "98"),
        ("108=1|", "98"), ("98=0|", "108"),
    ])
    func `an invalid Logon gets a Reject that names the field, a Logout and the end`(body: String, tag: String) {
        var bench = Bench(.acceptor)
        bench.connect()
        bench.receive("A", 1, body)
        #expect(bench.types == ["3 1", "5 2"])
        #expect(bench.transmitted[0][.refTagID] == tag)
        #expect(bench.disconnectReason != nil)
    }

    @Test func `a Logon 121 seconds off is refused, 120 seconds is accepted, early or late`() {
        for offset in [-121, -120, 120, 121] {
            var bench = Bench(.acceptor)
            bench.connect()
            bench.receive("A", 1, "98=0|108=1|", time: Timestamp.written(wallStart + .seconds(offset)))
            #expect(bench.session.isLoggedOn == (abs(offset) == 120), "\(offset)")
            if abs(offset) > 120 { #expect(bench.transmitted[0][.sessionRejectReason] == "10") }
        }
    }

    @Test func `a connection that says nothing is given up in time`() {
        var bench = Bench(.acceptor)
        bench.connect()
        bench.pass(.seconds(2))
        #expect(bench.disconnectReason == "no Logon within 2s")
    }
}

@Suite struct LogonScreeningTests {
    private let identity = LogonScreening.Identity(sender: "GOVERNOR", target: "BROKER")
    private let logon = Wire.framed("35=A|34=1|49=GOVERNOR|56=BROKER|52=\(stamp)|98=0|108=1|")

    @Test func `a Logon is recognised across any split, and its bytes are handed on whole`() {
        for cut in 0..<logon.count {
            var door = LogonScreening()
            #expect(door.received(logon[..<cut], known: [identity], live: []) == .waiting)
            #expect(
                door.received(logon[cut...], known: [identity], live: []) == .identified(identity, bytes: logon))
        }
    }

    @Test func `a second Logon of a live session is refused`() {
        var door = LogonScreening()
        #expect(
            door.received(logon, known: [identity], live: [identity])
                == .refused(reason: "GOVERNOR to BROKER is already logged on"))
    }

    @Test func `unknown identities, other messages and endless noise are refused`() {
        var door = LogonScreening()
        #expect(door.received(logon, known: [], live: []) == .refused(reason: "no session for GOVERNOR to BROKER"))
        door = LogonScreening()
        let heartbeat = Wire.framed("35=0|34=1|49=GOVERNOR|56=BROKER|52=\(stamp)|")
        #expect(
            door.received(heartbeat, known: [identity], live: [])
                == .refused(reason: "first message is not a Logon"))
        door = LogonScreening()
        let noise = [UInt8](repeating: 65, count: LogonScreening.bytesMaximum + 1)
        guard case .refused = door.received(noise, known: [identity], live: []) else {
            Issue.record("noise was not refused")
            return
        }
    }
}
