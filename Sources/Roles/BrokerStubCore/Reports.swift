import Books
import FIX
import Messages
import Units

/// ExecType(150).
enum ExecType: String {
    case new = "0"
    case cancelled = "4"
    case replaced = "5"
    case rejected = "8"
    case trade = "F"
    case status = "I"
}

extension MatchingEngine {
    var lastExecID: String { "\(settings.incarnation)-E\(executionCount)" }

    mutating func nextExecID() -> String {
        executionCount += 1
        return lastExecID
    }

    mutating func send(_ message: Message) { effects.append(.report(message)) }

    func executionReport(
        _ order: Order, _ type: ExecType, execID: String, request: Message? = nil, origClOrdID: String? = nil
    ) -> Message {
        var fields: [(Tag, String)] = [
            (.orderID, order.orderID), (.clOrdID, request?[.clOrdID] ?? order.clOrdID),
            (.execID, execID), (.execType, type.rawValue), (.ordStatus, order.state.status.fix),
            (.symbol, order.symbol), (.side, order.side.fix), (.orderQty, "\(order.state.quantity)"),
            (.ordType, order.type.fix), (.timeInForce, order.timeInForce.fix),
            (.leavesQty, "\(order.state.leaves)"), (.cumQty, "\(order.state.cumulative)"),
            (.avgPx, "\(order.state.averagePrice)"), (.transactTime, Timestamp.written(wall)),
        ]
        if request != nil { fields.append((.origClOrdID, origClOrdID ?? order.clOrdID)) }
        let reference = request?[.secondaryClOrdID] ?? order.reference
        if !reference.isEmpty { fields.append((.secondaryClOrdID, reference)) }
        if let limit = order.limit { fields.append((.price, "\(limit)")) }
        if order.claimsReducing { fields.append((.positionEffect, "C")) }
        return Message(MsgType.executionReport, fields)
    }

    mutating func report(
        _ order: Order, _ type: ExecType, request: Message? = nil, origClOrdID: String? = nil, text: String = ""
    ) {
        var message = executionReport(
            order, type, execID: nextExecID(), request: request, origClOrdID: origClOrdID)
        if !text.isEmpty { message[.text] = text }
        send(message)
    }

    mutating func reportTrade(_ order: Order, _ fill: Fill) {
        var message = executionReport(order, .trade, execID: fill.execID)
        message[.lastQty] = "\(fill.quantity)"
        message[.lastPx] = "\(fill.price)"
        message[.lastLiquidityInd] = fill.addsLiquidity ? "1" : "2"
        send(message)
    }

    /// A new order is refused: 150=8, and nothing of it remains but its ClOrdID.
    mutating func refuse(_ message: Message, _ reason: OrderRejectReason, _ text: String) {
        var fields: [(Tag, String)] = [
            (.orderID, "NONE"), (.clOrdID, message[.clOrdID] ?? ""), (.execID, nextExecID()),
            (.execType, ExecType.rejected.rawValue), (.ordStatus, OrderState.Status.rejected.fix),
            (.ordRejReason, String(reason.rawValue)), (.symbol, message[.symbol] ?? "[N/A]"),
            (.side, message[.side] ?? "7"), (.orderQty, message[.orderQty] ?? "0"), (.leavesQty, "0"),
            (.cumQty, "0"), (.avgPx, "0"), (.transactTime, Timestamp.written(wall)), (.text, text),
        ]
        if let reference = message[.secondaryClOrdID] { fields.append((.secondaryClOrdID, reference)) }
        send(Message(MsgType.executionReport, fields))
        var execution = Execution(sequence: 0, kind: .rejected, at: wall)
        execution.execID = lastExecID
        execution.clOrdID = message[.clOrdID] ?? ""
        execution.reference = message[.secondaryClOrdID] ?? ""
        execution.msgType = message.msgType
        execution.symbol = message[.symbol] ?? ""
        execution.side = message.side ?? .buy
        execution.quantity = message.quantity(.orderQty) ?? .zero
        execution.claimsReducing = message[.positionEffect] == "C"
        execution.position = ledger.position(execution.symbol)
        execution.text = text
        record(execution)
    }

