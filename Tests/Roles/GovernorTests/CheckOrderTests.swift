import Books
import FIX
import Messages
import Testing
import Units

import GovernorCore

/// The checks of an opening come in the order of the contract: of several that don't pass, the first is the reason.
struct CheckOrderTests {
    /// One way to break each check that needs no accepted order before it.
    enum Breach: Int, CaseIterable {
        case badField, duplicateIntent, staleFeed, priceCollar, maxQuantity, maxNotional, maxPosition, grossExposure
        case netExposure, openOrders, messageRate, repeatedExecution, selfTrade, dailyLoss, reduceOnly

        var reason: Decision.Reason {
            switch self {
            case .badField: .badField
            case .duplicateIntent: .duplicateIntent
            case .staleFeed: .staleFeed
            case .priceCollar: .priceCollar
            case .maxQuantity: .maxQuantity
            case .maxNotional: .maxNotional
            case .maxPosition: .maxPosition
            case .grossExposure: .grossExposure
            case .netExposure: .netExposure
            case .openOrders: .openOrders
            case .messageRate: .messageRate
            case .repeatedExecution: .repeatedExecution
            case .selfTrade: .selfTrade
            case .dailyLoss: .dailyLoss
            case .reduceOnly: .reduceOnly
            }
        }

        func set(_ limits: inout Limits) {
            switch self {
            case .maxQuantity: limits.maxOrderQuantity = Quantity(shares: 9)
            case .maxNotional: limits.maxOrderNotional = Money(units: 1)
            case .maxPosition: limits.maxPosition = .zero
            case .grossExposure: limits.maxGrossExposureBasisPoints = 0
            case .netExposure: limits.maxNetExposureBasisPoints = 0
            case .openOrders: limits.maxOpenOrders = 0
            case .messageRate: limits.maxOrdersPerSecond = 0
            case .repeatedExecution: limits.maxRepeatedOrders = 0
            case .dailyLoss: limits.maxDailyLossBasisPoints = 0
            default: break
            }
        }
    }

    /// A governor that remembers a loss of 100 dollars and a resting sell of its own at 100.00.
    private func bench(breaking breaches: ArraySlice<Breach>) -> Bench {
        var memory = Recovered()
        if breaches.contains(.dailyLoss) {
            memory.fills = [fill("1", .buy, at: 2_000_000), fill("2", .sell, at: 1_000_000)]
        }
        // Something to flatten, or the obligation would be met at once.
        if breaches.contains(.reduceOnly) { memory.fills += [fill("3", .buy, "AMD", at: 1_000_000)] }
        if breaches.contains(.selfTrade) { memory.orders = [restingSell()] }
        var bench = Bench { limits in
            for breach in breaches { breach.set(&limits) }
        }
        bench.hear(.recovered(memory))
        bench.keys()
        bench.hear(.session(.loggedOn))
        let id = bench.lastSent(MsgType.orderMassStatusRequest)?[.massStatusReqID] ?? ""
        if breaches.contains(.selfTrade) {
            bench.hear(
                .report(
                    bench.report(
                        "I",
                        [
                            (.clOrdID, "sell"), (.massStatusReqID, id), (.lastRptRequested, "Y"), (.ordStatus, "0"),
                            (.symbol, "NVDA"), (.side, "2"), (.orderQty, "1"), (.leavesQty, "1"), (.price, "100"),
                        ])))
        } else {
            bench.hear(.report(bench.report("I", [(.massStatusReqID, id), (.totNumReports, "0"), (.ordStatus, "8")])))
        }
        bench.depth()
        if breaches.contains(.reduceOnly) { bench.keys(command: "flatten") }
        if breaches.contains(.duplicateIntent) { bench.hear(.intent(bench.intent("a", .buy, 0))) }
        if breaches.contains(.staleFeed) {
            bench.loseDepth()
            bench.depth()
        }
        return bench
    }

    private func fill(_ id: String, _ side: Side, _ symbol: String = "NVDA", at price: Int64) -> Fill {
        Fill(
            execID: id, orderID: id, symbol: symbol, side: side, quantity: Quantity(shares: 1),
            price: Price(units: price), addsLiquidity: false)
    }

    private func restingSell() -> OrderRow {
        OrderRow(
            clOrdID: "sell", origClOrdID: nil, reference: "sell", symbol: "NVDA", side: .sell,
            quantity: Quantity(shares: 1), price: Price(units: 1_000_000), timeInForce: .day, reducing: false,
            epoch: 1, status: .working, cumulative: .zero, leaves: Quantity(shares: 1),
            decided: WallTime(nanoseconds: 0), updated: WallTime(nanoseconds: 0))
    }

    @Test(arguments: Breach.allCases)
    func `with this and every later check broken, this one is the reason`(first: Breach) {
        let breaches = Breach.allCases[first.rawValue...]
        var bench = bench(breaking: breaches)
        let limit: Int64 = breaches.contains(.priceCollar) ? 2_000_000 : 1_000_200
        var intent = bench.intent("a", .buy, 10, limit: limit)
        if breaches.contains(.badField) { intent.type = .market }
        #expect(bench.reason(intent) == first.reason)
    }

    @Test(arguments: Breach.allCases) func `each check denies alone`(breach: Breach) {
        var bench = bench(breaking: [breach])
        var intent = bench.intent("a", .buy, 10, limit: breach == .priceCollar ? 2_000_000 : 1_000_200)
        if breach == .badField { intent.type = .market }
        #expect(bench.reason(intent) == breach.reason)
    }

    @Test func `with nothing broken the order passes`() {
        var bench = bench(breaking: [])
        #expect(bench.reason(bench.intent("a")) == .ok)
    }

    @Test func `a repeated content is told before a stale feed`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        bench.loseDepth()
        bench.depth()
        #expect(bench.reason(bench.intent("b")) == .duplicateContent)
    }
}
