import FIX
import Testing
import Units

@Suite struct ResendTests {
    /// An acceptor that sent 2 report, 3 Heartbeat, 4 Heartbeat, 5 report.
    private var broker: Bench {
        var bench = Bench.loggedOn(.acceptor)
        bench.send(.report("E-2"))
        bench.receive("1", 2, "112=a|")
        bench.receive("1", 3, "112=b|")
        bench.wall = bench.wall + .seconds(1)
        bench.send(.report("E-5"))
        bench.wall = bench.wall + .seconds(1)
        bench.directives = []
        return bench
    }

    @Test func `reports are replayed as duplicates with their original time, the rest is filled over`() throws {
        var bench = broker
        bench.receive("2", 4, "7=1|16=0|")
        #expect(bench.types == ["4 1", "8 2", "4 3", "8 5"])
        let messages = bench.transmitted  // a message that is not there has no type
        #expect(messages.allSatisfy { $0.header.possDup && $0.header.sendingTime == bench.wall })
        #expect(messages[0][.gapFillFlag] == "Y" && messages[0][.newSeqNo] == "2")
        #expect(messages[2][.newSeqNo] == "5")
        #expect(messages[1][.execID] == "E-2" && messages[1].header.origSendingTime == wallStart)
        #expect(messages[3].header.origSendingTime == wallStart + .seconds(1))
        #expect(bench.session.numbers.nextOutgoing == 6)
    }

    @Test(arguments: [(2, 2, ["8 2"]), (3, 4, ["4 3"]), (4, 99, ["4 4", "8 5"]), (5, 0, ["8 5"])])
    func `just the range asked for is sent again`(begin: Int, end: Int, types: [String]) {
        var bench = broker
        bench.receive("2", 4, "7=\(begin)|16=\(end)|")
        #expect(bench.types == types)
    }

    @Test(arguments: [("7=0|16=0|", "7"), ("7=6|16=0|", "7"), ("7=4|16=2|", "16")])
    func `a range that makes no sense is rejected`(body: String, tag: String) {
        var bench = broker
        bench.receive("2", 4, body)
        #expect(bench.types == ["3 6"])
        #expect(bench.transmitted[0][.refTagID] == tag && bench.transmitted[0][.sessionRejectReason] == "5")
    }

    @Test func `a stale order is never sent again, and the owner hears which`() {
        var bench = Bench.loggedOn(.initiator)
        bench.send(.order)
        bench.send(Message(MsgType.orderMassStatusRequest, [(.massStatusReqID, "m"), (.massStatusReqType, "7")]))
        bench.directives = []
        bench.receive("2", 2, "7=2|16=0|")
        #expect(bench.types == ["4 2"])
        #expect(bench.transmitted[0][.newSeqNo] == "4")
        let filled = bench.directives.first { if case .gapFilled = $0 { true } else { false } }
        guard case .gapFilled(let seqs, let withheld) = filled else {
            Issue.record("expected .gapFilled, found \(bench.directives)")
            return
        }
        #expect(seqs == 2...3)
        #expect(withheld.map(\.msgType) == ["D", "AF"])
        #expect(withheld.first?[.clOrdID] == "G-1")
    }

    @Test func `a policy that replays orders does so: the rule above can fail`() {
        var bench = Bench.loggedOn(.initiator) { $0.resend = { _ in .replay } }
        bench.send(.order)
        bench.directives = []
        bench.receive("2", 2, "7=2|16=0|")
        #expect(bench.types == ["D 2"])
    }

