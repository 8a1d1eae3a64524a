import FIX
import Messages
import Testing
import Units

import GovernorCore

/// The shorter table: reduce-only orders and cancels, their own checks and what they are exempt from.
struct ExitCheckTests {
    typealias Case = (Int64, Decision.Reason)

    private func holding(_ shares: Int64 = 10, _ change: (inout Limits) -> Void = { _ in }) -> Bench {
        var bench = Bench.ready(Recovered(), change)
        bench.fill(bench.intent("bought", .buy, shares))
        return bench
    }

    private func exit(_ bench: Bench, _ id: String, _ quantity: Int64 = 10, limit: Int64? = 1_000_000) -> Intent {
        bench.intent(id, .sell, quantity, limit: limit, reduceOnly: true)
    }

    // Proof of reduction.

    @Test(
        arguments: [(9, .accept, 9), (10, .accept, 10), (11, .reduce, 10)]
            as [(Int64, Decision.Action, Int64)])
    func `an exit passes to the position, and one more share is cut off`(
        asked: Int64, action: Decision.Action, given: Int64
    ) {
        var bench = holding()
        let decision = bench.decide(exit(bench, "a", asked))
        #expect(decision?.action == action)
        #expect(decision?.quantity == Quantity(shares: given))
    }

    @Test func `what works on the same side leaves less to reduce, and in the end nothing`() {
        var bench = holding()
        bench.rest(bench.intent("offer", .sell, 4, limit: 1_010_000))
        #expect(bench.decide(exit(bench, "a", 7))?.quantity == Quantity(shares: 6))
        #expect(bench.reason(exit(bench, "b", 1)) == .notReducing)
    }

    @Test func `an exit on the side of the position opens, and is denied`() {
        var bench = holding()
        #expect(bench.reason(bench.intent("a", .buy, 1, limit: 1_000_000, reduceOnly: true)) == .notReducing)
    }

    @Test func `a short is bought back`() {
        var bench = Bench.ready()
        bench.fill(bench.intent("sold", .sell, 10, limit: 1_000_000), at: 1_000_000)
        #expect(bench.reason(bench.intent("a", .buy, 10, reduceOnly: true)) == .ok)
    }

    @Test func `an exit is cut to the largest order, not denied for it`() {
        var bench = holding(10) { $0.maxOrderQuantity = Quantity(shares: 10) }
        bench.fill(bench.intent("more", .buy, 9))
        let decision = bench.decide(exit(bench, "a", 19))
        #expect(decision?.action == .reduce)
        #expect(decision?.quantity == Quantity(shares: 10))
    }

    @Test func `an exit whose position is gone when it is durable is withdrawn`() {
        var bench = holding()
        #expect(bench.reason(exit(bench, "a")) == .ok)
        bench.trade("elsewhere", .sell, 1, at: 1_000_000)
        bench.hear(.durable(["a"]))
        #expect(bench.orders.isEmpty)
        #expect(bench.decisions.first?.reason == .notReducing)
    }

    // Reference and collar.

    @Test(arguments: [(950_000, .priceCollar), (950_100, .ok)] as [Case])
    func `with a good book an exit has the opening's collar`(limit: Int64, expected: Decision.Reason) {
        var bench = holding()
        #expect(bench.reason(exit(bench, "a", limit: limit)) == expected)
    }

    @Test(arguments: [(900_000, .priceCollar), (900_100, .ok)] as [Case])
    func `with a stale book the last good one counts, its collar doubled`(limit: Int64, expected: Decision.Reason) {
        var bench = holding()
        bench.wait(.milliseconds(600))
        #expect(bench.reason(exit(bench, "a", limit: limit)) == expected)
    }

    @Test(arguments: [(900_000, .priceCollar), (900_100, .ok)] as [Case])
    func `a crossed book is no reference for an exit, the one before it is`(limit: Int64, expected: Decision.Reason) {
        var bench = holding()
        bench.depth(bid: 2_000_100, ask: 2_000_000)
        #expect(bench.reason(exit(bench, "a", limit: limit)) == expected)
    }

    @Test(arguments: [(899_900, .priceCollar), (900_000, .ok)] as [Case])
    func `without any book the last fill is the reference, the collar doubled`(
        limit: Int64, expected: Decision.Reason
    ) {
        var bench = Bench.ready()
        bench.trade("elsewhere", .buy, 10, at: 1_000_000, symbol: "AMD")
        var intent = exit(bench, "a", limit: limit)
        intent.symbol = "AMD"
        #expect(bench.reason(intent) == expected)
    }

    @Test func `a market exit leaves at the collar's edge`() {
        var bench = holding()
        #expect(bench.reason(exit(bench, "a", limit: nil)) == .ok)
        bench.hear(.durable(["a"]))
        #expect(bench.orders.first?[.price] == "95.01")
    }

    // Budgets.

