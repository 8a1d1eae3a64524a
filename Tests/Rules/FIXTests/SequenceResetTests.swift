import FIX
import Testing
import Units

@Suite struct SequenceResetTests {
    private let duplicate = "43=Y|122=\(stamp)|"

    @Test func `a gap fill in its turn sets the next number`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", 2, "123=Y|36=20|")
        #expect(bench.session.numbers.nextIncoming == 20)
        #expect(bench.transmitted.isEmpty)
    }

    @Test func `a gap fill ahead of its turn waits for the gap before it`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", 5, "123=Y|36=20|")
        #expect(bench.types == ["2 2"])
        #expect(bench.session.numbers.nextIncoming == 2)
        bench.receive("4", 2, "123=Y|36=5|", header: duplicate)
        #expect(bench.session.numbers.nextIncoming == 20)
    }

    @Test func `an old gap fill is ignored as a duplicate, and ends the session without that flag`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", 1, "123=Y|36=20|", header: duplicate)
        #expect(bench.ignored == ["duplicate 4 1"])
        bench.receive("4", 1, "123=Y|36=20|")
        #expect(bench.types == ["5 2"])
        #expect(bench.session.numbers.nextIncoming == 2)
    }

    @Test(arguments: [1, 2])
    func `a gap fill that goes nowhere is rejected`(new: Int) {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", 2, "123=Y|36=\(new)|")
        #expect(bench.types == ["3 2"])
        #expect(bench.transmitted[0][.sessionRejectReason] == "5" && bench.transmitted[0][.refTagID] == "36")
        #expect(bench.session.numbers.nextIncoming == 3)
    }

    @Test(arguments: [("123=N|", 1), ("", 1), ("123=N|", 2), ("", 99)])
    func `a reset sets the next number whatever its own is`(flag: String, seq: Int) {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", seq, "\(flag)36=20|")
        #expect(bench.session.numbers.nextIncoming == 20)
        #expect(bench.transmitted.isEmpty)
    }

    @Test func `a reset to the number expected anyway changes nothing and is noted`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", 2, "36=2|")
        #expect(bench.session.numbers.nextIncoming == 2)
        #expect(bench.ignored == ["SequenceReset to 2, which was expected anyway"])
    }

    @Test func `a reset never lowers the number`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", 2, "36=1|")
        #expect(bench.types == ["3 2"])
        #expect(bench.transmitted[0][.sessionRejectReason] == "5" && bench.transmitted[0][.refTagID] == "36")
        #expect(bench.session.numbers.nextIncoming == 2)
    }

    @Test func `a malformed reset is rejected and moves nothing beyond itself`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("4", 2, "123=Q|36=9|")
        #expect(bench.transmitted.first?[.refTagID] == "123")
        #expect(bench.session.numbers.nextIncoming == 3)
    }

    @Test func `a reset jumps over a gap and what was held behind it is delivered`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 5, orderBody)
        bench.receive("4", 9, "36=5|")
        #expect(bench.delivered.count == 1)
        #expect(bench.session.numbers.nextIncoming == 6)
    }
}
