import Books
import Messages
import Testing
import Units

@Suite struct BookTests {
    @Test func `what was taken stays taken while the feed repeats the level`() {
        var book = book(asks: lobsterAsks)
        book.take(book.match(.buy, shares(150), .walk))
        book.update(depth(2, asks: lobsterAsks))
        #expect(book.bestAsk == level("585.94", 50))
        book.take(book.match(.buy, shares(50), .walk))
        #expect(book.bestAsk == level("585.98", 200))
    }

    @Test func `a level is full again when the feed changes its size`() {
        var book = book(asks: [level("10", 200)])
        book.take(book.match(.buy, shares(150), .walk))
        book.update(depth(2, asks: [level("10", 180)]))
        #expect(book.bestAsk == level("10", 180))
    }

    @Test func `a level is full again when it left the book and came back`() {
        var book = book(asks: [level("10", 200)])
        book.take(book.match(.buy, shares(200), .walk))
        book.update(depth(2, asks: [level("10.01", 200)]))
        book.update(depth(3, asks: [level("10", 200)]))
        #expect(book.bestAsk == level("10", 200))
    }

    @Test func `a level that moved within the book keeps what was taken from it`() {
        var book = book(asks: [level("10", 200), level("11", 100)])
        book.take(book.match(.buy, shares(250), .walk))
        book.update(depth(2, asks: [level("11", 100), level("12", 100)]))
        #expect(book.bestAsk == level("11", 50))
    }

    @Test func `an older state, the same state again and another symbol change nothing`() {
        var book = book(asks: [level("10", 200)])
        let before = book
        let taken = [
            book.update(depth(1, asks: [level("9", 1)])), book.update(depth(0, asks: [level("9", 1)])),
            book.update(depth(2, asks: [level("9", 1)], symbol: "MSFT")),
        ]
        #expect(taken == [false, false, false])
        #expect(book == before)
    }

    @Test func `longs are marked at the bid, shorts at the ask, and a missing side marks nothing`() {
        let full = book(bids: [level("9.99", 1)], asks: [level("10.01", 1)])
        #expect(full.mark(for: shares(5)) == price("9.99"))
        #expect(full.mark(for: shares(-5)) == price("10.01"))
        #expect(full.mark(for: .zero) == nil)
        #expect(book(bids: [level("9.99", 1)]).mark(for: shares(-5)) == nil)
    }

    @Test func `taking never leaves less than nothing, whatever is asked`() {
        var book = book(asks: [level("10", 200)])
        let match = book.match(.buy, shares(200), .walk)
        book.take(match)
        book.take(match)
        #expect(book.asks.rows[0].remaining == .zero)
    }

    @Test func `a crossed feed is seen as crossed`() {
        #expect(book(bids: [level("10", 1)], asks: [level("10", 1)]).isCrossed)
        #expect(!book(bids: [level("9.99", 1)], asks: [level("10", 1)]).isCrossed)
        #expect(!book(bids: [level("10", 1)]).isCrossed)
    }
}