    @Test func `exits have a budget of their own: one more than it is denied, until the second is over`() {
        var bench = holding(10) { $0.maxExitsPerSecond = 2 }
        #expect(bench.reason(exit(bench, "a", 1)) == .ok)
        #expect(bench.reason(exit(bench, "b", 2)) == .ok)
        #expect(bench.reason(exit(bench, "c", 3)) == .messageRate)
        bench.now = bench.now + .nanoseconds(999_999_999)
        #expect(bench.reason(exit(bench, "d", 3)) == .messageRate)
        bench.now = bench.now + .nanoseconds(1)
        #expect(bench.reason(exit(bench, "e", 3)) == .ok)
    }

    @Test func `cancels have a budget of their own: one more than it is denied, until the second is over`() {
        var bench = Bench.ready { $0.maxCancelsPerSecond = 2 }
        for name in ["a", "b", "c", "d"] { bench.rest(bench.intent(name, .buy, Int64(name.utf8.first ?? 1), limit: 990_000)) }
        #expect(bench.reason(bench.cancel("1", of: "a")) == .ok)
        #expect(bench.reason(bench.cancel("2", of: "b")) == .ok)
        #expect(bench.reason(bench.cancel("3", of: "c")) == .messageRate)
        bench.now = bench.now + .nanoseconds(999_999_999)
        #expect(bench.reason(bench.cancel("4", of: "c")) == .messageRate)
        bench.now = bench.now + .nanoseconds(1)
        #expect(bench.reason(bench.cancel("5", of: "c")) == .ok)
    }

    @Test func `three budgets, none of which takes from another`() {
        var bench = holding(10) {
            $0.maxOrdersPerSecond = 2
            $0.maxExitsPerSecond = 1
            $0.maxCancelsPerSecond = 1
        }
        bench.rest(bench.intent("rests", .buy, 3, limit: 990_000))
        #expect(bench.reason(bench.intent("o", .buy, 4, limit: 990_000)) == .messageRate)
        #expect(bench.reason(exit(bench, "e", 1)) == .ok)
        #expect(bench.reason(exit(bench, "f", 2)) == .messageRate)
        #expect(bench.reason(bench.cancel("c", of: "rests")) == .ok)
        #expect(bench.reason(bench.cancel("d", of: "rests")) == .messageRate)
    }

    @Test func `a cancel of nothing, of an order that has ended, or of one not sent yet has no target`() {
        var bench = holding()
        #expect(bench.reason(bench.cancel("a", of: "nobody")) == .unknownTarget)
        #expect(bench.reason(bench.cancel("b", of: "bought")) == .unknownTarget)
        #expect(bench.reason(bench.intent("waits", .buy, 1, limit: 990_000)) == .ok)
        #expect(bench.reason(bench.cancel("c", of: "waits")) == .unknownTarget)
    }

    // Own orders in the way.

    @Test(arguments: [(999_900, ["bid"]), (1_000_000, ["bid"]), (1_000_100, [])] as [(Int64, [String])])
    func `an own order in an exit's way is cancelled before the exit leaves`(limit: Int64, cancelled: [String]) {
        var bench = holding()
        bench.rest(bench.intent("bid", .buy, 5, limit: 1_000_000))
        #expect(bench.reason(exit(bench, "a", limit: limit)) == .ok)
        let names = bench.directives.compactMap { directive -> String? in
            if case .send(let message) = directive, message.msgType == MsgType.orderCancelRequest {
                message[.origClOrdID]
            } else {
                nil
            }
        }
        #expect(names == cancelled)
        bench.hear(.durable(["a"]))
        #expect(bench.orders.count == 1)
    }

    @Test func `an own order in an exit's way that waits for the store is withdrawn`() {
        var bench = holding()
        #expect(bench.reason(bench.intent("bid", .buy, 5, limit: 1_000_000)) == .ok)
        #expect(bench.reason(exit(bench, "a")) == .ok)
        #expect(bench.decisions.contains { $0.intent == "bid" && $0.action == .withdrawn && $0.reason == .selfTrade })
    }

    // Exemptions.

    @Test func `an exit is exempt from halts, gaps, contents, exposure, open orders and the opening rate`() {
        var bench = holding(10) {
            $0.openingEquity = Money(units: 11 * 1_000_200)
            $0.maxOpenOrders = 1
            $0.maxOrdersPerSecond = 2
            $0.maxOpenNotional = Money(units: 10 * 1_000_200)
            $0.maxOrderNotional = Money(units: 10 * 1_000_200)
            $0.maxPosition = Quantity(shares: 10)
        }
        bench.depth(bid: 1_400_000, ask: 1_400_200, status: .halted)
        #expect(bench.reason(bench.intent("no", .buy, 1, limit: 1_400_000)) == .halted)
        #expect(bench.reason(exit(bench, "a", 4, limit: 1_400_000)) == .ok)
        #expect(bench.reason(exit(bench, "b", 4, limit: 1_400_000)) == .ok)
        bench.loseDepth()
        bench.depth(bid: 1_400_000, ask: 1_400_200)
        #expect(bench.reason(exit(bench, "c", 2, limit: 1_400_000)) == .ok)
    }

    @Test func `without any price an exit has no reference`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", .sell, 1, limit: nil, reduceOnly: true, symbol: "AMD")) == .notReducing)
    }
}
