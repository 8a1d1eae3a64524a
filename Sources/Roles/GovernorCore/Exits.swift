import Messages
import Units

enum ExitVerdict: Hashable {
    case denied(Decision.Reason)
    case passed(price: Price, quantity: Quantity)
}

// The shorter table of exits: cancels and verified reduce-only orders. They are exempt from the pause, a stale feed,
// losses, exposure and the opening rate.
extension Governor {
    func exitGate(at moment: Moment, permitsKilled: Bool) -> Decision.Reason? {
        if killed, !permitsKilled { return .killed }
        if !sessionUp { return .sessionDown }
        if !reconciliation.isDone { return .notReconciled }
        // A cancel has no row to wait for; an order has.
        if !storeReachable, !permitsKilled { return .storeUnavailable }
        return moment.unsentBytes > 0 ? .pathBackedUp : nil
    }

    func check(exit proposal: Proposal, at moment: Moment) -> ExitVerdict {
        let intent = proposal.intent
        if let reason = exitGate(at: moment, permitsKilled: false) ?? malformed(intent) ?? identity(intent) {
            return .denied(reason)
        }
        let room = reducible(intent.symbol, intent.side, besides: nil)
        guard room > .zero else { return .denied(.notReducing) }
        let quantity = min(intent.quantity, room, limits.maxOrderQuantity)
        guard let collar = exitCollar(intent.symbol, widening: 1, at: moment.now) else { return .denied(.noReference) }
        let price = intent.limit ?? collar.marketable(intent.side)
        guard collar.contains(price) else { return .denied(.priceCollar) }
        guard exitRate.admits(at: moment.now) else { return .denied(.messageRate) }
        return .passed(price: price, quantity: quantity)
    }

    func exitCollar(_ symbol: String, widening: Int64, at now: Instant) -> Collar? {
        guard let reference = market.exitReference(symbol, at: now, ageMaximum: limits.maxQuoteAge) else { return nil }
        return Collar(
            around: reference.price, basisPoints: limits.priceCollarBasisPoints,
            widening: reference.widening * widening)
    }

    /// How much of the position a further order on `side` can close, if everything open on that side traded first.
    func reducible(_ symbol: String, _ side: Side, besides own: TrackedOrder?) -> Quantity {
        let position = ledger.position(symbol)
        guard position.shares.signum() == -side.sign else { return .zero }
        let open = orders.open(symbol)
        let working = (side == .buy ? open.buys : open.sells) - (own?.exposure ?? .zero)
        return max(.zero, position.magnitude - working)
    }

    /// Our own orders in the way of an exit go first. The broker reads the cancels before the exit.
    mutating func cancelOwnOrders(crossing symbol: String, _ side: Side, _ price: Price, at moment: Moment) {
        guard settings.mode == .live else { return }
        for order in ownOrders(crossing: symbol, side, price) {
            if order.stage == .undurable {
                withdraw(order.clOrdID, .selfTrade, at: moment)
            } else if order.cancelAsked == nil {
                cancel(order, clOrdID: ownName("cancel"), at: moment)
            }
        }
    }

    mutating func cancel(_ order: TrackedOrder, clOrdID: String, at moment: Moment) {
        var order = order
        order.cancelAsked = moment.now
        orders.put(order)
        out.append(.send(OrderWire.cancel(order, clOrdID: clOrdID, reference: clOrdID, at: moment.wall)))
    }

    /// A name that no other start of this governor will use.
    mutating func ownName(_ prefix: String) -> String {
        ownNames += 1
        return "\(prefix)-\(instance * 1_000_000 + ownNames)"
    }
}
