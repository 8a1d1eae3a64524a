import Units

package enum Side: String, Hashable, Sendable, CaseIterable {
    case buy, sell

    package var opposite: Side { self == .buy ? .sell : .buy }
    /// +1 for a buy, −1 for a sell: what a fill does to a position.
    package var sign: Int64 { self == .buy ? 1 : -1 }
}

package enum OrderType: String, Hashable, Sendable, CaseIterable { case market, limit }

package enum TimeInForce: String, Hashable, Sendable, CaseIterable { case day, ioc, fok }

/// What a strategy wants: channel `strategy.intents`.
package struct Intent: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable, CaseIterable { case new, cancel, replace }

    package static let channel = "strategy.intents"

    package var id: String
    /// One gap-free counter over depth and intents of a run.
    package var tick: Int64
    package var action: Action
    /// The intent id of the original order, for `cancel` and `replace`.
    package var target: String?
    package var symbol: String
    package var side: Side
    package var quantity: Quantity
    package var type: OrderType
    /// `nil` for market orders.
    package var limit: Price?
    package var timeInForce: TimeInForce
    package var reduceOnly: Bool
    package var sent: WallTime
    package var due: WallTime

    package init(
        id: String, tick: Int64, action: Action = .new, target: String? = nil, symbol: String, side: Side,
        quantity: Quantity, type: OrderType, limit: Price? = nil, timeInForce: TimeInForce = .day,
        reduceOnly: Bool = false, sent: WallTime, due: WallTime
    ) {
        self.id = id
        self.tick = tick
        self.action = action
        self.target = target
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.type = type
        self.limit = limit
        self.timeInForce = timeInForce
        self.reduceOnly = reduceOnly
        self.sent = sent
        self.due = due
    }
}

extension Intent {
    package var json: JSON {
        [
            "id": .string(id), "tick": .integer(tick), "action": .string(action.rawValue), "target": .optional(target),
            "symbol": .string(symbol), "side": .string(side.rawValue), "quantity": .integer(quantity.shares),
            "type": .string(type.rawValue), "limit": .optional(limit?.units), "tif": .string(timeInForce.rawValue),
            "reduce_only": .bool(reduceOnly), "sent_ns": .integer(sent.nanoseconds), "due_ns": .integer(due.nanoseconds),
        ]
    }

    package init(parsing bytes: [UInt8]) throws(MessageError) {
        try self.init(MessageReader("strategy.intents", bytes))
    }

    /// Only the form is checked here: whether quantity and limit make sense is the governor's `bad_field`.
    package init(_ reader: MessageReader) throws(MessageError) {
        self.init(
            id: try reader.string("id"), tick: try reader.integer("tick"), action: try reader.oneOf("action"),
            target: try reader.optionalString("target"), symbol: try reader.string("symbol"),
            side: try reader.oneOf("side"), quantity: Quantity(shares: try reader.integer("quantity")),
            type: try reader.oneOf("type"), limit: try reader.optionalInteger("limit").map { Price(units: $0) },
            timeInForce: try reader.oneOf("tif"), reduceOnly: try reader.bool("reduce_only"),
            sent: WallTime(nanoseconds: try reader.integer("sent_ns")),
            due: WallTime(nanoseconds: try reader.integer("due_ns")))
    }
}
