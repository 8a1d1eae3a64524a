import Books
import Messages
import Testing
import Units

@Suite struct FillModelTests {
    @Test func `walk takes each level in turn, best first, and pays 585.988 on average for the golden order`() {
        let match = book(asks: lobsterAsks).match(.buy, shares(500), .walk)
        #expect(match.fills == [level("585.94", 200), level("585.98", 200), level("586.10", 100)])
        #expect(cost(match) == 5_859_880 * 500)
        #expect(match.isComplete)
    }

    @Test func `level-n fills the golden order at the third level, 586.10, in one fill`() {
        let match = book(asks: lobsterAsks).match(.buy, shares(500), .levelN)
        #expect(match.fills == [level("586.10", 500)])
    }

    @Test func `walk through the thinned golden book needs ten levels and ends with 36 at 587.90`() {
        let match = book(asks: thinned(lobsterAsks)).match(.buy, shares(500), .walk)
        #expect(match.fills.count == 10)
        #expect(match.fills.last == level("587.90", 36))
        #expect(cost(match) == 5_871_298 * 500)
    }

    @Test func `level-n refuses the golden order on the thinned book: it needs level 13 of 10`() {
        let match = book(asks: thinned(lobsterAsks)).match(.buy, shares(500), .levelN)
        #expect(match.fills.isEmpty)
        #expect(match.levelMissing == 13)
    }

    @Test(arguments: FillModel.allCases)
    func `a sell gets from the mirrored book what a buy pays in the book`(_ model: FillModel) {
        let bought = book(asks: lobsterAsks).match(.buy, shares(500), model)
        let sold = book(bids: mirroredBids).match(.sell, shares(500), model)
        #expect(sold.fills.map(\.size) == bought.fills.map(\.size))
        #expect(zip(sold.fills, bought.fills).allSatisfy { $0.price.units + $1.price.units == 12_000_000 })
    }

    @Test func `walk stops at the limit, and the limit itself still trades`() {
        let atLimit = book(asks: lobsterAsks).match(.buy, shares(500), limit: price("585.98"), .walk)
        #expect(atLimit.filled == shares(400))
        #expect(atLimit.remaining == shares(100))
        let below = book(asks: lobsterAsks).match(.buy, shares(500), limit: price("585.93"), .walk)
        #expect(below.fills.isEmpty)
    }

    @Test func `level-n gives nothing when its level lies beyond the limit`() {
        let book = book(asks: lobsterAsks)
        #expect(book.match(.buy, shares(500), limit: price("586.09"), .levelN).fills.isEmpty)
        #expect(book.match(.buy, shares(500), limit: price("586.09"), .levelN).levelMissing == nil)
        #expect(book.match(.buy, shares(500), limit: price("586.10"), .levelN).isComplete)
    }

    @Test func `level-n steps to the next level exactly where a level is exceeded by one share`() {
        let book = book(asks: lobsterAsks)
        #expect(book.match(.buy, shares(199), .levelN).fills == [level("585.94", 199)])
        #expect(book.match(.buy, shares(200), .levelN).fills == [level("585.94", 200)])
        #expect(book.match(.buy, shares(201), .levelN).fills == [level("585.98", 201)])
        #expect(book.match(.buy, shares(2_000), .levelN).fills == [level("587.90", 2_000)])
        #expect(book.match(.buy, shares(2_001), .levelN).levelMissing == 11)
    }

    @Test func `many small level-n orders don't beat one large one`() {
        var book = book(asks: lobsterAsks)
        let prices = (0..<5).map { _ in
            let match = book.match(.buy, shares(100), .levelN)
            book.take(match)
            return match.fills[0].price
        }
        #expect(prices == [price("585.94"), price("585.94"), price("585.98"), price("585.98"), price("586.10")])
    }

    @Test(arguments: FillModel.allCases)
    func `an empty or halted book gives nothing`(_ model: FillModel) {
        #expect(book().match(.buy, shares(1), model).fills.isEmpty)
        var halted = Book(symbol: "AAPL")
        halted.update(depth(1, asks: lobsterAsks, status: .halted))
        #expect(halted.match(.buy, shares(1), model).fills.isEmpty)
    }

    @Test(arguments: FillModel.allCases)
    func `no quantity overflows a match`(_ model: FillModel) {
        let match = book(asks: lobsterAsks).match(.buy, shares(Int64.max), model)
        #expect(match.remaining > .zero)
    }
}