    @Test func `reports made without a connection are numbered, stored and replayed on request`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.directives += bench.session.disconnected(at: bench.now)
        #expect(bench.directives == [.loggedOut(reason: "connection lost")])
        bench.directives = []
        bench.send(.report("E-2"))
        #expect(bench.transmitted.isEmpty)
        bench.connect()
        bench.receive("A", 2, "98=0|108=1|")
        #expect(bench.types == ["A 3"])
        bench.receive("2", 3, "7=2|16=2|")
        #expect(bench.types == ["A 3", "8 2"])
    }

    @Test func `stored messages survive a restart of the process`() {
        var stored: [Int: Message] = [:]
        var before = Bench.loggedOn(.acceptor)
        before.send(.report("E-2"))
        for case .store(let seq, let message) in before.directives { stored[seq] = message }
        var bench = Bench(.acceptor, numbers: before.session.numbers, sent: stored)
        bench.connect()
        bench.receive("A", 2, "98=0|108=1|")
        bench.receive("2", 3, "7=2|16=2|")
        #expect(bench.transmitted.last?[.execID] == "E-2")
        #expect(bench.transmitted.last?.header.possDup == true)
    }

    @Test(arguments: [
        ("7=2|16=0|", ["4 2", "8 4", "8 5"], 2...3, "4"), ("7=3|16=4|", ["4 3", "8 4"], 3...3, "4"),
        ("7=2|16=2|", ["4 2"], 2...2, "3"),
    ])
    func `reports that are no longer kept are reset over, and what is kept is replayed`(
        body: String, types: [String], lost: ClosedRange<Int>, next: String
    ) {
        var bench = Bench.loggedOn(.acceptor) { $0.storedMessagesLimit = 2 }
        for number in 2...5 { bench.send(.report("E-\(number)")) }
        bench.directives = []
        bench.receive("2", 2, body)
        #expect(bench.types == types)
        #expect(bench.transmitted[0][.gapFillFlag] == "N" && bench.transmitted[0][.newSeqNo] == next)
        #expect(bench.directives.contains(.lost(seqs: lost)))
        #expect(bench.session.numbers.nextOutgoing == 6)
    }

    @Test func `orders that are no longer kept are filled over: they would not have been sent again`() {
        var bench = Bench.loggedOn(.initiator) { $0.storedMessagesLimit = 1 }
        for _ in 2...4 { bench.send(.order) }
        bench.directives = []
        bench.receive("2", 2, "7=2|16=0|")
        #expect(bench.types == ["4 2"])
        #expect(bench.transmitted[0][.gapFillFlag] == "Y" && bench.transmitted[0][.newSeqNo] == "5")
    }

    @Test func `a process that comes back without what it kept says that it is lost`() {
        var bench = Bench(.acceptor, numbers: .init(nextOutgoing: 6, nextIncoming: 2), lostThrough: 4)
        bench.connect()
        bench.receive("A", 2, "98=0|108=1|")
        bench.directives = []
        bench.receive("2", 3, "7=2|16=0|")
        #expect(bench.types == ["4 2", "4 5"])
        #expect(bench.transmitted.map { $0[.gapFillFlag] } == ["N", "Y"])
    }

    @Test func `a reset of the numbers forgets what was lost under the old ones`() {
        var bench = Bench(.acceptor, numbers: .init(nextOutgoing: 6, nextIncoming: 2), lostThrough: 4)
        bench.connect()
        bench.receive("A", 1, "98=0|108=1|141=Y|")
        bench.send(.report("E-2"))
        bench.directives = []
        bench.receive("2", 2, "7=2|16=0|")
        #expect(bench.types == ["8 2"])
    }

    @Test func `a side that is told of lost reports goes on, hears which, and the two agree again`() {
        var governor = Bench.loggedOn(.initiator)
        var broker = Bench.loggedOn(.acceptor) { $0.storedMessagesLimit = 2 }
        _ = governor.session.disconnected(at: governor.now)
        for number in 2...5 { broker.send(.report("E-\(number)")) }
        _ = broker.session.disconnected(at: broker.now)
        broker.directives = []
        governor.connect()
        broker.connect()
        for _ in 0..<6 {
            let fromGovernor = governor.takeBytes()
            let fromBroker = broker.takeBytes()
            broker.receive(fromGovernor)
            governor.receive(fromBroker)
        }
        #expect(governor.directives.contains(.skipped(seqs: 2...3)))
        #expect(governor.delivered.map { $0[.execID] } == ["E-4", "E-5"])
        #expect(governor.session.numbers.nextIncoming == broker.session.numbers.nextOutgoing)
        #expect(!governor.session.isRecovering && !broker.session.isRecovering)
    }

    @Test func `two sides that ask at the same time both get their answer`() {
        var bench = broker
        bench.receive("D", 6, orderBody)
        bench.receive("2", 7, "7=5|16=0|")
        #expect(bench.types == ["2 6", "8 5", "4 6"])
        bench.receive("4", 4, "123=Y|36=6|", header: "43=Y|122=\(stamp)|")
        #expect(bench.delivered.count == 1)
        #expect(bench.session.numbers.nextIncoming == 8)
    }

    @Test func `two sessions cut off in mid-flight agree again, with nothing lost and no order sent twice`() {
        var governor = Bench.loggedOn(.initiator)
        var broker = Bench.loggedOn(.acceptor)
        for _ in 0..<3 { governor.send(.order) }
        for number in 0..<3 { broker.send(.report("E-\(number)")) }
        governor.directives = []
        broker.directives = []
        _ = governor.session.disconnected(at: governor.now)
        _ = broker.session.disconnected(at: broker.now)
        governor.connect()
        broker.connect()
        for _ in 0..<6 {
            let fromGovernor = governor.takeBytes()
            let fromBroker = broker.takeBytes()
            broker.receive(fromGovernor)
            governor.receive(fromBroker)
        }
        #expect(broker.delivered.isEmpty)
        #expect(governor.delivered.map { $0[.execID] } == ["E-0", "E-1", "E-2"])
        #expect(governor.session.numbers.nextIncoming == broker.session.numbers.nextOutgoing)
        #expect(broker.session.numbers.nextIncoming == governor.session.numbers.nextOutgoing)
        #expect(!governor.session.isRecovering && !broker.session.isRecovering)
    }
}

extension Bench {
    /// Removes what was transmitted from the directives.
    mutating func takeBytes() -> [UInt8] {
        var taken: [UInt8] = []
        directives.removeAll {
            guard case .transmit(let bytes, _, _) = $0 else { return false }
            taken += bytes
            return true
        }
        return taken
    }
}
