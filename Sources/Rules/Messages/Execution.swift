import Units

/// The broker's drop copy: channel `broker.executions`, one message for each change of an order, and for
/// each session event that the ledger must know. `sequence` has no gaps.
package struct Execution: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Read from the wire, not judged yet.
        case received
        case new, trade, cancelled, replaced, rejected, expired
        case cancelRejected = "cancel_rejected"
        case loggedOn = "logged_on"
        case loggedOut = "logged_out"
        case disconnected
    }

    package static let channel = "broker.executions"

    package var sequence: Int64
    package var kind: Kind
    package var at: WallTime
    /// ExecID(17); empty for `received` and session events.
    package var execID: String
    /// OrderID(37), ClOrdID(11), OrigClOrdID(41), SecondaryClOrdID(526): empty where there is none.
    package var orderID: String
    package var clOrdID: String
    package var origClOrdID: String
    package var reference: String
    /// MsgType(35) of the request: `D`, `F`, `G`, `q`; empty for session events.
    package var msgType: String
    package var symbol: String
    package var side: Side
    /// OrderQty(38), LastQty(32), CumQty(14), LeavesQty(151).
    package var quantity: Quantity
    package var lastQuantity: Quantity
    package var cumulative: Quantity
    package var leaves: Quantity
    package var lastPrice: Price
    /// PositionEffect(77)=C was claimed.
    package var claimsReducing: Bool
    /// LastLiquidityInd(851)=1: this trade filled a resting order. Fees depend on it.
    package var addsLiquidity: Bool
    /// The ledger's position in `symbol` after this event.
    package var position: Quantity
    /// Text(58), or why a session ended.
    package var text: String

    package init(
        sequence: Int64, kind: Kind, at: WallTime, execID: String = "", orderID: String = "", clOrdID: String = "",
        origClOrdID: String = "", reference: String = "", msgType: String = "", symbol: String = "", side: Side = .buy,
        quantity: Quantity = .zero, lastQuantity: Quantity = .zero, cumulative: Quantity = .zero,
        leaves: Quantity = .zero, lastPrice: Price = Price(units: 0), claimsReducing: Bool = false,
        addsLiquidity: Bool = false, position: Quantity = .zero, text: String = ""
    ) {
        self.sequence = sequence
        self.kind = kind
        self.at = at
        self.execID = execID
        self.orderID = orderID
        self.clOrdID = clOrdID
        self.origClOrdID = origClOrdID
        self.reference = reference
        self.msgType = msgType
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.lastQuantity = lastQuantity
        self.cumulative = cumulative
        self.leaves = leaves
        self.lastPrice = lastPrice
        self.claimsReducing = claimsReducing
        self.addsLiquidity = addsLiquidity
        self.position = position
        self.text = text
    }
}

extension Execution {
    package var json: JSON {
        [
            "seq": .integer(sequence), "kind": .string(kind.rawValue), "at_ns": .integer(at.nanoseconds),
            "exec_id": .string(execID), "order_id": .string(orderID), "cl_ord_id": .string(clOrdID),
            "orig_cl_ord_id": .string(origClOrdID), "reference": .string(reference), "msg_type": .string(msgType),
            "symbol": .string(symbol), "side": .string(side.rawValue), "quantity": .integer(quantity.shares),
            "last_quantity": .integer(lastQuantity.shares), "cumulative": .integer(cumulative.shares),
            "leaves": .integer(leaves.shares), "last_price": .integer(lastPrice.units),
            "claims_reducing": .bool(claimsReducing), "adds_liquidity": .bool(addsLiquidity),
            "position": .integer(position.shares), "text": .string(text),
        ]
    }

    package init(parsing bytes: [UInt8]) throws(MessageError) {
        try self.init(MessageReader("broker.executions", bytes))
    }

    package init(_ reader: MessageReader) throws(MessageError) {
        try self.init(reader, at: WallTime(nanoseconds: try reader.integer("at_ns")))
    }

    /// One whose time stands elsewhere.
    package init(_ reader: MessageReader, at: WallTime) throws(MessageError) {
        func shares(_ field: String) throws(MessageError) -> Quantity { Quantity(shares: try reader.integer(field)) }
        self.init(
            sequence: try reader.integer("seq"), kind: try reader.oneOf("kind"), at: at,
            execID: try reader.string("exec_id"),
            orderID: try reader.string("order_id"), clOrdID: try reader.string("cl_ord_id"),
            origClOrdID: try reader.string("orig_cl_ord_id"), reference: try reader.string("reference"),
            msgType: try reader.string("msg_type"), symbol: try reader.string("symbol"), side: try reader.oneOf("side"),
            quantity: try shares("quantity"), lastQuantity: try shares("last_quantity"),
            cumulative: try shares("cumulative"), leaves: try shares("leaves"),
            lastPrice: Price(units: try reader.integer("last_price")),
            claimsReducing: try reader.bool("claims_reducing"), addsLiquidity: try reader.bool("adds_liquidity"),
            position: try shares("position"), text: try reader.string("text"))
    }
}
