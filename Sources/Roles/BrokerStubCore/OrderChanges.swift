import Books
import FIX
import Messages
import Units

extension MatchingEngine {
    mutating func cancel(_ message: Message) {
        guard let number = target(of: message, response: "1") else { return }
        end(number, msgType: MsgType.orderCancelRequest, text: "", request: message)
    }

    mutating func replace(_ message: Message) {
        guard let number = target(of: message, response: "2"), var order = orders[number] else { return }
        func refuse(_ text: String) { cancelReject(message, .other, order: order, response: "2", text) }
        guard message.side ?? order.side == order.side, message[.symbol] ?? order.symbol == order.symbol else {
            return refuse("54 and 55 cannot be replaced")
        }
        guard message.orderType ?? order.type == order.type else { return refuse("40 cannot be replaced") }
        guard books[order.symbol]?.status == .trading else { return refuse("\(order.symbol) is halted") }
        let quantity: Quantity
        var limit = order.limit
        do {
            quantity = try OrderRequest.quantity(message)
            if order.type == .limit, message[.price] != nil { limit = try OrderRequest.limit(message) }
        } catch {
            return refuse(error.text)
        }
        guard quantity >= order.state.cumulative else {
            return refuse("38=\(quantity) is less than the \(order.state.cumulative) that have traded")
        }
        // A better place in the queue is kept only by asking for less at the same price.
        if limit != order.limit || quantity > order.state.quantity {
            orderCount += 1
            order.priority = orderCount
        }
        change(&order) { state throws(BooksError) in try state.replace(quantity: quantity) }
        order.limit = limit
        numberByClOrdID[order.clOrdID] = nil
        let before = order.clOrdID
        order.clOrdID = message[.clOrdID] ?? ""
        numberByClOrdID[order.clOrdID] = number
        orders[number] = order
        report(order, .replaced, request: message, origClOrdID: before)
        var execution = recorded(order, .replaced, msgType: MsgType.orderCancelReplaceRequest, request: message)
        execution.origClOrdID = before
        execution.execID = lastExecID
        record(execution)
        if order.state.status.isTerminal { return retire(number, order) }
        work(number, addsLiquidity: false)
    }

    /// The working order that a cancel or replace names; otherwise the reject is written and `nil` returned.
    private mutating func target(of message: Message, response: String) -> Int? {
        guard let clOrdID = message[.clOrdID], !clOrdID.isEmpty, clOrdID.utf8.count <= BrokerLimits.textMaximum,
            let original = message[.origClOrdID]
        else {
            businessReject(message, reason: 5, text: "11 or 41 is missing")
            return nil
        }
        let number = numberByClOrdID[original]
        let order = number.flatMap { orders[$0] }
        guard usedClOrdIDs.insert(clOrdID).inserted else {
            let text = "ClOrdID \(clOrdID) was used before"
            cancelReject(message, .duplicateClOrdID, order: order, response: response, text)
            return nil
        }
        guard let number, let order else {
            // An id that was used and is not the present one: replaced, or ended long ago.
            let wasUsed = usedClOrdIDs.contains(original) && clOrdID != original
            let reason: CancelRejectReason = wasUsed ? .tooLate : .unknownOrder
            cancelReject(message, reason, order: nil, response: response, "no working order \(original)")
            return nil
        }
        guard order.state.status.isWorking else {
            cancelReject(message, .tooLate, order: order, response: response, "\(original) has ended")
            return nil
        }
        return number
    }

    mutating func massCancel(_ message: Message) {
        let request = message[.massCancelRequestType] ?? ""
        let symbol = message[.symbol]
        let numbers: [Int]
        switch (request, symbol) {
        case ("7", _): numbers = working.values.joined().sorted()
        case ("1", let symbol?): numbers = (working[symbol] ?? []).sorted()
        default:
            let text = "530: expected 7, or 1 with 55, found \(request)"
            return massCancelReport(message, response: "0", affected: 0, text: text)
        }
        if let clOrdID = message[.clOrdID] { usedClOrdIDs.insert(clOrdID) }
        massCancelReport(message, response: request, affected: numbers.count, text: nil)
        for number in numbers { end(number, msgType: MsgType.orderMassCancelRequest, text: "mass cancel") }
    }

    mutating func status(_ message: Message) {
        guard let clOrdID = message[.clOrdID] else {
            return businessReject(message, reason: 5, text: "11 is missing")
        }
        guard let number = numberByClOrdID[clOrdID], let order = orders[number] else {
            var unknown = emptyStatus(text: "no order \(clOrdID)")
            unknown[.clOrdID] = clOrdID
            if let id = message[.ordStatusReqID] { unknown[.ordStatusReqID] = id }
            return send(unknown)
        }
        var report = executionReport(order, .status, execID: nextExecID())
        if let id = message[.ordStatusReqID] { report[.ordStatusReqID] = id }
        send(report)
    }

    mutating func massStatus(_ message: Message) {
        guard message[.massStatusReqType] == "7" else {
            let found = message[.massStatusReqType] ?? "nothing"
            return businessReject(message, reason: 0, text: "585: expected 7, found \(found)")
        }
        let id = message[.massStatusReqID] ?? ""
        let orders = workingOrders
        guard !orders.isEmpty else {
            var report = emptyStatus(text: "no working order")
            report[.massStatusReqID] = id
            report[.totNumReports] = "0"
            report[.lastRptRequested] = "Y"
            return send(report)
        }
        for (position, order) in orders.enumerated() {
            var report = executionReport(order, .status, execID: nextExecID())
            report[.massStatusReqID] = id
            report[.totNumReports] = String(orders.count)
            report[.lastRptRequested] = position == orders.count - 1 ? "Y" : "N"
            send(report)
        }
    }
}
