import GovernorCore
import Messages
import Postgres
import Units

/// The statements behind `StoreWrite`: each may be repeated, because a batch of unknown fate is sent again.
package enum StoreRows {
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

    /// What a batch comes to. Orders and fills are one statement each, however many there are: a burst of thousands
    /// would wait for its own rows if each were parsed and planned by itself.
    package static func statements(_ rows: [StoreWrite]) -> [PostgresStatement] {
        var orders: [OrderRow] = []
        var places: [String: Int] = [:]
        var fills: [FillRow] = []
        var others: [PostgresStatement] = []
        for row in StoreLink.compacted(rows) {
            switch row {
            case .order(let order, _):
                if let known = places[order.clOrdID] {
                    orders[known].renew(from: order)
                } else {
                    places[order.clOrdID] = orders.count
                    orders.append(order)
                }
            case .fill(let fill): fills.append(fill)
            case .position(let symbol, let quantity, let version):
                others.append(position(symbol, quantity, version))
            case .account(let symbol, let cash, let fees, let position):
                others.append(account(symbol, cash, fees, position))
            case .memory(let epoch, let peak):
                others.append(
                    PostgresStatement(
                        "UPDATE gauntlet.governor_memory SET epoch = $1, peak_equity = $2 WHERE id = 1",
                        [.integer(epoch), .integer(peak.units)]))
            }
        }
        return (orders.isEmpty ? [] : [statement(orders)]) + (fills.isEmpty ? [] : [statement(fills)]) + others
    }

    private static func position(_ symbol: String, _ quantity: Quantity, _ version: Int64) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.positions (symbol, quantity, version) VALUES ($1, $2, $3)
            ON CONFLICT (symbol) DO UPDATE SET quantity = $2, version = $3 WHERE gauntlet.positions.version < $3
            """, [.text(symbol), .integer(quantity.shares), .integer(version)])
    }

    private static func account(
        _ symbol: String, _ cash: Money, _ fees: Money, _ position: Quantity
    ) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.pnl (symbol, cash, fees, position) VALUES ($1, $2, $3, $4)
            ON CONFLICT (symbol) DO UPDATE SET cash = $2, fees = $3, position = $4
            """, [.text(symbol), .integer(cash.units), .integer(fees.units), .integer(position.shares)])
    }

    /// The server refuses a name that stands in one statement twice.
    private static func statement(_ orders: [OrderRow]) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.orders (cl_ord_id, orig_cl_ord_id, reference, symbol, side, quantity, price, tif,
                reducing, epoch, status, cumulative, leaves, decided_ns, updated_ns)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                $8::text[], $9::boolean[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],
                $15::bigint[])
            ON CONFLICT (cl_ord_id) DO UPDATE SET orig_cl_ord_id = excluded.orig_cl_ord_id,
                quantity = excluded.quantity, price = excluded.price, status = excluded.status,
                cumulative = excluded.cumulative, leaves = excluded.leaves, updated_ns = excluded.updated_ns
            """,
            [
                .array(orders.map { .text($0.clOrdID) }), .array(orders.map { $0.origClOrdID.map { .text($0) } }),
                .array(orders.map { .text($0.reference) }), .array(orders.map { .text($0.symbol) }),
                .array(orders.map { .text($0.side.rawValue) }), .array(orders.map { .integer($0.quantity.shares) }),
                .array(orders.map { $0.price.map { .integer($0.units) } }),
                .array(orders.map { .text($0.timeInForce.rawValue) }), .array(orders.map { .boolean($0.reducing) }),
                .array(orders.map { .integer($0.epoch) }), .array(orders.map { .text($0.status.rawValue) }),
                .array(orders.map { .integer($0.cumulative.shares) }),
                .array(orders.map { .integer($0.leaves.shares) }),
                .array(orders.map { .integer($0.decided.nanoseconds) }),
                .array(orders.map { .integer($0.updated.nanoseconds) }),
            ])
    }

    private static func statement(_ fills: [FillRow]) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO gauntlet.fills (exec_id, order_id, cl_ord_id, symbol, side, quantity, price, adds_liquidity,
                at_ns)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                $8::boolean[], $9::bigint[])
            ON CONFLICT (exec_id) DO NOTHING
            """,
            [
                .array(fills.map { .text($0.execID) }), .array(fills.map { .text($0.orderID) }),
                .array(fills.map { .text($0.clOrdID) }), .array(fills.map { .text($0.symbol) }),
                .array(fills.map { .text($0.side.rawValue) }), .array(fills.map { .integer($0.quantity.shares) }),
                .array(fills.map { .integer($0.price.units) }), .array(fills.map { .boolean($0.addsLiquidity) }),
                .array(fills.map { .integer($0.at.nanoseconds) }),
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

extension OrderRow {
    /// A later row of the same order: what it was when it was decided stays.
    fileprivate mutating func renew(from later: OrderRow) {
        origClOrdID = later.origClOrdID
        quantity = later.quantity
        price = later.price
        status = later.status
        cumulative = later.cumulative
        leaves = later.leaves
        updated = later.updated
    }
}
