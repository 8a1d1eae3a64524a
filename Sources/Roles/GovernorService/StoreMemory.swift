import Books
import FIX
import GovernorCore
import Messages
import Postgres
import Units

/// What an earlier life of this governor wrote down.
struct StoreMemory {
    struct Unreadable: Error, CustomStringConvertible {
        let table: String
        let row: [String?]
        var description: String {
            "postgres: gauntlet.\(table): a row that can't be read: \(row.map { $0 ?? "NULL" }); "
                + "empty the schema `gauntlet` or correct the row"
        }
    }

    var recovered = Recovered()
    var numbers: Session.Numbers?

    private static let setUp = StoreSchema.statements + StoreRows.privateTables

    static let statements: [PostgresStatement] =
        setUp.map { PostgresStatement($0) } + [
            PostgresStatement(
                """
                INSERT INTO gauntlet.governor_memory (id, instance, epoch) VALUES (1, 1, 0)
                ON CONFLICT (id) DO UPDATE SET instance = gauntlet.governor_memory.instance + 1
                RETURNING instance, epoch, peak_equity
                """),
            PostgresStatement("SELECT next_outgoing, next_incoming FROM gauntlet.governor_session WHERE id = 1"),
            PostgresStatement(
                """
                SELECT exec_id, order_id, symbol, side, quantity, price, adds_liquidity FROM gauntlet.fills
                ORDER BY at_ns, exec_id
                """),
            PostgresStatement(
                """
                SELECT cl_ord_id, orig_cl_ord_id, reference, symbol, side, quantity, price, tif, reducing, epoch,
                    cumulative, decided_ns FROM gauntlet.orders WHERE status IN ('pending', 'working')
                """),
            PostgresStatement("SELECT DISTINCT reference FROM gauntlet.orders"),
        ]

    init(_ results: [PostgresResult]) throws {
        let results = results.dropFirst(StoreMemory.setUp.count).map(\.rows)
        guard results.count == 5 else { throw Unreadable(table: "governor_memory", row: []) }
        let start = results.startIndex
        for row in results[start] {
            guard let instance = StoreMemory.integer(row[0]), let epoch = StoreMemory.integer(row[1]) else {
                throw Unreadable(table: "governor_memory", row: row)
            }
            recovered.instance = instance
            recovered.epoch = epoch
            recovered.peakEquity = StoreMemory.integer(row[2]).map { Money(units: $0) }
        }
        for row in results[start + 1] {
            guard let out = row[0].flatMap({ Int($0) }), let incoming = row[1].flatMap({ Int($0) }) else {
                throw Unreadable(table: "governor_session", row: row)
            }
            numbers = Session.Numbers(nextOutgoing: out, nextIncoming: incoming)
        }
        for row in results[start + 2] {
            guard let fill = StoreMemory.fill(row) else { throw Unreadable(table: "fills", row: row) }
            recovered.fills.append(fill)
        }
        for row in results[start + 3] {
            guard let order = StoreMemory.order(row) else { throw Unreadable(table: "orders", row: row) }
            recovered.orders.append(order)
        }
        recovered.references = results[start + 4].compactMap { $0[0] }
    }

    private static func integer(_ text: String?) -> Int64? { text.flatMap { Int64($0) } }

    private static func fill(_ row: [String?]) -> Fill? {
        guard let execID = row[0], let orderID = row[1], let symbol = row[2],
            let side = row[3].flatMap({ Side(rawValue: $0) }), let quantity = integer(row[4]),
            let price = integer(row[5])
        else { return nil }
        return Fill(
            execID: execID, orderID: orderID, symbol: symbol, side: side, quantity: Quantity(shares: quantity),
            price: Price(units: price), addsLiquidity: row[6] == "t")
    }

    private static func order(_ row: [String?]) -> OrderRow? {
        guard let clOrdID = row[0], let reference = row[2], let symbol = row[3],
            let side = row[4].flatMap({ Side(rawValue: $0) }), let quantity = integer(row[5]),
            let timeInForce = row[7].flatMap({ TimeInForce(rawValue: $0) }), let epoch = integer(row[9]),
            let cumulative = integer(row[10]), let decided = integer(row[11])
        else { return nil }
        let time = WallTime(nanoseconds: decided)
        return OrderRow(
            clOrdID: clOrdID, origClOrdID: row[1], reference: reference, symbol: symbol, side: side,
            quantity: Quantity(shares: quantity), price: integer(row[6]).map { Price(units: $0) },
            timeInForce: timeInForce, reducing: row[8] == "t", epoch: epoch, status: .pending,
            cumulative: Quantity(shares: cumulative), leaves: Quantity(shares: quantity - cumulative), decided: time,
            updated: time)
    }
}
