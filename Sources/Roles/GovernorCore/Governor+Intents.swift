import Messages
import Units

extension Governor {
    mutating func decide(_ intent: Intent, at moment: Moment) {
        market.count(intent.tick, sent: intent.sent)
        switch intent.action {
        case .new: intent.reduceOnly ? decideExit(intent, at: moment) : decideOpening(intent, at: moment)
        case .cancel: decideCancel(intent, at: moment)
        case .replace: decideReplace(intent, at: moment)
        }
    }

    mutating func rejectUnread(_ id: String, _ tick: Int64, at moment: Moment) {
        market.count(tick, sent: moment.wall)
        out.append(
            .publish(
                Decision(
                    intent: id, tick: tick, action: .reject, quantity: .zero, reason: .badField, epoch: epoch,
                    clOrdID: nil)))
    }

    mutating func reject(_ intent: Intent, _ reason: Decision.Reason) {
        if reason != .duplicateIntent { orders.remember(intent.id, accepted: false) }
        out.append(
            .publish(
                Decision(
                    intent: intent.id, tick: intent.tick, action: .reject, quantity: .zero, reason: reason,
                    epoch: epoch, clOrdID: nil)))
    }

    private mutating func accept(
        _ intent: Intent, _ quantity: Quantity, action: Decision.Action = .accept, reason: Decision.Reason = .ok
    ) {
        orders.remember(intent.id, accepted: true)
        out.append(
            .publish(
                Decision(
                    intent: intent.id, tick: intent.tick, action: action, quantity: quantity, reason: reason,
                    epoch: epoch, clOrdID: intent.id)))
    }

    private mutating func decideOpening(_ intent: Intent, at moment: Moment) {
        let proposal = Proposal(intent)
        switch check(opening: proposal, at: moment) {
        case .denied(let reason): reject(intent, reason)
        case .passed(let price):
            accept(intent, intent.quantity)
            openingRate.count(at: moment.now)
            contents.remember(proposal.content, at: moment.now)
            submit(intent, quantity: intent.quantity, price: price, reducing: false, at: moment)
        }
    }

    private mutating func decideExit(_ intent: Intent, at moment: Moment) {
        switch check(exit: Proposal(intent), at: moment) {
        case .denied(let reason): reject(intent, reason)
        case .passed(let price, let quantity):
            let whole = quantity == intent.quantity
            accept(intent, quantity, action: whole ? .accept : .reduce, reason: whole ? .ok : .reducedToLimit)
            exitRate.count(at: moment.now)
            cancelOwnOrders(crossing: intent.symbol, intent.side, price, at: moment)
            submit(intent, quantity: quantity, price: price, reducing: true, at: moment)
        }
    }

    private mutating func decideCancel(_ intent: Intent, at moment: Moment) {
        if let reason = exitGate(at: moment, permitsKilled: true) ?? misnamed(intent) ?? identity(intent) {
            return reject(intent, reason)
        }
        guard let target = intent.target, let order = orders.order(of: target), order.stage != .undurable else {
            return reject(intent, .unknownTarget)
        }
        guard cancelRate.admits(at: moment.now) else { return reject(intent, .messageRate) }
        cancelRate.count(at: moment.now)
        accept(intent, Quantity(shares: order.quantity.shares - order.cumulative.shares))
        guard settings.mode == .live else { return }
        cancel(order, clOrdID: intent.id, at: moment)
    }

    private mutating func decideReplace(_ intent: Intent, at moment: Moment) {
        if let reason = closedGate(at: moment) ?? malformed(intent) ?? identity(intent) { return reject(intent, reason) }
        guard let target = intent.target, let order = orders.order(of: target), order.stage != .undurable,
            order.replacement == nil, order.cancelAsked == nil, order.symbol == intent.symbol,
            order.side == intent.side,
            intent.quantity > order.cumulative
        else { return reject(intent, .unknownTarget) }
        let proposal = Proposal(intent, replacing: order)
        switch check(opening: proposal, at: moment) {
        case .denied(let reason): reject(intent, reason)
        case .passed(let price):
            if order.reducing, reducible(order.symbol, order.side, besides: order) < proposal.open {
                return reject(intent, .notReducing)
            }
            accept(intent, intent.quantity)
            openingRate.count(at: moment.now)
            contents.remember(proposal.content, at: moment.now)
            replace(order, intent, price: price, at: moment)
        }
    }

    private mutating func submit(
        _ intent: Intent, quantity: Quantity, price: Price, reducing: Bool, at moment: Moment
    ) {
        guard settings.mode == .live else { return }
        var timeInForce = intent.timeInForce
        // A market order is a limit order at the collar; what the book doesn't hold must not rest there.
        if intent.type == .market, timeInForce == .day { timeInForce = .ioc }
        submit(
            TrackedOrder(
                clOrdID: intent.id, origClOrdID: nil, reference: intent.id, tick: intent.tick, symbol: intent.symbol,
                side: intent.side, quantity: quantity, price: price, timeInForce: timeInForce, reducing: reducing,
                isFlattening: false, epoch: epoch, decided: moment.now, decidedWall: moment.wall, stage: .undurable),
            at: moment)
    }

    private mutating func replace(_ order: TrackedOrder, _ intent: Intent, price: Price, at moment: Moment) {
        guard settings.mode == .live else { return }
        var order = order
        let change = TrackedOrder.Replacement(
            clOrdID: intent.id, reference: intent.id, tick: intent.tick, quantity: intent.quantity, price: price,
            epoch: epoch, decided: moment.now, decidedWall: moment.wall, isSent: false)
        order.replacement = change
        orders.put(order)
        undurable.append((change.clOrdID, moment.now))
        out.append(.store(.order(order.row(of: change, .pending, at: moment.wall), gates: true)))
    }
}
