/// The tables of schema `gauntlet` that are part of the governor contract. The conductor drops the schema and
/// runs these statements before a governor starts; a governor adds tables of its own to the same schema.
///
/// Money and prices are bigint in 1/10,000 of the quote currency, quantities are whole shares, times are
/// nanoseconds since the Unix epoch.
package enum StoreSchema {
    /// One statement each, in order; all of them may be run again.
    package static let statements: [String] = [
        "CREATE SCHEMA IF NOT EXISTS gauntlet",
        """
        CREATE TABLE IF NOT EXISTS gauntlet.orders (
            cl_ord_id text PRIMARY KEY,
            orig_cl_ord_id text,
            reference text NOT NULL,
            symbol text NOT NULL,
            side text NOT NULL CHECK (side IN ('buy', 'sell')),
            quantity bigint NOT NULL CHECK (quantity >= 0),
            price bigint,
            tif text NOT NULL,
            reducing boolean NOT NULL,
            epoch bigint NOT NULL,
            status text NOT NULL,
            cumulative bigint NOT NULL DEFAULT 0,
            leaves bigint NOT NULL,
            decided_ns bigint NOT NULL,
            updated_ns bigint NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS gauntlet.fills (
            exec_id text PRIMARY KEY,
            order_id text NOT NULL,
            cl_ord_id text NOT NULL,
            symbol text NOT NULL,
            side text NOT NULL CHECK (side IN ('buy', 'sell')),
            quantity bigint NOT NULL CHECK (quantity > 0),
            price bigint NOT NULL,
            adds_liquidity boolean NOT NULL,
            at_ns bigint NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS gauntlet.positions (
            symbol text PRIMARY KEY,
            quantity bigint NOT NULL,
            version bigint NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS gauntlet.pnl (
            symbol text PRIMARY KEY,
            cash bigint NOT NULL,
            fees bigint NOT NULL,
            position bigint NOT NULL)
        """,
    ]

    /// The tables that the judge reads when a run is over, and the columns in the order of its rows.
    package static let tables: [(name: String, columns: [String], orderedBy: String)] = [
        (
            "orders",
            [
                "cl_ord_id", "orig_cl_ord_id", "reference", "symbol", "side", "quantity", "price", "tif", "reducing",
                "epoch", "status", "cumulative", "leaves", "decided_ns", "updated_ns",
            ], "decided_ns, cl_ord_id"
        ),
        (
            "fills",
            ["exec_id", "order_id", "cl_ord_id", "symbol", "side", "quantity", "price", "adds_liquidity", "at_ns"],
            "at_ns, exec_id"
        ),
        ("positions", ["symbol", "quantity", "version"], "symbol"),
        ("pnl", ["symbol", "cash", "fees", "position"], "symbol"),
    ]

    /// `orders.status`: the closed list, and which of them are final.
    package enum OrderStatus: String, Hashable, Sendable, CaseIterable {
        /// Durable, and perhaps sent: counts at its worst case until the broker has said what became of it.
        case pending
        case working, filled, cancelled, replaced, rejected, expired
        /// Stopped by the last gate: never written to the socket.
        case withdrawn
        /// Sent into a connection that was lost; the broker never had it.
        case lost

        package var isFinal: Bool { self != .pending && self != .working }
    }
}
