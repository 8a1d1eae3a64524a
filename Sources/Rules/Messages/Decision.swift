import Units

/// The one outcome of an intent, or the announcement of a flattening: channel `governor.decisions`.
package struct Decision: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable, CaseIterable { case accept, reduce, reject, withdrawn, flatten }

    /// Why: a closed list. `flatten` has reasons of its own, the last five.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case ok
        case reducedToLimit = "reduced_to_limit"
        case paused
        case criticalPaused = "critical_paused"
        case killed
        case sessionDown = "session_down"
        case notReconciled = "not_reconciled"
        case badField = "bad_field"
        case duplicateIntent = "duplicate_intent"
        case duplicateOrder = "duplicate_order"
        case duplicateContent = "duplicate_content"
        case staleFeed = "stale_feed"
        case halted
        case noReference = "no_reference"
        case priceCollar = "price_collar"
        case maxQuantity = "max_quantity"
        case maxNotional = "max_notional"
        case maxPosition = "max_position"
        case grossExposure = "gross_exposure"
        case netExposure = "net_exposure"
        case openOrders = "open_orders"
        case messageRate = "message_rate"
        case repeatedExecution = "repeated_execution"
        case selfTrade = "self_trade"
        case dailyLoss = "daily_loss"
        case drawdown
        case reduceOnly = "reduce_only"
        case notReducing = "not_reducing"
        case unknownTarget = "unknown_target"
        case storeUnavailable = "store_unavailable"
        case pathBackedUp = "path_backed_up"
        case decisionStale = "decision_stale"
        case sustainedLatency = "sustained_latency"
        case brokerDown = "broker_down"
        case `operator`
    }

    package static let channel = "governor.decisions"

    /// `nil` for a flattening.
    package let intent: String?
    package let tick: Int64?
    package let action: Action
    package let quantity: Quantity
    package let reason: Reason
    package let epoch: Int64
    package let clOrdID: String?

    package init(
        intent: String?, tick: Int64?, action: Action, quantity: Quantity, reason: Reason, epoch: Int64, clOrdID: String?
    ) {
        self.intent = intent
        self.tick = tick
        self.action = action
        self.quantity = quantity
        self.reason = reason
        self.epoch = epoch
        self.clOrdID = clOrdID
    }
}

extension Decision {
    package var json: JSON {
        [
            "intent": .optional(intent), "tick": .optional(tick), "action": .string(action.rawValue),
            "quantity": .integer(quantity.shares), "reason": .string(reason.rawValue), "epoch": .integer(epoch),
            "cl_ord_id": .optional(clOrdID),
        ]
    }

    package init(parsing bytes: [UInt8]) throws(MessageError) {
        let reader = try MessageReader("governor.decisions", bytes)
        self.init(
            intent: try reader.optionalString("intent"), tick: try reader.optionalInteger("tick"),
            action: try reader.oneOf("action"), quantity: Quantity(shares: try reader.integer("quantity")),
            reason: try reader.oneOf("reason"), epoch: try reader.integer("epoch"),
            clOrdID: try reader.optionalString("cl_ord_id"))
    }
}
