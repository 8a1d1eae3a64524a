// Each hard limit, at its limit and one beyond it; and what must not be taken for a breach.

import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

struct LimitCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var limits: [String: Int64] = [:]
    let tell: @Sendable (inout Story) -> Void
    /// Words of the one breach; `nil`: none.
    var breach: String?

    init(
        _ name: String, _ limits: [String: Int64] = [:], breach: String? = nil,
        _ tell: @escaping @Sendable (inout Story) -> Void
    ) {
        testDescription = name
        self.limits = limits
        self.breach = breach
        self.tell = tell
    }
}

private let ask: Int64 = 4_401_000

/// Bought at 440.10, and then the book falls: 2,000 shares lose 2 % of the equity with every ten dollars.
private func crash(_ story: inout Story, to bid: Int64) {
    story.trade(1, "a", .buy, 1_000, at: ask, filled: 1_000)
    story.trade(1.1, "b", .buy, 1_000, at: ask, filled: 1_000)
    story.quotes(from: 2, to: 5, bid: bid, ask: bid + 2_000)
}

private let cases: [LimitCase] = [
    LimitCase("quantity at its limit") { $0.trade(1, "a", .buy, 1_000, at: ask) },
    LimitCase("quantity beyond", breach: "1001 shares, at most 1000") { $0.trade(1, "a", .buy, 1_001, at: ask) },
    LimitCase("quantity of an exit beyond", ["max_order_quantity": 10], breach: "11 shares") { story in
        story.trade(1, "a", .buy, 10, at: ask, filled: 10)
        story.trade(1.1, "b", .buy, 10, at: ask, filled: 10)
        story.trade(2, "c", .sell, 11, at: 4_399_000, filled: 11, reducing: true)
    },
    LimitCase("notional at its limit", ["max_order_notional": 10 * ask]) { $0.trade(1, "a", .buy, 10, at: ask) },
    LimitCase("notional beyond", ["max_order_notional": 10 * ask - 1], breach: "at most 4400.9999 an order") {
        $0.trade(1, "a", .buy, 10, at: ask)
    },
    LimitCase("a market order is worth the ask, not its collar", ["max_order_notional": 10 * ask]) {
        $0.trade(1, "a", .buy, 10, at: 4_600_000)
    },
    LimitCase("position at its limit") { story in
        story.trade(1, "a", .buy, 1_000, at: ask, filled: 1_000)
        story.trade(1.1, "b", .buy, 1_000, at: ask)
    },
    LimitCase("position with what is open beyond", breach: "position 2001 with what is open, at most 2000") { story in
        story.trade(1, "a", .buy, 1_000, at: ask, filled: 1_000)
        story.trade(1.1, "b", .buy, 1_000, at: ask)
        story.trade(1.2, "c", .buy, 1, at: ask)
    },
    LimitCase("short position beyond", breach: "position 2001") { story in
        story.trade(1, "a", .sell, 1_000, at: 4_399_000, filled: 1_000)
        story.trade(1.1, "b", .sell, 1_000, at: 4_399_000, filled: 1_000)
        story.trade(1.2, "c", .sell, 1, at: 4_399_000)
    },
    LimitCase("an order that the broker ended counts no more") { story in
        story.trade(1, "a", .buy, 1_000, at: ask, ends: true)
        story.trade(1.1, "b", .buy, 1_000, at: ask)
        story.trade(1.2, "c", .buy, 1_000, at: ask)
    },
    LimitCase("gross exposure beyond", ["max_gross_exposure_bp": 44], breach: "gross exposure") {
        $0.trade(1, "a", .buy, 10, at: ask)
    },
    LimitCase("gross exposure within", ["max_gross_exposure_bp": 45]) { $0.trade(1, "a", .buy, 10, at: ask) },
    LimitCase("gross exposure over two symbols, each the other way", ["max_gross_exposure_bp": 80], breach: "gross") {
        story in
        story.trade(1, "a", .buy, 10, at: ask, filled: 10)
        story.trade(1.1, "b", .sell, 10, at: 4_399_000, symbol: "AMD")
    },
    LimitCase("net exposure doesn't mind the other side", ["max_net_exposure_bp": 45]) { story in
        story.trade(1, "a", .buy, 10, at: ask, filled: 10)
        story.trade(1.1, "b", .sell, 10, at: 4_399_000, symbol: "AMD")
    },
    LimitCase("net exposure beyond", ["max_net_exposure_bp": 44], breach: "net exposure") {
        $0.trade(1, "a", .sell, 10, at: 4_399_000)
    },
    LimitCase("a sell that shrinks a long of too much is no breach", ["max_gross_exposure_bp": 100]) { story in
        story.trade(1, "a", .buy, 20, at: ask, filled: 20)
        story.quotes(from: 1.5, to: 3, bid: 8_000_000, ask: 8_002_000)
        story.trade(2.5, "b", .sell, 5, at: 8_000_000)
    },
    LimitCase("as many open orders as permitted", ["max_open_orders": 2]) { story in
        for id in ["a", "b"] { story.trade(1, id, .buy, 1, at: ask) }
    },
    LimitCase("one open order too many", ["max_open_orders": 2], breach: "3 open orders, at most 2") { story in
        for id in ["a", "b", "c"] { story.trade(1, id, .buy, 1, at: ask) }
    },
    LimitCase("open notional beyond", ["max_open_notional": 20 * ask - 1], breach: "open orders worth") { story in
        for id in ["a", "b"] { story.trade(1, id, .buy, 10, at: ask) }
    },
    LimitCase("collar at its limit", ["price_collar_bp": 100]) { $0.trade(1, "a", .buy, 1, at: 4_444_000) },
    LimitCase("collar beyond", ["price_collar_bp": 100], breach: "basis points from the middle") {
        $0.trade(1, "a", .buy, 1, at: 4_444_100)
    },
    LimitCase("a price that was within the collar half a second ago", ["price_collar_bp": 100]) { story in
        story.quotes(from: 1.6, to: 3, bid: 3_999_000, ask: 4_001_000)
        story.trade(2, "a", .buy, 1, at: 4_400_000)
    },
    LimitCase("without a limit", breach: "no limit, so no collar holds it") { $0.trade(1, "a", .buy, 1, at: nil) },
    LimitCase("as many orders a second as permitted", ["max_orders_per_second": 3]) { story in
        for index in 0..<4 { story.trade(1 + Double(index) * 0.34, "a\(index)", .buy, 1, at: ask, ends: true) }
    },
    LimitCase("one order a second too many", ["max_orders_per_second": 3], breach: "4 opening orders within a second") {
        story in
        for index in 0..<4 { story.trade(1 + Double(index) * 0.33, "a\(index)", .buy, 1, at: ask, ends: true) }
    },
    LimitCase("bunched on the wire, decided apart", ["max_orders_per_second": 3]) { story in
        for index in 0..<4 {
            let id = "a\(index)"
            story.decide(0.7 + Double(index) * 0.34, id, Int64(index), "accept", "ok", id)
            story.trade(1.8 + Double(index) * 0.01, id, .buy, 1, at: ask, ends: true)
        }
    },
    LimitCase("a buy within the daily loss", ["max_position": 2_001]) { story in
        crash(&story, to: 4_210_000)
        story.trade(4, "c", .buy, 1, at: 4_212_000, ends: true)
    },
    LimitCase("a buy beyond the daily loss", ["max_position": 2_001], breach: "the daily loss limit was exceeded") {
        story in
        crash(&story, to: 4_190_000)
        story.trade(4, "c", .buy, 1, at: 4_192_000, ends: true)
    },
    LimitCase("a buy beyond the drawdown", ["max_daily_loss_bp": 5_000, "max_position": 2_001], breach: "drawdown limit") {
        story in
        crash(&story, to: 3_990_000)
        story.trade(4, "c", .buy, 1, at: 3_992_000, ends: true)
    },
    LimitCase("a buy before word of the loss can have come", ["max_position": 2_001]) { story in
        crash(&story, to: 4_190_000)
        story.trade(2.04, "c", .buy, 1, at: 4_192_000, ends: true)
    },
    LimitCase("a reducing sell beyond the daily loss") { story in
        crash(&story, to: 4_190_000)
        story.trade(4, "c", .sell, 1_000, at: 4_190_000, filled: 1_000, reducing: true)
    },
    LimitCase("a claim to reduce that doesn't is an opening order", breach: "position 2001") { story in
        story.trade(1, "a", .buy, 1_000, at: ask, filled: 1_000)
        story.trade(1.1, "b", .buy, 1_000, at: ask, filled: 1_000)
        story.trade(1.2, "c", .buy, 1, at: ask, reducing: true)
    },
]

