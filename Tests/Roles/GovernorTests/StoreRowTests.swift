import GovernorCore
import GovernorService
import Messages
import Postgres
import Testing
import Units

@Suite struct StoreRowTests {
    private func order(_ id: String, _ status: StoreSchema.OrderStatus, _ cumulative: Int64, at: Int64) -> StoreWrite {
        let row = OrderRow(
            clOrdID: id, origClOrdID: nil, reference: id, symbol: "NVDA", side: .buy, quantity: Quantity(shares: 10),
            price: Price(units: 4_390_000), timeInForce: .day, reducing: false, epoch: at, status: status,
            cumulative: Quantity(shares: cumulative), leaves: Quantity(shares: 10 - cumulative),
            decided: WallTime(nanoseconds: at), updated: WallTime(nanoseconds: at))
        return .order(row, gates: status == .pending)
    }

    @Test func `rows of one order are one row: as it was when it was decided, and as it became`() throws {
        // A name that stands in one statement twice makes the server refuse the whole batch.
        let rows = [
            order("a", .pending, 0, at: 1), order("b", .pending, 0, at: 2), order("a", .working, 0, at: 3),
            order("a", .filled, 10, at: 4),
        ]
        let statements = StoreRows.statements(rows)
        #expect(statements.count == 1)
        let columns = try #require(statements.first?.parameters)
        #expect(columns[0] == .array(["a", "b"]))
        #expect(columns[9] == .array([1, 2]) && columns[13] == .array([1, 2]))
        #expect(columns[10] == .array(["filled", "pending"]) && columns[11] == .array([10, 0]))
        #expect(columns[12] == .array([0, 10]) && columns[14] == .array([4, 2]))
    }

    @Test func `a batch of a burst is one statement a table, and a position is written as it is in the end`() {
        let orders = (0..<200).map { order("o-\($0)", .pending, 0, at: Int64($0)) }
        let positions = (1...200).map { number in
            StoreWrite.position(symbol: "NVDA", quantity: Quantity(shares: Int64(number)), version: Int64(number))
        }
        let statements = StoreRows.statements(zip(orders, positions).flatMap { [$0, $1] })
        #expect(statements.count == 2)
        #expect(statements.last?.parameters == ["NVDA", 200, 200])
    }
}