    mutating func cancelReject(
        _ message: Message, _ reason: CancelRejectReason, order: Order?, response: String, _ text: String
    ) {
        var fields: [(Tag, String)] = [
            (.orderID, order?.orderID ?? "NONE"), (.clOrdID, message[.clOrdID] ?? ""),
            (.origClOrdID, message[.origClOrdID] ?? ""),
            (.ordStatus, order?.state.status.fix ?? OrderState.Status.rejected.fix), (.cxlRejResponseTo, response),
            (.cxlRejReason, String(reason.rawValue)), (.transactTime, Timestamp.written(wall)), (.text, text),
        ]
        if let reference = message[.secondaryClOrdID] { fields.append((.secondaryClOrdID, reference)) }
        send(Message(MsgType.orderCancelReject, fields))
        var execution = Execution(sequence: 0, kind: .cancelRejected, at: wall)
        if let order { execution = recorded(order, .cancelRejected, msgType: message.msgType) }
        execution.execID = ""
        execution.clOrdID = message[.clOrdID] ?? ""
        execution.origClOrdID = message[.origClOrdID] ?? ""
        execution.reference = message[.secondaryClOrdID] ?? ""
        execution.msgType = message.msgType
        execution.text = text
        record(execution)
    }

    mutating func massCancelReport(_ message: Message, response: String, affected: Int, text: String?) {
        orderCount += 1
        var fields: [(Tag, String)] = [
            (.clOrdID, message[.clOrdID] ?? ""), (.orderID, "\(settings.incarnation)-O\(orderCount)"),
            (.massCancelRequestType, message[.massCancelRequestType] ?? "7"), (.massCancelResponse, response),
            (.totalAffectedOrders, String(affected)), (.transactTime, Timestamp.written(wall)),
        ]
        if let text { fields += [(.massCancelRejectReason, "99"), (.text, text)] }
        send(Message(MsgType.orderMassCancelReport, fields))
    }

    /// A status report about no order: 39=8, nothing in it but zeros.
    mutating func emptyStatus(text: String) -> Message {
        Message(
            MsgType.executionReport,
            [
                (.orderID, "NONE"), (.execID, nextExecID()), (.execType, ExecType.status.rawValue),
                (.ordStatus, OrderState.Status.rejected.fix), (.symbol, "[N/A]"), (.side, "7"), (.leavesQty, "0"),
                (.cumQty, "0"), (.avgPx, "0"), (.transactTime, Timestamp.written(wall)), (.text, text),
            ])
    }

    /// BusinessMessageReject: 380 is 0 other, 3 unsupported message type, 5 conditionally required field missing.
    mutating func businessReject(_ message: Message, reason: Int, text: String) {
        send(
            Message(
                MsgType.businessMessageReject,
                [
                    (.refSeqNum, String(message.header.seq)), (.refMsgType, message.msgType),
                    (.businessRejectReason, String(reason)), (.text, text),
                ]))
    }

    func recorded(_ order: Order, _ kind: Execution.Kind, msgType: String, request: Message? = nil) -> Execution {
        Execution(
            sequence: 0, kind: kind, at: wall, execID: lastExecID, orderID: order.orderID,
            clOrdID: request?[.clOrdID] ?? order.clOrdID, origClOrdID: request == nil ? "" : order.clOrdID,
            reference: request?[.secondaryClOrdID] ?? order.reference, msgType: msgType, symbol: order.symbol,
            side: order.side, quantity: order.state.quantity, cumulative: order.state.cumulative,
            leaves: order.state.leaves, claimsReducing: order.claimsReducing,
            position: ledger.position(order.symbol))
    }

    mutating func record(
        _ order: Order, _ kind: Execution.Kind, msgType: String, request: Message? = nil, text: String = ""
    ) {
        var execution = recorded(order, kind, msgType: msgType, request: request)
        execution.text = text
        record(execution)
    }
}
