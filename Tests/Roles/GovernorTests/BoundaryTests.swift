import Books
import FIX
import Messages
import Testing
import Units

import GovernorCore

/// The edges that `OpeningCheckTests` doesn't walk: the other side, the other symbol, the missing input, the last
/// nanosecond of a window.
struct BoundaryTests {
    typealias Case = (Int64, Decision.Reason)

    @Test(arguments: [(-1, .duplicateContent), (0, .ok), (1, .ok)] as [Case])
    func `the duplicate window ends exactly when it is over`(offset: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        bench.now = bench.now + .nanoseconds(5_000_000 + offset)
        #expect(bench.reason(bench.intent("b")) == expected)
    }

    @Test func `another side, quantity, limit, time in force or symbol is another content`() {
        var bench = Bench.ready()
        bench.depth("AMD")
        #expect(bench.reason(bench.intent("a", limit: 990_000)) == .ok)
        #expect(bench.reason(bench.intent("b", .sell, limit: 1_010_000)) == .ok)
        #expect(bench.reason(bench.intent("c", .buy, 11, limit: 990_000)) == .ok)
        #expect(bench.reason(bench.intent("d", limit: 990_100)) == .ok)
        #expect(bench.reason(bench.intent("e", limit: 990_000, timeInForce: .ioc)) == .ok)
        #expect(bench.reason(bench.intent("f", limit: 990_000, timeInForce: .fok)) == .ok)
        #expect(bench.reason(bench.intent("g", limit: 990_000, symbol: "AMD")) == .ok)
        #expect(bench.reason(bench.intent("h", limit: 990_000)) == .duplicateContent)
    }

    @Test func `a denied order is no content that a later one repeats`() {
        var bench = Bench.ready { $0.maxRepeatedOrders = 1 }
        bench.keys(pause: "true")
        #expect(bench.reason(bench.intent("a")) == .paused)
        bench.keys()
        #expect(bench.reason(bench.intent("b")) == .ok)
    }

