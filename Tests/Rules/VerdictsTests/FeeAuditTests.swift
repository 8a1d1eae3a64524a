import Books
import Messages
import Testing
import Units
import Verdicts

/// Two ways of charging the same fills: the governor's, which grows fill by fill, and the judge's.
@Suite struct FeeAuditTests {
    private static func fill(
        _ exec: String, _ order: String, _ side: Side, _ shares: Int64, _ price: Int64, adds: Bool = false
    ) -> Fill {
        Fill(
            execID: exec, orderID: order, symbol: "NVDA", side: side, quantity: Quantity(shares: shares),
            price: Price(units: price), addsLiquidity: adds)
    }

    @Test func `a sale of 100 at 439.38 costs 0.35, 0.01, 0.30, 0.02 and a dollar`() {
        let fills = [Self.fill("x1", "o", .sell, 60, 4_393_800), Self.fill("x2", "o", .sell, 40, 4_393_800)]
        let audit = FeeAudit(fills, .usEquities2023)
        #expect(audit.accounts["NVDA"]?.fees == 16_800)
        #expect(audit.accounts["NVDA"]?.cash == 439_380_000)
        #expect(audit.accounts["NVDA"]?.position == -100)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func `the judge's fees are the ledger's, whatever the fills and the schedule`(_ seed: UInt64) throws {
        let draw = SeededDraw(seed: seed, stream: "fills")
        var schedule = FeeSchedule.usEquities2023
        schedule.rounding = seed.isMultiple(of: 2) ? .nearest : .up
        if seed.isMultiple(of: 3) {
            schedule.commissionTiers = [
                .init(fromShares: .zero, perShare: Rate(units: 350_000)),
                .init(fromShares: Quantity(shares: 2_000), perShare: Rate(units: 200_000)),
            ]
            schedule.commissionMinimum = Rate(units: 35_000_000)
        }
        var ledger = Ledger(schedule: schedule)
        let fills = (0..<300).map { index in
            let price = draw.whole(in: 0...9, at: index * 8) == 0 ? 9_000 : draw.whole(in: 50_000...5_000_000, at: index * 8 + 1)
            let order = draw.whole(in: 0...60, at: index * 8 + 2)
            return Self.fill(
                "x\(index)", "o\(order)", order.isMultiple(of: 2) ? .buy : .sell,
                draw.whole(in: 1...400, at: index * 8 + 4), price, adds: draw.isTrue(percent: 30, at: index * 8 + 5))
        }
        for fill in fills { try ledger.apply(fill) }
        let account = FeeAudit(fills, schedule).accounts["NVDA"]
        #expect(account?.fees == ledger.fees.units)
        #expect(account?.cash == ledger.cash.units)
        #expect(account?.position == ledger.position("NVDA").shares)
    }

    @Test func `charging every fill as an order of its own gives another sum`() {
        let apart = [Self.fill("x1", "o1", .sell, 60, 4_393_800), Self.fill("x2", "o2", .sell, 40, 4_393_800)]
        #expect(FeeAudit(apart, .usEquities2023).accounts["NVDA"]?.fees == 26_900)
    }
}
