import GovernorCore
import Messages
import Postgres
import Units

/// The statements behind `StoreWrite`: each may be repeated, because a batch of unknown fate is sent again.
enum StoreRows {
    static let privateTables = [
        """
        CREATE TABLE IF NOT EXISTS gauntlet.governor_session (
            id integer PRIMARY KEY, next_outgoing bigint NOT NULL, next_incoming bigint NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS gauntlet.governor_memory (
            id integer PRIMARY KEY, instance bigint NOT NULL, epoch bigint NOT NULL, peak_equity bigint)
        """,
    ]

    static func statement(_ write: StoreWrite) -> PostgresStatement {
        switch write {
        case .order(let row, _): order(row)
        case .fill(let row): fill(row)
        case .position(let symbol, let quantity, let version):
            PostgresStatement(
                """
                INSERT INTO gauntlet.positions (symbol, quantity, version) VALUES ($1, $2, $3)
                ON CONFLICT (symbol) DO UPDATE SET quantity = $2, version = $3 WHERE gauntlet.positions.version < $3
                """, [.text(symbol), .integer(quantity.shares), .integer(version)])
        case .account(let symbol, let cash, let fees, let position):
            PostgresStatement(
                """
                INSERT INTO gauntlet.pnl (symbol, cash, fees, position) VALUES ($1, $2, $3, $4)
                ON CONFLICT (symbol) DO UPDATE SET cash = $2, fees = $3, position = $4
                """, [.text(symbol), .integer(cash.units), .integer(fees.units), .integer(position.shares)])
        case .memory(let epoch, let peak):
            PostgresStatement(
                "UPDATE gauntlet.governor_memory SET epoch = $1, peak_equity = $2 WHERE id = 1",
                [.integer(epoch), .integer(peak.units)])
        }
    }

    private static func order(_ row: OrderRow) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.orders (cl_ord_id, orig_cl_ord_id, reference, symbol, side, quantity, price, tif,
                reducing, epoch, status, cumulative, leaves, decided_ns, updated_ns)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            ON CONFLICT (cl_ord_id) DO UPDATE SET orig_cl_ord_id = $2, quantity = $6, price = $7, status = $11,
                cumulative = $12, leaves = $13, updated_ns = $15
            """,
            [
                .text(row.clOrdID), row.origClOrdID.map { .text($0) }, .text(row.reference), .text(row.symbol),
                .text(row.side.rawValue), .integer(row.quantity.shares), row.price.map { .integer($0.units) },
                .text(row.timeInForce.rawValue), .boolean(row.reducing), .integer(row.epoch),
                .text(row.status.rawValue), .integer(row.cumulative.shares), .integer(row.leaves.shares),
                .integer(row.decided.nanoseconds), .integer(row.updated.nanoseconds),
            ])
    }

    private static func fill(_ row: FillRow) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.fills (exec_id, order_id, cl_ord_id, symbol, side, quantity, price, adds_liquidity,
                at_ns) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (exec_id) DO NOTHING
            """,
            [
                .text(row.execID), .text(row.orderID), .text(row.clOrdID), .text(row.symbol),
                .text(row.side.rawValue), .integer(row.quantity.shares), .integer(row.price.units),
                .boolean(row.addsLiquidity), .integer(row.at.nanoseconds),
            ])
    }

    static func session(outgoing: Int, incoming: Int) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.governor_session (id, next_outgoing, next_incoming) VALUES (1, $1, $2)
            ON CONFLICT (id) DO UPDATE SET next_outgoing = $1, next_incoming = $2
            """, [.integer(Int64(outgoing)), .integer(Int64(incoming))])
    }
}