private let gate = Gate(name: .hardLimitBreaches, kind: .never)

@Suite struct BreachTests {
    @Test(arguments: cases) func `a hard limit is broken one beyond it and nowhere else`(_ limit: LimitCase) throws {
        var changes = limit.limits
        // Two thousand shares at 440 are within the position's limit and near to the account's.
        if limit.testDescription.contains("position") { changes["max_gross_exposure_bp"] = 20_000 }
        if limit.testDescription.contains("position") { changes["max_net_exposure_bp"] = 20_000 }
        var story = try Story.account([gate], changes)
        story.quotes(from: 0, to: 3)
        story.quotes(from: 0, to: 3, "AMD")
        limit.tell(&story)
        let result = try #require(try story.judged().gate(.hardLimitBreaches))
        guard let words = limit.breach else {
            #expect(result.outcome == .pass, "\(result.reason ?? "")")
            return
        }
        #expect(result.outcome == .fail)
        #expect(result.finding.observed == 1, "\(result.reason ?? "")")
        #expect(result.reason?.contains(words) ?? false, "\(result.reason ?? "")")
        #expect(!result.finding.records.isEmpty)
    }

    @Test func `without the limits, the fees, a whole drop copy or an order nothing is known of breaches`() throws {
        let changes: [@Sendable (inout Story) -> Void] = [
            { $0.limits = nil }, { $0.fees = nil }, { $0.remove("execution") { $0["seq"] == 2 } }, { $0.remove("depth") },
            { $0.remove("order_left") }, { $0.limits = ["max_position": 3] },
        ]
        for change in changes {
            var story = try Story.account([gate])
            story.quotes(from: 0, to: 3)
            story.trade(1, "a", .buy, 1, at: ask)
            story.trade(2, "b", .buy, 1, at: ask)
            change(&story)
            #expect(try story.judged().gate(.hardLimitBreaches)?.outcome == .inconclusive)
        }
    }

    @Test func `the burst knows the same rule by its own name`() throws {
        var other = gate
        other.name = .riskLimitBreaches
        var story = try Story.account([other])
        story.quotes(from: 0, to: 3)
        story.trade(1, "a", .buy, 1_001, at: ask)
        #expect(try story.judged().gate(.riskLimitBreaches)?.outcome == .fail)
    }
}
