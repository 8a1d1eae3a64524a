import Books
import Messages
import Testing
import Units

@Suite struct LedgerTests {
    func fill(_ id: String, _ side: Side, _ quantity: Int64, _ at: String, symbol: String = "NVDA") -> Fill {
        Fill(
            execID: id, orderID: "O" + id, symbol: symbol, side: side, quantity: shares(quantity), price: price(at),
            addsLiquidity: false)
    }

    @Test func `flat, the profit is sells less buys less fees`() throws {
        var ledger = Ledger(schedule: .usEquities2023)
        try ledger.apply(fill("1", .buy, 100, "400"))
        try ledger.apply(fill("2", .sell, 60, "410"))
        try ledger.apply(fill("3", .sell, 40, "390"))
        #expect(ledger.isFlat)
        #expect(ledger.cash == dollars("200"))
        #expect(ledger.cashFlow == dollars("200") - ledger.fees)
        #expect(ledger.equity(opening: dollars("1000"), mark: { _, _ in nil }) == dollars("1200") - ledger.fees)
    }

    @Test func `a fill counts once, however often it is told`() throws {
        var ledger = Ledger(schedule: FeeSchedule())
        let first = try ledger.apply(fill("1", .buy, 100, "400"))
        let once = ledger
        let second = try ledger.apply(fill("1", .buy, 100, "400"))
        #expect(first && !second)
        #expect(ledger == once)
        #expect(ledger.position("NVDA") == shares(100))
    }

    @Test func `a short position is negative and is marked at what buying back costs`() throws {
        var ledger = Ledger(schedule: FeeSchedule())
        try ledger.apply(fill("1", .sell, 100, "400"))
        #expect(ledger.position("NVDA") == shares(-100))
        #expect(ledger.equity(opening: .zero, mark: { _, _ in price("401") }) == dollars("-100"))
    }

    @Test func `an equity with a position nobody can value is unknown, not guessed`() throws {
        var ledger = Ledger(schedule: FeeSchedule())
        try ledger.apply(fill("1", .buy, 1, "400"))
        #expect(ledger.equity(opening: .zero, mark: { _, _ in nil }) == nil)
    }

    @Test func `fees are rounded once an order, though its fills come one by one`() throws {
        var ledger = Ledger(schedule: .usEquities2023)
        for number in 0..<100 {
            try ledger.apply(
                Fill(
                    execID: "E\(number)", orderID: "O", symbol: "NVDA", side: .sell, quantity: shares(1),
                    price: price("439.38"), addsLiquidity: false))
        }
        #expect(ledger.fees == dollars("1.68"))
        #expect(ledger.fees(orderID: "O").total == dollars("1.68"))
    }

    @Test func `two ledgers that hear the same fills agree to the cent in every account`() throws {
        var one = Ledger(schedule: .usEquities2023)
        var other = Ledger(schedule: .usEquities2023)
        let symbols = ["NVDA", "AAPL", "MSFT"]
        let fills: [Fill] = (0..<500).map { number in
            let side: Side = number % 3 == 0 ? .sell : .buy
            let quantity = Int64(number % 7 + 1) * 10
            return fill("\(number)", side, quantity, "4\(number % 90 + 10).37", symbol: symbols[number % 3])
        }
        for fill in fills { try one.apply(fill) }
        // Replayed in pieces, some of them twice.
        for fill in fills[..<300] { try other.apply(fill) }
        for fill in fills[200...] { try other.apply(fill) }
        #expect(one == other)
    }

    @Test func `a fill without a name, without shares or beyond 64 bits is refused and changes nothing`() {
        var ledger = Ledger(schedule: .usEquities2023)
        let before = ledger
        #expect(throws: BooksError.self) { try ledger.apply(fill("", .buy, 1, "1")) }
        #expect(throws: BooksError.self) { try ledger.apply(fill("1", .buy, 0, "1")) }
        let huge = Fill(
            execID: "2", orderID: "O", symbol: "X", side: .buy, quantity: shares(Int64.max), price: price("10"),
            addsLiquidity: false)
        #expect(throws: BooksError.self) { try ledger.apply(huge) }
        #expect(ledger == before)
    }

    @Test func `a trade of the drop copy is a fill, anything else is none`() {
        var execution = Execution(sequence: 1, kind: .trade, at: WallTime(nanoseconds: 0), execID: "E", orderID: "O")
        execution.lastQuantity = shares(5)
        execution.addsLiquidity = true
        #expect(Fill(execution)?.quantity == shares(5))
        #expect(Fill(execution)?.addsLiquidity == true)
        execution.kind = .new
        #expect(Fill(execution) == nil)
    }

    @Test func `a drawdown is measured from the running peak, not from the opening`() throws {
        var drawdown = try #require(Drawdown(opening: dollars("1000000")))
        for equity in ["1200000", "900000", "1100000", "950000"] { drawdown.observe(dollars(equity)) }
        #expect(drawdown.deepest.percent == 25)
        #expect(drawdown.current.amount == dollars("250000"))
        #expect(!drawdown.deepest.exceeds(percent: Rate(units: 2_500_000_000)))
        #expect(drawdown.deepest.exceeds(percent: Rate(units: 2_499_999_999)))
    }

    @Test func `a later, smaller fall in money can be the deeper one in percent`() throws {
        var drawdown = try #require(Drawdown(opening: dollars("100")))
        for equity in ["50", "1000", "550"] { drawdown.observe(dollars(equity)) }
        #expect(drawdown.deepest.percent == 50)
        #expect(drawdown.deepest.peak == dollars("100"))
        #expect(Drawdown(opening: .zero) == nil)
    }
}