    @Test(arguments: [(-1, .repeatedExecution), (0, .ok)] as [Case])
    func `the repeat window ends exactly when it is over`(offset: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.maxRepeatedOrders = 1
            $0.duplicateWindow = .zero
        }
        #expect(bench.reason(bench.intent("a")) == .ok)
        bench.now = bench.now + .nanoseconds(1_000_000_000 + offset)
        bench.keys()
        bench.depth()
        #expect(bench.reason(bench.intent("b")) == expected)
    }

    @Test(arguments: [(499, .ok), (500, .ok), (501, .staleFeed)] as [Case])
    func `a book's age counts from its sending, not from its arrival`(late: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.depth(late: .milliseconds(late))
        #expect(bench.reason(bench.intent("a")) == expected)
    }

    @Test(arguments: [(-1, .ok), (0, .ok), (1, .staleFeed)] as [Case])
    func `a book is fresh to the last nanosecond of its age`(offset: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.now = bench.now + .nanoseconds(500_000_000 + offset)
        #expect(bench.reason(bench.intent("a")) == expected)
    }

    @Test(arguments: [(999_900, .ok), (1_000_000, .staleFeed), (1_000_100, .staleFeed)] as [Case])
    func `a bid at the ask is crossed, one cent below is not`(bid: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.depth(bid: bid, ask: 1_000_000)
        #expect(bench.reason(bench.intent("a", limit: 990_000)) == expected)
    }

    @Test(arguments: [(nil, 1_000_200), (1_000_000, nil), (nil, nil)] as [(Int64?, Int64?)])
    func `a book with a side missing is no reference`(bid: Int64?, ask: Int64?) {
        var bench = Bench.ready()
        bench.depth(bid: bid, ask: ask)
        #expect(bench.reason(bench.intent("a")) == .noReference)
    }

    @Test(arguments: [(1_000_000_000_000, .ok), (1_000_000_000_001, .staleFeed)] as [Case])
    func `a price that no share can have makes the book stale`(ask: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.maxOrderNotional = Money(units: 1 << 55)
            $0.maxOpenNotional = Money(units: 1 << 55)
            $0.openingEquity = Money(units: 1 << 55)
        }
        bench.depth(bid: ask - 100, ask: ask)
        #expect(bench.reason(bench.intent("a", .buy, 1, limit: nil)) == expected)
    }

    @Test(arguments: [(950_000, .priceCollar), (950_100, .ok), (950_200, .ok), (1_050_101, .priceCollar)] as [Case])
    func `the collar's lower bound is as sharp as its upper one`(limit: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", .sell, 1, limit: limit)) == expected)
    }

    @Test(arguments: [(Side.buy, "105.01"), (.sell, "95.01")] as [(Side, String)])
    func `a market order leaves as a limit order at the collar, immediate or cancel`(side: Side, price: String) {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", side, 1, limit: nil)) == .ok)
        bench.hear(.durable(["a"]))
        #expect(bench.orders.first?[.price] == price)
        #expect(bench.orders.first?[.ordType] == "2")
        #expect(bench.orders.first?[.timeInForce] == "3")
    }

    @Test(arguments: [(1, .ok), (0, .ok), (-1, .maxNotional)] as [Case])
    func `a market order is valued at the ask`(room: Int64, expected: Decision.Reason) {
        var bench = Bench.ready { $0.maxOrderNotional = Money(units: 10 * 1_000_200 + room) }
        #expect(bench.reason(bench.intent("a", .sell, 10, limit: nil)) == expected)
    }

    @Test func `a notional that doesn't fit 64 bits is denied`() {
        var bench = Bench.ready {
            $0.maxOrderQuantity = Quantity(shares: 1 << 56)
            $0.maxOrderNotional = Money(units: 1 << 56)
        }
        #expect(bench.reason(bench.intent("a", .buy, 1 << 50)) == .maxNotional)
    }

    @Test(arguments: [(39, .ok), (40, .ok), (41, .maxPosition)] as [Case])
    func `the position limit binds shorts as it binds longs`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready { $0.maxPosition = Quantity(shares: 100) }
        bench.fill(bench.intent("a", .sell, 30, limit: 1_000_000), at: 1_000_000)
        #expect(bench.reason(bench.intent("b", .sell, 30, limit: 1_010_000)) == .ok)
        #expect(bench.reason(bench.intent("c", .sell, quantity, limit: 1_010_000)) == expected)
    }

    @Test func `an order of the other side takes nothing off the position limit until it trades`() {
        var bench = Bench.ready { $0.maxPosition = Quantity(shares: 100) }
        bench.fill(bench.intent("a", .buy, 100))
        #expect(bench.reason(bench.intent("b", .sell, 50, limit: 1_010_000)) == .ok)
        #expect(bench.reason(bench.intent("c", .buy, 1, limit: 990_000)) == .maxPosition)
    }

    @Test(arguments: [(4, .ok), (5, .ok), (6, .grossExposure)] as [Case])
    func `gross exposure adds longs and shorts of all symbols`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 10 * 1_000_200)
            $0.maxNetExposureBasisPoints = 1_000_000
            $0.maxDailyLossBasisPoints = 10_000
            $0.maxDrawdownBasisPoints = 10_000
        }
        bench.depth("AMD")
        bench.fill(bench.intent("short", .sell, 5, limit: 1_000_000, symbol: "AMD"), at: 1_000_000)
        #expect(bench.reason(bench.intent("a", .buy, quantity, limit: 990_000)) == expected)
    }

    @Test(arguments: [(14, .ok), (15, .ok), (16, .netExposure)] as [Case])
    func `net exposure sets longs off against shorts that have traded`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 10 * 1_000_200)
            $0.maxGrossExposureBasisPoints = 1_000_000
            $0.maxDailyLossBasisPoints = 10_000
            $0.maxDrawdownBasisPoints = 10_000
        }
        bench.depth("AMD")
        bench.fill(bench.intent("short", .sell, 5, limit: 1_000_000, symbol: "AMD"), at: 1_000_000)
        #expect(bench.reason(bench.intent("a", .buy, quantity, limit: 990_000)) == expected)
    }

    @Test(arguments: [(9, .ok), (10, .ok), (11, .grossExposure)] as [Case])
    func `gross exposure binds shorts as it binds longs`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 10 * 1_000_200)
            $0.maxNetExposureBasisPoints = 1_000_000
        }
        #expect(bench.reason(bench.intent("a", .sell, quantity, limit: 1_010_000)) == expected)
    }

    @Test(arguments: [(9, .ok), (10, .ok), (11, .netExposure)] as [Case])
    func `net exposure binds shorts as it binds longs`(quantity: Int64, expected: Decision.Reason) {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 10 * 1_000_200)
            $0.maxGrossExposureBasisPoints = 1_000_000
        }
        #expect(bench.reason(bench.intent("a", .sell, quantity, limit: 1_010_000)) == expected)
    }

    @Test(arguments: [(4, .ok), (5, .ok), (6, .grossExposure)] as [Case])
    func `a position of an earlier life counts in the exposure`(quantity: Int64, expected: Decision.Reason) {
        var memory = Recovered()
        memory.fills = [
            Fill(
                execID: "1", orderID: "1", symbol: "AMD", side: .buy, quantity: Quantity(shares: 5),
                price: Price(units: 1_000_200), addsLiquidity: false)
        ]
        var bench = Bench.ready(memory) { $0.openingEquity = Money(units: 10 * 1_000_200) }
        #expect(bench.reason(bench.intent("a", .buy, quantity, limit: 990_000)) == expected)
    }

    @Test func `what lowers an exposure beyond its limit is not denied for it`() {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 11 * 1_000_200)
            $0.maxDailyLossBasisPoints = 10_000
            $0.maxDrawdownBasisPoints = 10_000
        }
        bench.fill(bench.intent("a", .buy, 10))
        bench.depth(bid: 1_400_000, ask: 1_400_200)
        #expect(bench.reason(bench.intent("b", .buy, 1, limit: 1_390_000)) == .grossExposure)
        #expect(bench.reason(bench.intent("c", .sell, 5, limit: 1_400_000)) == .ok)
    }

    @Test func `an open order in a symbol without any price denies: its exposure is unknown`() {
        var memory = Recovered()
        memory.orders = [
            OrderRow(
                clOrdID: "old", origClOrdID: nil, reference: "old", symbol: "AMD", side: .buy,
                quantity: Quantity(shares: 1), price: Price(units: 1), timeInForce: .day, reducing: false, epoch: 1,
                status: .pending, cumulative: .zero, leaves: Quantity(shares: 1), decided: WallTime(nanoseconds: 0),
                updated: WallTime(nanoseconds: 0))
        ]
        var bench = Bench()
        bench.hear(.recovered(memory))
        bench.keys()
        bench.hear(.session(.loggedOn))
        let id = bench.lastSent(MsgType.orderMassStatusRequest)?[.massStatusReqID] ?? ""
        let fields: [(FIX.Tag, String)] = [
            (.clOrdID, "old"), (.massStatusReqID, id), (.lastRptRequested, "Y"), (.ordStatus, "0"), (.symbol, "AMD"),
        ]
        bench.hear(.report(bench.report("I", fields)))
        bench.depth()
        #expect(bench.reason(bench.intent("a")) == .noReference)
        bench.depth("AMD")
        #expect(bench.reason(bench.intent("b")) == .ok)
    }

    @Test(arguments: [(3, .ok), (4, .ok), (5, .openOrders)] as [Case])
    func `open orders pass to the limit, and a replace is none more`(count: Int64, expected: Decision.Reason) {
        var bench = Bench.ready { $0.maxOpenOrders = 4 }
        bench.rest(bench.intent("first", .buy, 100, limit: 990_000))
        for number in 2..<max(3, count) { _ = bench.decide(bench.intent("o\(number)", .buy, number, limit: 990_000)) }
        #expect(bench.reason(bench.intent("last", .buy, 50, limit: 990_000)) == expected)
        #expect(bench.reason(bench.replace("r", of: "first", 101)) == .ok)
    }

    @Test(arguments: [(1_009_900, .ok), (1_010_000, .ok), (1_010_100, .openOrders)] as [Case])
    func `a replace at a dearer price counts in the open notional`(limit: Int64, expected: Decision.Reason) {
        var bench = Bench.ready { $0.maxOpenNotional = Money(units: 10 * 990_000 + 10 * 1_010_000) }
        bench.rest(bench.intent("a", .buy, 10, limit: 990_000))
        bench.rest(bench.intent("b", .buy, 10, limit: 980_000))
        #expect(bench.reason(bench.replace("r", of: "b", 10, limit: limit)) == expected)
    }

    @Test(arguments: [(-1, .messageRate), (0, .ok)] as [Case])
    func `the opening rate's second ends exactly when it is over`(offset: Int64, expected: Decision.Reason) {
        var bench = Bench.ready { $0.maxOrdersPerSecond = 1 }
        #expect(bench.reason(bench.intent("a", .buy, 1)) == .ok)
        bench.now = bench.now + .nanoseconds(1_000_000_000 + offset)
        bench.keys()
        bench.depth()
        #expect(bench.reason(bench.intent("b", .buy, 2)) == expected)
    }

    @Test func `a rejected order takes nothing of the opening rate`() {
        var bench = Bench.ready { $0.maxOrdersPerSecond = 1 }
        #expect(bench.reason(bench.intent("a", .buy, 0)) == .badField)
        #expect(bench.reason(bench.intent("b", .buy, 1)) == .ok)
        #expect(bench.reason(bench.intent("c", .buy, 2)) == .messageRate)
    }

    @Test(arguments: [(989_900, .ok), (990_000, .selfTrade), (990_100, .selfTrade)] as [Case])
    func `a buy meets our own offer at its price and above`(limit: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.rest(bench.intent("a", .sell, 1, limit: 990_000))
        #expect(bench.reason(bench.intent("b", .buy, 1, limit: limit)) == expected)
    }

    @Test(arguments: [(1_010_100, .ok), (1_010_000, .selfTrade), (1_009_900, .selfTrade)] as [Case])
    func `a sell meets our own bid at its price and below`(limit: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.rest(bench.intent("a", .buy, 1, limit: 1_010_000))
        #expect(bench.reason(bench.intent("b", .sell, 1, limit: limit)) == expected)
    }

    @Test(arguments: [(99, .ok), (100, .ok), (101, .selfTrade)] as [Case])
    func `a market order reaches as far as the book needs, beyond it to the collar`(
        quantity: Int64, expected: Decision.Reason
    ) {
        var bench = Bench.ready()
        bench.depth(size: 100)
        bench.rest(bench.intent("a", .sell, 1, limit: 1_000_300))
        #expect(bench.reason(bench.intent("b", .buy, quantity, limit: nil)) == expected)
    }

    @Test func `a daily loss denies until the process ends, also when the price is back`() {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 100_000_000)
            $0.maxDailyLossBasisPoints = 40
            $0.maxGrossExposureBasisPoints = 100_000
            $0.maxNetExposureBasisPoints = 100_000
        }
        bench.fill(bench.intent("a", .buy, 100))
        bench.depth(bid: 996_100)
        bench.depth()
        #expect(bench.reason(bench.intent("b", .buy, 1, limit: 1_000_000)) == .dailyLoss)
        #expect(bench.governor.view.state == .reduceOnly)
        #expect(bench.reason(bench.intent("c", .sell, 100, limit: 1_000_000, reduceOnly: true)) == .ok)
    }

    @Test func `a drawdown denies until the process ends, also in another symbol`() {
        var bench = Bench.ready {
            $0.openingEquity = Money(units: 100_000_000)
            $0.maxDailyLossBasisPoints = 10_000
            $0.maxGrossExposureBasisPoints = 100_000
            $0.maxNetExposureBasisPoints = 100_000
        }
        bench.fill(bench.intent("a", .buy, 100))
        bench.depth(bid: 920_100)
        bench.depth()
        bench.depth("AMD")
        #expect(bench.governor.view.state == .reduceOnly)
        #expect(bench.reason(bench.intent("b", .buy, 1, limit: 1_000_000, symbol: "AMD")) == .drawdown)
    }

    @Test func `a loss of an earlier life counts, flat or not`() {
        for sold in [100, 40] as [Int64] {
            var memory = Recovered()
            memory.fills = [
                Fill(
                    execID: "1", orderID: "1", symbol: "NVDA", side: .buy, quantity: Quantity(shares: 100),
                    price: Price(units: 5_000_000), addsLiquidity: false),
                Fill(
                    execID: "2", orderID: "2", symbol: "NVDA", side: .sell, quantity: Quantity(shares: sold),
                    price: Price(units: 1_000_000), addsLiquidity: false),
            ]
            var bench = Bench.ready(memory) { $0.maxDailyLossBasisPoints = 1 }
            #expect(bench.reason(bench.intent("a", .buy, 1, limit: 990_000)) == .dailyLoss)
        }
    }

    @Test func `an equity that can't be computed denies`() {
        // Short of 2^56 shares, bought back for more than 64 bits hold.
        var memory = Recovered()
        memory.fills = [
            Fill(
                execID: "1", orderID: "1", symbol: "AMD", side: .sell, quantity: Quantity(shares: 1 << 56),
                price: Price(units: 1), addsLiquidity: false)
        ]
        var bench = Bench.ready(memory) {
            $0.maxGrossExposureBasisPoints = 1 << 56
            $0.maxNetExposureBasisPoints = 1 << 56
            $0.openingEquity = Money(units: 1 << 56)
        }
        bench.depth("AMD", bid: 999_900, ask: 1_000_000)
        bench.depth()
        #expect(bench.reason(bench.intent("a", .buy, 1, limit: 1_000_000, symbol: "AMD")) == .noReference)
    }
}
