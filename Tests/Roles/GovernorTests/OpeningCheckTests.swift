import Messages
import Testing
import Units

import GovernorCore

/// Every limit at limit − 1, at the limit and at limit + 1; every missing input; the exit's way past each check.
struct OpeningCheckTests {
    @Test func `a sound order is accepted`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
    }

    @Test(arguments: [(999, Decision.Reason.ok), (1_000, .ok), (1_001, .maxQuantity)] as [(Int64, Decision.Reason)])
    func `the quantity limit passes at the limit and denies one more`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", .buy, quantity)) == expected)
    }

    @Test(arguments: [(9, Decision.Reason.ok), (10, .ok), (11, .maxNotional)] as [(Int64, Decision.Reason)])
    func `the notional limit passes at the limit and denies one more share`(quantity: Int64, expected: Decision.Reason)
    {
        var bench = Bench.ready { $0.maxOrderNotional = Money(units: 10 * 1_000_000) }
        #expect(bench.reason(bench.intent("a", .buy, quantity, limit: 1_000_000)) == expected)
    }

    @Test(arguments: [(39, Decision.Reason.ok), (40, .ok), (41, .maxPosition)] as [(Int64, Decision.Reason)])
    func `the position limit counts the position and what is open`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready { $0.maxPosition = Quantity(shares: 100) }
        bench.fill(bench.intent("a", .buy, 30))
        #expect(bench.reason(bench.intent("b", .buy, 30, limit: 990_000)) == .ok)
        #expect(bench.reason(bench.intent("c", .buy, quantity)) == expected)
    }

    @Test(arguments: [(9, Decision.Reason.ok), (10, .ok), (11, .grossExposure)] as [(Int64, Decision.Reason)])
    func `gross exposure passes at the limit and denies one more share`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 10 * 1_000_200)
            $0.maxNetExposureBasisPoints = 1_000_000
        }
        #expect(bench.reason(bench.intent("a", .buy, quantity)) == expected)
    }

    @Test(arguments: [(9, Decision.Reason.ok), (10, .ok), (11, .netExposure)] as [(Int64, Decision.Reason)])
    func `net exposure passes at the limit and denies one more share`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 10 * 1_000_200)
            $0.maxGrossExposureBasisPoints = 1_000_000
        }
        #expect(bench.reason(bench.intent("a", .buy, quantity)) == expected)
    }

    @Test func `the last open order within the limit passes and the next is denied`() {
        var bench = Bench.ready { $0.maxOpenOrders = 2 }
        #expect(bench.reason(bench.intent("a", .buy, 1)) == .ok)
        #expect(bench.reason(bench.intent("b", .buy, 2)) == .ok)
        #expect(bench.reason(bench.intent("c", .buy, 3)) == .openOrders)
    }

    @Test(arguments: [(9, Decision.Reason.ok), (10, .ok), (11, .openOrders)] as [(Int64, Decision.Reason)])
    func `open notional passes at the limit and denies one more share`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready { $0.maxOpenNotional = Money(units: 10 * 1_000_000) }
        #expect(bench.reason(bench.intent("a", .buy, quantity, limit: 1_000_000)) == expected)
    }

    @Test func `the rate counts a sliding second and rejects what is over it`() {
        var bench = Bench.ready { $0.maxOrdersPerSecond = 2 }
        #expect(bench.reason(bench.intent("a", .buy, 1)) == .ok)
        #expect(bench.reason(bench.intent("b", .buy, 2)) == .ok)
        #expect(bench.reason(bench.intent("c", .buy, 3)) == .messageRate)
        bench.wait(.seconds(1))
        bench.depth()
        #expect(bench.reason(bench.intent("d", .buy, 4)) == .ok)
    }

    @Test func `the same content within the window is a duplicate, after it is not`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        #expect(bench.reason(bench.intent("b")) == .duplicateContent)
        bench.wait(.milliseconds(10))
        #expect(bench.reason(bench.intent("c")) == .ok)
    }

    @Test func `content repeated more often than allowed is denied`() {
        var bench = Bench.ready {
            $0.maxRepeatedOrders = 2
            $0.duplicateWindow = .zero
        }
        #expect(bench.reason(bench.intent("a")) == .ok)
        #expect(bench.reason(bench.intent("b")) == .ok)
        #expect(bench.reason(bench.intent("c")) == .repeatedExecution)
    }

    @Test(
        arguments: [
            (1_050_000, Decision.Reason.ok), (1_050_100, .ok), (1_050_200, .priceCollar), (900_000, .priceCollar),
        ] as [(Int64, Decision.Reason)])
    func `the collar passes its own bounds and nothing beyond`(limit: Int64, expected: Decision.Reason) {
        // Around 100.01: 105.0105 and 95.0095, in whole cents inwards: 105.01 and 95.01.
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", .buy, 1, limit: limit)) == expected)
    }

    @Test func `an id is decided once`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        #expect(bench.reason(bench.intent("a", .buy, 11)) == .duplicateIntent)
    }

    @Test func `an id of an earlier life is a duplicate order`() {
        var bench = Bench()
        var memory = Recovered()
        memory.references = ["a"]
        bench.hear(.recovered(memory))
        bench.keys()
        bench.hear(.session(.loggedOn))
        bench.finishStatus()
        bench.depth()
        #expect(bench.reason(bench.intent("a")) == .duplicateOrder)
    }

    @Test func `without a book there is no reference`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", symbol: "AMD")) == .noReference)
    }

    @Test(arguments: [(500, Decision.Reason.ok), (510, .staleFeed)] as [(Int64, Decision.Reason)])
    func `a book of the maximum age is fresh, an older one is not`(age: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.wait(.milliseconds(age))
        #expect(bench.reason(bench.intent("a")) == expected)
    }

    @Test func `a crossed book is stale`() {
        var bench = Bench.ready()
        bench.depth(bid: 1_000_200, ask: 1_000_000)
        #expect(bench.reason(bench.intent("a")) == .staleFeed)
    }

    @Test func `a halted symbol takes no orders`() {
        var bench = Bench.ready()
        bench.depth(status: .halted)
        #expect(bench.reason(bench.intent("a")) == .halted)
    }

    @Test(arguments: [0, -1] as [Int64]) func `a quantity of nothing is a bad field`(quantity: Int64) {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", .buy, quantity)) == .badField)
    }

    @Test func `an order that would meet our own is denied`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", .sell, 10, limit: 1_000_400)) == .ok)
        #expect(bench.reason(bench.intent("b", .buy, 10, limit: 1_000_400)) == .selfTrade)
        #expect(bench.reason(bench.intent("c", .buy, 10, limit: 1_000_300)) == .ok)
    }

    @Test(arguments: [(996_200, Decision.Reason.ok), (996_100, .dailyLoss)] as [(Int64, Decision.Reason)])
    func `the daily loss passes at the limit and denies beyond`(bid: Int64, expected: Decision.Reason) {
        // 100 shares at 100.02, opening equity 10,000, limit 0.40 %: 40 dollars, at a bid of 99.62.
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 100_000_000)
            $0.maxDailyLossBasisPoints = 40
            $0.maxGrossExposureBasisPoints = 100_000
            $0.maxNetExposureBasisPoints = 100_000
        }
        bench.fill(bench.intent("a", .buy, 100))
        bench.depth(bid: bid)
        #expect(bench.reason(bench.intent("b", .buy, 1, limit: 1_000_000)) == expected)
    }

    @Test func `bytes that wait unsent reject at once`() {
        var bench = Bench.ready()
        bench.unsentBytes = 1
        #expect(bench.reason(bench.intent("a")) == .pathBackedUp)
    }

    @Test func `a verified exit passes while paused, with a stale book`() {
        var bench = Bench.ready()
        bench.fill(bench.intent("a", .buy, 10))
        bench.keys(pause: "true")
        bench.wait(.milliseconds(600), readingKeys: false)
        let decision = bench.decide(bench.intent("b", .sell, 10, limit: 990_000, reduceOnly: true))
        #expect(decision?.action == .accept)
        #expect(bench.hear(.durable(["b"])).count > 0)
        #expect(bench.orders.first?[.positionEffect] == "C")
    }

    @Test func `an exit larger than the position is reduced to it`() {
        var bench = Bench.ready()
        bench.fill(bench.intent("a", .buy, 10))
        let decision = bench.decide(bench.intent("b", .sell, 25, limit: 990_000, reduceOnly: true))
        #expect(decision?.action == .reduce)
        #expect(decision?.quantity == Quantity(shares: 10))
    }

    @Test(arguments: [Side.buy, .sell]) func `an exit while flat reduces nothing`(side: Side) {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", side, 10, limit: 1_000_000, reduceOnly: true)) == .notReducing)
    }
}
