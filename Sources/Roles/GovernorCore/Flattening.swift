import Messages
import Units

/// An obligation to have no position. It holds until the position is zero, whatever comes between: a queue of orders
/// would go stale, an obligation can't.
package struct Flattening: Hashable, Sendable {
    package var reason: Decision.Reason
    package let since: Instant
    /// Reducing orders tried, by symbol: the collar grows with them.
    var attempts: [String: Int64] = [:]
    var lastAttempt: [String: Instant] = [:]
    /// Slices that were filled, and the state of the book then: the next one waits for a newer, since what the last one
    /// took may be missing; but no longer than for a reprice.
    var filled: [String: Filled] = [:]
    /// How often the venue refused a slice as too large: a book may show more than it sells at once.
    var refusals: [String: Int] = [:]

    struct Filled: Hashable, Sendable {
        let sequence: Int64?
        let at: Instant
    }

    init(reason: Decision.Reason, since: Instant) {
        self.reason = reason
        self.since = since
    }

    /// A slice went through as a whole: the next needs neither the pause nor the wider collar of one that didn't.
    mutating func fill(_ symbol: String, on sequence: Int64?, at now: Instant) {
        lastAttempt[symbol] = nil
        attempts[symbol] = nil
        filled[symbol] = Filled(sequence: sequence, at: now)
    }

    /// Half as much as before, down to one share; a flattening begins whole again.
    func halved(_ slice: Quantity, _ symbol: String) -> Quantity {
        Quantity(shares: max(1, slice.shares >> min(refusals[symbol] ?? 0, 32)))
    }

    /// The collar's multiple of the next attempt: 1, 2, 4, and no more.
    func widening(_ symbol: String) -> Int64 { 1 << min(attempts[symbol] ?? 0, 2) }
}

extension Governor {
    /// Announced once an episode, before anything is sent; also when there is nothing to flatten.
    mutating func startFlattening(_ reason: Decision.Reason, at moment: Moment) {
        if flattening?.reason == reason { return }
        let size = ledger.accounts.values.reduce(Quantity.zero) { $0 + $1.position.magnitude }
        if flattening == nil {
            flattening = Flattening(reason: reason, since: moment.now)
        } else if reason == .sustainedLatency {
            flattening?.reason = reason
        } else {
            return
        }
        if troubleSince == nil { troubleSince = moment.now }
        out.append(
            .publish(
                Decision(
                    intent: nil, tick: nil, action: .flatten, quantity: size, reason: reason, epoch: epoch, clOrdID: nil
                )))
    }

    /// Cancel everything and hear of it; then one reducing order in flight a symbol, of what the position is now.
    mutating func stepFlattening(at moment: Moment) {
        guard flattening != nil, settings.mode == .live || ledger.isFlat else { return }
        guard sessionUp, reconciliation.isDone else { return }
        let others = orders.live.values.filter { !$0.isFlattening }
        if !others.isEmpty {
            guard moment.unsentBytes == 0 else { return }
            for order in others { cancelForFlattening(order, at: moment) }
            return
        }
        let symbolsOpen = ledger.accounts.filter { $0.value.position != .zero }.keys.sorted()
        if symbolsOpen.isEmpty, orders.count == 0 {
            flattening = nil
            out.append(.announce("flat"))
            return
        }
        guard storeReachable, moment.unsentBytes == 0 else { return }
        for symbol in symbolsOpen { reduce(symbol, at: moment) }
    }

    private mutating func cancelForFlattening(_ order: TrackedOrder, at moment: Moment) {
        guard order.stage != .undurable else { return withdraw(order.clOrdID, .reduceOnly, at: moment) }
        if let asked = order.cancelAsked, moment.now - asked < timing.cancelPatience { return }
        cancel(order, clOrdID: ownName("cancel"), at: moment)
    }

    private mutating func reduce(_ symbol: String, at moment: Moment) {
        guard let flattening, !orders.live.values.contains(where: { $0.symbol == symbol }) else { return }
        if let last = flattening.lastAttempt[symbol], moment.now - last < timing.flattenRepriceEvery { return }
        if let filled = flattening.filled[symbol], filled.sequence == market.sequence(symbol),
            moment.now - filled.at < timing.flattenRepriceEvery
        { return }
        // A venue takes no order in a halt. An obligation can wait; an order that is refused over and over can't.
        guard !market.isHalted(symbol) else { return }
        let position = ledger.position(symbol)
        let side: Side = position > .zero ? .sell : .buy
        guard let collar = exitCollar(symbol, widening: flattening.widening(symbol), at: moment.now) else { return }
        // More than the book shows within the collar would be refused, or run through it.
        let visible = market.displayed(symbol, side, within: collar)
        let whole = min(position.magnitude, limits.maxOrderQuantity, visible > .zero ? visible : position.magnitude)
        let slice = flattening.halved(whole, symbol)
        let name = ownName("flatten")
        self.flattening?.attempts[symbol, default: 0] += 1
        self.flattening?.lastAttempt[symbol] = moment.now
        submit(
            TrackedOrder(
                clOrdID: name, origClOrdID: nil, reference: name, tick: nil, symbol: symbol, side: side,
                quantity: slice, price: collar.marketable(side),
                timeInForce: .ioc, reducing: true, isFlattening: true, epoch: epoch, decided: moment.now,
                decidedWall: moment.wall, stage: .undurable),
            at: moment)
    }

    /// Killed: cancels only, for everything, until nothing is open.
    mutating func cancelEverything(at moment: Moment) {
        guard settings.mode == .live, sessionUp, reconciliation.isDone, orders.count > 0 else { return }
        if let asked = massCancelAsked, moment.now - asked < timing.cancelPatience { return }
        massCancelAsked = moment.now
        out.append(.send(OrderWire.cancelEverything(clOrdID: ownName("kill"), at: moment.wall)))
    }
}
