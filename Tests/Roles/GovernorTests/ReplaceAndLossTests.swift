import FIX
import Messages
import Testing
import Units

import GovernorCore

struct ReplaceAndLossTests {
    /// A resting buy of 10 at 99.00, working.
    private func resting() -> Bench {
        var bench = Bench.ready()
        bench.rest(bench.intent("a", .buy, 10, limit: 990_000))
        return bench
    }

    private func change(_ bench: Bench, _ id: String, _ quantity: Int64, target: String = "a") -> Intent {
        bench.replace(id, of: target, quantity)
    }

    @Test func `a replace is durable before it leaves, under a new ClOrdID`() {
        var bench = resting()
        let decision = bench.decide(change(bench, "b", 20))
        #expect(decision?.quantity == Quantity(shares: 20))
        #expect(bench.orders.isEmpty)
        bench.hear(.durable(["b"]))
        #expect(bench.orders.first?[.origClOrdID] == "a")
        #expect(bench.orders.first?[.clOrdID] == "b")
    }

    @Test func `a replace counts at the larger of both until it is answered`() {
        var bench = resting()
        _ = bench.decide(change(bench, "b", 20))
        #expect(bench.governor.orders.open("NVDA").buys == Quantity(shares: 20))
        bench.hear(.cancelRejected(CancelRejection(clOrdID: "b", origClOrdID: "a", isUnknownOrder: false, text: "")))
        #expect(bench.governor.orders.open("NVDA").buys == Quantity(shares: 10))
    }

    @Test func `a replaced order is cancelled by the name of its first intent`() {
        var bench = resting()
        _ = bench.decide(change(bench, "b", 20))
        bench.hear(.durable(["b"]))
        bench.hear(.report(bench.report("5", [(.clOrdID, "b"), (.origClOrdID, "a"), (.ordStatus, "5")])))
        #expect(bench.decide(bench.cancel("c", of: "a"))?.quantity == Quantity(shares: 20))
        #expect(bench.lastSent(MsgType.orderCancelRequest)?[.origClOrdID] == "b")
    }

    @Test(arguments: [(10, Decision.Reason.ok), (11, .notReducing)] as [(Int64, Decision.Reason)])
    func `a replace of an exit may ask for no more than there is to reduce`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.fill(bench.intent("held", .buy, 10))
        bench.rest(bench.intent("exit", .sell, 5, limit: 1_010_000, reduceOnly: true))
        var change = bench.replace("more", of: "exit", quantity, limit: 1_010_000)
        change.side = .sell
        #expect(bench.reason(change) == expected)
    }

    @Test func `a replace of nothing has an unknown target`() {
        var bench = Bench.ready()
        #expect(bench.reason(change(bench, "b", 20, target: "nobody")) == .unknownTarget)
    }

    @Test func `a lost state of the book is a gap until the next one in sequence`() {
        var bench = Bench.ready()
        bench.loseDepth()
        bench.depth()
        #expect(bench.reason(bench.intent("a")) == .staleFeed)
        bench.depth()
        #expect(bench.reason(bench.intent("b")) == .ok)
    }

    @Test(arguments: [(920_200, false), (920_100, true)] as [(Int64, Bool)])
    func `a drawdown beyond the limit flattens, at the limit it does not`(bid: Int64, flattens: Bool) {
        // 100 shares bought at 100.02, peak 10,000: 8 % are 800 dollars, at a bid of 92.02.
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 100_000_000)
            $0.maxDailyLossBasisPoints = 10_000
            $0.maxGrossExposureBasisPoints = 100_000
            $0.maxNetExposureBasisPoints = 100_000
        }
        bench.fill(bench.intent("a", .buy, 100))
        bench.depth(bid: bid)
        #expect(bench.decisions.contains { $0.action == .flatten && $0.reason == .drawdown } == flattens)
    }

    @Test func `limits name every mistake at once`() {
        let text = #"{"max_position": -1, "max_positon": 5}"#
        let problem = #expect(throws: Limits.Problem.self) { try Limits(parsing: Array(text.utf8)) }
        #expect(problem?.mistakes.contains { $0.contains("unknown key 'max_positon'") } == true)
        #expect(problem?.mistakes.contains { $0.contains("missing key 'opening_equity'") } == true)
        #expect(problem?.mistakes.contains { $0.contains("'max_position': expected") } == true)
    }

    @Test func `limits read back what they write`() throws {
        #expect(try Limits(parsing: Limits().json.bytes()) == Limits())
    }
}
