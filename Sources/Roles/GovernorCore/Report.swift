import FIX
import Messages
import Units

/// An ExecutionReport(35=8), in the governor's terms.
package struct Report: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case new, trade, cancelled, replaced, rejected, expired, status
        /// Pending states and restatements: they change nothing here.
        case other
    }

    package var kind: Kind
    package var clOrdID: String
    package var origClOrdID: String?
    package var reference: String?
    package var execID: String
    /// OrderID(37), the same through all replaces.
    package var orderID: String
    package var symbol: String
    package var side: Side
    package var quantity: Quantity
    package var cumulative: Quantity
    package var leaves: Quantity
    package var lastQuantity: Quantity
    package var lastPrice: Price
    /// LastLiquidityInd(851)=1.
    package var addsLiquidity: Bool
    package var price: Price?
    package var reducing: Bool
    /// OrdStatus(39) is one of the final ones.
    package var isFinal: Bool
    /// OrdRejReason(103)=3: larger than the venue takes.
    package var isTooLarge: Bool
    package var statusRequest: String?
    /// LastRptRequested(912)=Y, or TotNumReports(911)=0.
    package var endsStatus: Bool
    package var isEmptyStatus: Bool
    package var text: String
    package var transactTime: WallTime?
}

/// An OrderCancelReject(35=9).
package struct CancelRejection: Hashable, Sendable {
    package var clOrdID: String
    package var origClOrdID: String
    /// CxlRejReason(102)=1: the broker doesn't know the order.
    package var isUnknownOrder: Bool
    package var text: String

    package init(clOrdID: String, origClOrdID: String, isUnknownOrder: Bool, text: String) {
        self.clOrdID = clOrdID
        self.origClOrdID = origClOrdID
        self.isUnknownOrder = isUnknownOrder
        self.text = text
    }
}

extension Report {
    /// `nil` when a field that the meaning hangs on is missing: the owner must treat the report as unread.
    package init?(_ message: Message) {
        guard message.msgType == MsgType.executionReport, let execType = message[.execType] else { return nil }
        let isEmpty = message.integer(.totNumReports) == 0
        guard let execID = message[.execID], let ordStatus = message[.ordStatus] else { return nil }
        let side: Side = message[.side] == "2" ? .sell : .buy
        self.init(
            kind: Report.kind(execType), clOrdID: message[.clOrdID] ?? "", origClOrdID: message[.origClOrdID],
            reference: message[.secondaryClOrdID], execID: execID, orderID: message[.orderID] ?? "",
            symbol: message[.symbol] ?? "", side: side,
            quantity: message.quantity(.orderQty) ?? .zero, cumulative: message.quantity(.cumQty) ?? .zero,
            leaves: message.quantity(.leavesQty) ?? .zero, lastQuantity: message.quantity(.lastQty) ?? .zero,
            lastPrice: message.price(.lastPx) ?? Price(units: 0), addsLiquidity: message[Tag(851)] == "1",
            price: message.price(.price),
            reducing: message[.positionEffect] == "C", isFinal: ["2", "4", "8", "C"].contains(ordStatus),
            isTooLarge: message[.ordRejReason] == "3", statusRequest: message[.massStatusReqID],
            endsStatus: isEmpty || message.flag(.lastRptRequested) == true, isEmptyStatus: isEmpty,
            text: message[.text] ?? "", transactTime: message.timestamp(.transactTime))
        let needsQuantity = kind == .trade
        if needsQuantity,
            lastQuantity.shares <= 0 || lastPrice.units <= 0 || symbol.isEmpty || orderID.isEmpty
                || message[.side] == nil
        {
            return nil
        }
    }

    private static func kind(_ execType: String) -> Kind {
        switch execType {
        case "0": .new
        case "F", "1", "2": .trade
        case "4": .cancelled
        case "5": .replaced
        case "8": .rejected
        case "C": .expired
        case "I": .status
        default: .other
        }
    }
}

extension CancelRejection {
    package init?(_ message: Message) {
        guard message.msgType == MsgType.orderCancelReject, let clOrdID = message[.clOrdID] else { return nil }
        self.init(
            clOrdID: clOrdID, origClOrdID: message[.origClOrdID] ?? "",
            isUnknownOrder: message[.cxlRejReason] == "1", text: message[.text] ?? "")
    }
}
