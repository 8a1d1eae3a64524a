import Books
import Messages
import Testing
import Units

@Suite struct FeeTests {
    /// The example of `docs/broker.md`: sell 100 at 439.38, taking liquidity.
    let example = Fill(
        execID: "E1", orderID: "O1", symbol: "NVDA", side: .sell, quantity: shares(100), price: price("439.38"),
        addsLiquidity: false)

    func order(_ side: Side, _ fills: [(Int64, String, Bool)], _ schedule: FeeSchedule = .usEquities2023) -> Fees {
        var accrual = FeeAccrual()
        var before = Quantity.zero
        for (position, fill) in fills.enumerated() {
            let fill = Fill(
                execID: "E\(position)", orderID: "O", symbol: "NVDA", side: side, quantity: shares(fill.0),
                price: price(fill.1), addsLiquidity: fill.2)
            let added = accrual.add(fill, schedule, sharesBefore: before)
            #expect(added)
            before += fill.quantity
        }
        return accrual.fees(schedule)
    }

    @Test func `the worked example of 100 sold at 439.38 comes out, unrounded to four decimals`() {
        var schedule = FeeSchedule.usEquities2023
        schedule.roundingUnit = Money(units: 1)
        let fees = order(.sell, [(100, "439.38", false)], schedule)
        // Exactly 0.351504 and 0.0145.
        #expect(fees.sec == dollars("0.3515"))
        #expect(fees.taf == dollars("0.0145"))
        #expect(fees.exchange == dollars("0.30"))
        #expect(fees.clearing == dollars("0.02"))
        #expect(fees.commission == dollars("1"))
    }

    @Test func `the worked example costs 1.68 when rounded to cents`() {
        let fees = order(.sell, [(100, "439.38", false)])
        #expect([fees.sec, fees.taf, fees.exchange, fees.clearing, fees.commission]
            == ["0.35", "0.01", "0.30", "0.02", "1"].map(dollars))
        #expect(fees.total == dollars("1.68"))
    }

    @Test func `a buy pays neither SEC nor TAF`() {
        let fees = order(.buy, [(100, "439.38", false)])
        #expect(fees.sec == .zero)
        #expect(fees.taf == .zero)
    }

    @Test func `a hundred fills of one share cost the same as one fill of a hundred`() {
        let pieces = order(.sell, Array(repeating: (1, "439.38", false), count: 100))
        #expect(pieces == order(.sell, [(100, "439.38", false)]))
    }

    @Test func `rounding every fill by itself would have cost more: the drift that accrual avoids`() {
        let alone = order(.sell, [(1, "439.38", false)])
        let together = order(.sell, Array(repeating: (1, "439.38", false), count: 100))
        #expect(Money(units: alone.clearing.units * 100) != together.clearing)
    }

    @Test func `TAF stops at its maximum an order`() {
        #expect(order(.sell, [(50_137, "10", false)]).taf == dollars("7.27"))
        #expect(order(.sell, [(500_000, "10", false), (500_000, "10", false)]).taf == dollars("7.27"))
        #expect(order(.sell, [(50_000, "10", false)]).taf == dollars("7.25"))
    }

    @Test func `a maker is rebated, a taker charged, each share by its own fill`() {
        #expect(order(.buy, [(1_000, "10", true)]).exchange == dollars("-2.10"))
        #expect(order(.buy, [(1_000, "10", true), (1_000, "10", false)]).exchange == dollars("0.90"))
    }

    @Test func `below one dollar a taker pays by notional and a maker nothing`() {
        #expect(order(.buy, [(1_000, "0.9999", false)]).exchange == dollars("3"))
        #expect(order(.buy, [(1_000, "0.9999", true)]).exchange == .zero)
        #expect(order(.buy, [(1_000, "1", false)]).exchange == dollars("3"))
        #expect(order(.buy, [(1_000, "1", true)]).exchange == dollars("-2.10"))
    }

    @Test func `the commission has a minimum, and its cap wins over the minimum`() {
        #expect(order(.buy, [(199, "100", false)]).commission == dollars("1"))
        #expect(order(.buy, [(200, "100", false)]).commission == dollars("1"))
        #expect(order(.buy, [(400, "100", false)]).commission == dollars("2"))
        #expect(order(.buy, [(10, "2", false)]).commission == dollars("0.20"))
    }

    @Test func `tiers charge each share at the rate it falls into, and no tiers charge nothing`() {
        var schedule = FeeSchedule(name: "tiered")
        schedule.commissionTiers = [
            .init(fromShares: .zero, perShare: Rate(units: 350_000)),
            .init(fromShares: shares(1_000), perShare: Rate(units: 200_000)),
        ]
        schedule.commissionMaximumPercent = Rate(units: 100_000_000)
        #expect(order(.buy, [(900, "100", false), (200, "100", false)], schedule).commission == dollars("3.70"))
        schedule.commissionTiers = []
        schedule.commissionMinimum = Rate(units: 100_000_000)
        #expect(order(.buy, [(900, "100", false)], schedule).commission == .zero)
    }

    @Test func `nearest rounds halves away from zero, up never rounds in the client's favour`() {
        var schedule = FeeSchedule.usEquities2023
        func rounded(_ text: String) -> Money {
            schedule.rounded(ExactAmount(dollars(text)))
        }
        #expect(["0.005", "0.0049", "-0.005", "-0.0049"].map(rounded) == ["0.01", "0", "-0.01", "0"].map(dollars))
        schedule.rounding = .up
        #expect(["0.0001", "0.01", "-0.0199", "-0.0001"].map(rounded) == ["0.01", "0.01", "-0.01", "0"].map(dollars))
    }

    @Test func `an order without a fill costs nothing`() {
        #expect(FeeAccrual().fees(.usEquities2023).total == .zero)
    }

    @Test func `a rate reads and writes itself exactly, and refuses what is no rate`() {
        for text in ["0.000145", "8", "-0.0021", "0.00000001", "1000000"] {
            #expect(Rate(decimal: text)?.description == text)
        }
        for text in ["", "-", ".5", "5.", "0.000000001", "1e3", "1000000.1", "12345678", "１", "+1", " 1"] {
            #expect(Rate(decimal: text) == nil, "\(text)")
        }
    }
}
