import Books
import Messages
import Testing
import Units

@Suite struct OrderStateTests {
    func working(_ quantity: Int64 = 100) throws -> OrderState {
        var state = OrderState(quantity: shares(quantity))
        try state.accept()
        return state
    }

    @Test func `quantity is cumulative plus leaves at every step of a filling order`() throws {
        var state = try working()
        for size in [10, 40, 49, 1] as [Int64] {
            #expect(state.quantity == state.cumulative + state.leaves)
            try state.fill(shares(size), at: price("10"))
        }
        #expect(state.status == .filled)
        #expect(state.leaves == .zero)
        #expect(state.cumulative == shares(100))
    }

    @Test func `a cancelled order has no leaves and keeps what traded`() throws {
        var state = try working()
        try state.fill(shares(30), at: price("10"))
        try state.cancel()
        #expect(state.leaves == .zero)
        #expect(state.cumulative == shares(30))
    }

    @Test func `the average price is the traded total over the shares, to four decimals`() throws {
        var state = try working(3)
        try state.fill(shares(1), at: price("10"))
        try state.fill(shares(2), at: price("10.0001"))
        #expect(state.averagePrice == price("10.0001"))
        #expect(state.traded == dollars("30.0002"))
    }

    @Test func `what has ended cannot be filled, cancelled or replaced`() throws {
        var state = try working()
        try state.cancel()
        let ended = state
        #expect(throws: BooksError.self) { try state.fill(shares(1), at: price("1")) }
        #expect(throws: BooksError.self) { try state.cancel() }
        #expect(throws: BooksError.self) { try state.replace(quantity: shares(200)) }
        #expect(throws: BooksError.self) { try state.accept() }
        #expect(state == ended)
    }

    @Test func `a fill beyond the leaves is refused and changes nothing`() throws {
        var state = try working()
        let before = state
        #expect(throws: BooksError.self) { try state.fill(shares(101), at: price("1")) }
        #expect(throws: BooksError.self) { try state.fill(shares(0), at: price("1")) }
        #expect(throws: BooksError.self) { try state.fill(shares(2), at: Price(units: Int64.max)) }
        #expect(state == before)
    }

    @Test func `a replace below what traded is refused, one equal to it ends the order as filled`() throws {
        var state = try working()
        try state.fill(shares(30), at: price("10"))
        #expect(throws: BooksError.self) { try state.replace(quantity: shares(29)) }
        try state.replace(quantity: shares(30))
        #expect(state.status == .filled)
    }

    @Test func `each broken identity of a report is named`() {
        func violation(_ status: OrderState.Status, _ quantity: Int64, _ done: Int64, _ leaves: Int64) -> String? {
            OrderState.violation(
                status: status, quantity: shares(quantity), cumulative: shares(done), leaves: shares(leaves))
        }
        #expect(violation(.partiallyFilled, 100, 40, 60) == nil)
        #expect(violation(.cancelled, 100, 40, 0) == nil)
        #expect(violation(.partiallyFilled, 100, 40, 59) != nil)
        #expect(violation(.cancelled, 100, 40, 60) != nil)
        #expect(violation(.filled, 100, 99, 0) != nil)
        #expect(violation(.new, 100, -1, 101) != nil)
    }
}
