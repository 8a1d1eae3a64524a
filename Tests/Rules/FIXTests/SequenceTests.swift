import FIX
import Testing
import Units

/// Every message's header: number, CompIDs, BeginString, SendingTime.
@Suite struct SequenceTests {
    @Test func `a message with the expected number is delivered and counted`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, orderBody)
        #expect(bench.delivered.map { $0[.clOrdID] } == ["G-1"])
        #expect(bench.directives.last == .persist(Session.Numbers(nextOutgoing: 2, nextIncoming: 3)))
        #expect(bench.transmitted.isEmpty)
    }

    @Test func `a number too high is held, the gap asked for once, and everything delivered in order`() {
        var bench = Bench.loggedOn(.acceptor)
        for seq in [4, 5, 7] { bench.receive("D", seq, "11=G-\(seq)|" + orderBody.dropFirst(7)) }
        #expect(bench.types == ["2 2"])
        #expect(bench.transmitted[0][.beginSeqNo] == "2" && bench.transmitted[0][.endSeqNo] == "3")
        #expect(bench.delivered.isEmpty)
        for seq in [2, 3] {
            bench.receive("D", seq, "11=G-\(seq)|" + orderBody.dropFirst(7), header: "43=Y|122=\(stamp)|")
        }
        #expect(bench.delivered.map { $0[.clOrdID] } == ["G-2", "G-3", "G-4", "G-5"])
        #expect(bench.types == ["2 2", "2 3"])
        #expect(bench.transmitted[1][.beginSeqNo] == "6" && bench.transmitted[1][.endSeqNo] == "6")
        bench.receive("4", 6, "123=Y|36=7|", header: "43=Y|122=\(stamp)|")
        #expect(bench.delivered.last?[.clOrdID] == "G-7")
        #expect(bench.session.numbers.nextIncoming == 8)
    }

    @Test func `a TestRequest behind a gap is answered once the gap is filled`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("1", 3, "112=late|")
        #expect(bench.types == ["2 2"])
        bench.receive("4", 2, "123=Y|36=3|", header: "43=Y|122=\(stamp)|")
        #expect(bench.types == ["2 2", "0 3"])
    }

    @Test func `a gap that is never filled ends the session`() {
        var bench = Bench.loggedOn(.acceptor) { $0.disconnectAfterPercent = nil }
        bench.receive("D", 4, orderBody)
        bench.pass(.seconds(10))
        #expect(bench.disconnectReason == "message 2 not resent within 10s")
    }

    @Test func `more messages than are held behind a gap are asked for again, none is lost`() {
        var bench = Bench.loggedOn(.acceptor) { $0.heldMessagesLimit = 1 }
        for seq in [3, 4, 5] { bench.receive("D", seq, orderBody) }
        bench.receive("D", 2, orderBody, header: "43=Y|122=\(stamp)|")
        #expect(bench.delivered.count == 2)
        bench.receive("D", 6, orderBody)
        #expect(bench.transmitted.last?[.beginSeqNo] == "4" && bench.transmitted.last?[.endSeqNo] == "5")
    }

    @Test func `a number too low without PossDupFlag ends the session, naming both numbers`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 1, orderBody)
        #expect(bench.types == ["5 2"])
        #expect(bench.transmitted[0][.text] == "MsgSeqNum too low, expecting 2 but received 1")
        #expect(bench.disconnectReason != nil)
        #expect(bench.delivered.isEmpty)
    }

    @Test func `a duplicate already received is ignored`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, orderBody)
        bench.directives = []
        bench.receive("D", 2, orderBody, header: "43=Y|122=\(stamp)|")
        #expect(bench.ignored == ["duplicate D 2"])
        #expect(bench.directives.count == 1)
    }

    @Test func `a possible duplicate not yet received is delivered with its flag`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, orderBody, header: "43=Y|122=\(stamp)|")
        #expect(bench.delivered.first?.header.possDup == true)
    }

    @Test(arguments: [1, 2])
    func `a duplicate older than itself is rejected and ends the session`(seq: Int) {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", seq, orderBody, header: "43=Y|122=20231017-13:30:00.001|")
        #expect(bench.types == ["3 2", "5 3"])
        #expect(bench.transmitted[0][.sessionRejectReason] == "10" && bench.transmitted[0][.refTagID] == "122")
        #expect(bench.delivered.isEmpty)
    }

    @Test(arguments: [1, 2])
    func `a duplicate without OrigSendingTime is rejected, and the session lives`(seq: Int) {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", seq, orderBody, header: "43=Y|")
        #expect(bench.types == ["3 2"])
        #expect(bench.transmitted[0][.sessionRejectReason] == "1" && bench.transmitted[0][.refTagID] == "122")
        #expect(bench.session.isLoggedOn && bench.delivered.isEmpty)
        #expect(bench.session.numbers.nextIncoming == max(2, seq + 1))
    }

    @Test func `another BeginString ends the session`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive(Wire.framed("35=0|34=2|49=GOVERNOR|56=BROKER|52=\(stamp)|", begin: "FIX.4.2"))
        #expect(bench.types == ["5 2"])
        #expect(bench.disconnectReason == "BeginString is FIX.4.2, expected FIX.4.4")
    }

    @Test(arguments: [("OTHER", "BROKER", "49"), ("GOVERNOR", "OTHER", "56")])
    func `another CompID is rejected and ends the session`(sender: String, target: String, tag: String) {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive(Wire.framed("35=0|34=2|49=\(sender)|56=\(target)|52=\(stamp)|"))
        #expect(bench.types == ["3 2", "5 3"])
        #expect(bench.transmitted[0][.sessionRejectReason] == "9" && bench.transmitted[0][.refTagID] == tag)
        #expect(bench.session.numbers.nextIncoming == 3)
    }

    @Test func `a SendingTime beyond the accuracy is rejected and ends the session, at the limit it passes`() {
        for offset in [-121, -120, 120, 121] {
            var bench = Bench.loggedOn(.acceptor)
            bench.receive("0", 2, time: Timestamp.written(wallStart + .seconds(offset)))
            #expect(bench.types == (abs(offset) == 120 ? [] : ["3 2", "5 3"]), "\(offset)")
        }
    }

    @Test(arguments: ["", "34=x|", "34=0|", "34=-2|", "34=|"])
    func `a message whose number can't be read ends the session`(number: String) {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive(Wire.framed("35=0|\(number)49=GOVERNOR|56=BROKER|52=\(stamp)|"))
        #expect(bench.types == ["5 2"])
        #expect(bench.disconnectReason == "MsgSeqNum is missing or no number")
    }

    @Test func `garbled bytes consume no number and get no answer`() {
        var bench = Bench.loggedOn(.acceptor)
        let sound = bench.raw("D", 2, orderBody)
        bench.receive(sound.dropLast(4) + Wire.bytes("000|"))
        #expect(bench.transmitted.isEmpty && bench.ignored.count == 1)
        #expect(bench.session.numbers.nextIncoming == 2)
        bench.receive(sound)
        #expect(bench.delivered.count == 1)
    }

    @Test func `a message with PossResend is delivered with its flag`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, orderBody, header: "97=Y|")
        #expect(bench.delivered.first?.header.possResend == true)
    }

    @Test func `header and body fields may stand in any order within their part`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive(Wire.framed(
            "35=D|56=BROKER|52=\(stamp)|34=2|49=GOVERNOR|44=440.25|40=2|38=100|60=\(stamp)|54=1|55=NVDA|11=G-1|"))
        #expect(bench.delivered.count == 1 && bench.transmitted.isEmpty)
    }

    @Test func `third-party addressing is carried, not refused`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, orderBody, header: "115=FIRM|128=DESK|50=TRADER|")
        #expect(bench.delivered.first?.header.others.map(\.value) == ["FIRM", "DESK", "TRADER"])
    }
}
