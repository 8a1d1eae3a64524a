import Books
import FIX
import Messages
import Units

extension MatchingEngine {
    mutating func newOrder(_ message: Message, matching: Bool) {
        guard let clOrdID = message[.clOrdID], !clOrdID.isEmpty, clOrdID.utf8.count <= BrokerLimits.textMaximum else {
            return businessReject(message, reason: 5, text: "11 is missing or longer than \(BrokerLimits.textMaximum)")
        }
        guard usedClOrdIDs.insert(clOrdID).inserted else {
            return refuse(message, .duplicateOrder, "ClOrdID \(clOrdID) was used before")
        }
        newOrderCount += 1
        let request: OrderRequest
        do {
            request = try OrderRequest(message, clOrdID: clOrdID)
        } catch {
            return refuse(message, error.reason, error.text)
        }
        guard let book = books[request.symbol] else {
            return refuse(message, .unknownSymbol, "no symbol '\(request.symbol)' here")
        }
        guard book.status == .trading else {
            return refuse(message, .exchangeClosed, "\(request.symbol) is halted")
        }
        guard !isInjected(request) else { return refuse(message, .broker, "rejected on purpose: injected") }
        let match = book.match(request.side, request.quantity, limit: request.limit, settings.fillModel)
        if let level = match.levelMissing {
            return refuse(message, .exceedsLimit, "needs level \(level), the book is not that deep")
        }
        accept(request, matching: matching)
    }

    private func isInjected(_ request: OrderRequest) -> Bool {
        if settings.injectedRejects.references.contains(request.reference) { return true }
        let draw = Draw(seed: settings.seed, stream: .rejects, index: newOrderCount).below(1_000_000)
        return Int64(draw) < settings.injectedRejects.perMillion
    }

    private mutating func accept(_ request: OrderRequest, matching: Bool) {
        orderCount += 1
        let number = orderCount
        var order = Order(
            orderID: "\(settings.incarnation)-O\(number)", clOrdID: request.clOrdID, reference: request.reference,
            symbol: request.symbol, side: request.side, type: request.type, limit: request.limit,
            timeInForce: request.timeInForce, claimsReducing: request.claimsReducing,
            state: OrderState(quantity: request.quantity), priority: number)
        order.isParked = !matching
        change(&order) { state throws(BooksError) in try state.accept() }
        orders[number] = order
        numberByClOrdID[order.clOrdID] = number
        working[order.symbol, default: []].insert(number)
        report(order, .new)
        record(order, .new, msgType: MsgType.newOrderSingle)
        if matching { work(number, addsLiquidity: false) }
    }

    /// Trades what the book gives now, then ends what may not rest.
    mutating func work(_ number: Int, addsLiquidity: Bool) {
        guard var order = orders[number], var book = books[order.symbol], order.state.status.isWorking else { return }
        let match = book.match(order.side, order.state.leaves, limit: order.limit, settings.fillModel)
        order.isParked = false
        if order.timeInForce != .fok || match.isComplete {
            book.take(match)
            books[order.symbol] = book
            for fill in match.fills { trade(&order, fill, addsLiquidity: addsLiquidity) }
        }
        orders[number] = order
        if order.state.status.isTerminal { return retire(number, order) }
        if !order.rests {
            let text = order.timeInForce == .fok ? "not all at once" : "nothing more within the limit or the book"
            end(number, msgType: MsgType.newOrderSingle, text: text)
        }
    }

    private mutating func trade(_ order: inout Order, _ level: Level, addsLiquidity: Bool) {
        change(&order) { state throws(BooksError) in try state.fill(level.size, at: level.price) }
        let execID = nextExecID()
        let fill = Fill(
            execID: execID, orderID: order.orderID, symbol: order.symbol, side: order.side, quantity: level.size,
            price: level.price, addsLiquidity: addsLiquidity)
        do {
            let counted = try ledger.apply(fill)
            precondition(counted, "broker ledger: ExecID \(execID) given twice")
        } catch {
            preconditionFailure("broker ledger: \(error)")
        }
        reportTrade(order, fill)
        var execution = recorded(order, .trade, msgType: MsgType.newOrderSingle)
        execution.execID = execID
        execution.lastQuantity = level.size
        execution.lastPrice = level.price
        execution.addsLiquidity = addsLiquidity
        record(execution)
    }

    /// A change that the order's life must allow here; if it doesn't, this desk is broken.
    func change(_ order: inout Order, _ body: (inout OrderState) throws(BooksError) -> Void) {
        do {
            try body(&order.state)
        } catch {
            preconditionFailure("broker order \(order.orderID): \(error)")
        }
    }

    /// Cancels what is left and tells the client. `text` says why.
    mutating func end(_ number: Int, msgType: String, text: String, request: Message? = nil) {
        guard var order = orders[number], order.state.status.isWorking else { return }
        change(&order) { state throws(BooksError) in try state.cancel() }
        orders[number] = order
        report(order, .cancelled, request: request, text: text)
        record(order, .cancelled, msgType: msgType, request: request, text: text)
        retire(number, order)
    }

    mutating func retire(_ number: Int, _ order: Order) {
        working[order.symbol]?.remove(number)
        ended.append(number)
        guard ended.count > 2 * BrokerLimits.endedOrdersMaximum else { return }
        for old in ended.prefix(ended.count - BrokerLimits.endedOrdersMaximum) {
            guard let forgotten = orders.removeValue(forKey: old) else { continue }
            numberByClOrdID[forgotten.clOrdID] = nil
        }
        ended.removeFirst(ended.count - BrokerLimits.endedOrdersMaximum)
    }
}
