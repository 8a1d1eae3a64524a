import Messages
import Units

/// What an intent asks for, as the checks see it.
struct Proposal: Sendable {
    let intent: Intent
    let isReplace: Bool
    /// Shares that it adds to what is open already: the order that a replace changes is not counted twice.
    let added: Quantity
    /// Shares that it would leave open, and the order that is counted for some of them already.
    let open: Quantity
    private let replaced: TrackedOrder?

    init(_ intent: Intent, replacing order: TrackedOrder? = nil) {
        self.intent = intent
        isReplace = order != nil
        replaced = order
        open = Quantity(shares: intent.quantity.shares - (order?.cumulative.shares ?? 0))
        added = Quantity(shares: max(0, open.shares - (order?.exposure.shares ?? 0)))
    }

    /// What it adds to the open notional: a replace that asks for no more shares may ask for a dearer price.
    func addedNotional(at price: Price) -> Money? {
        guard let whole = price.notional(of: open) else { return nil }
        guard let replaced else { return whole }
        return replaced.exposurePrice.notional(of: replaced.exposure).map { max(.zero, whole - $0) }
    }

    var content: OrderContent {
        OrderContent(
            symbol: intent.symbol, side: intent.side == .buy ? 0 : 1, quantity: intent.quantity.shares,
            limit: intent.limit?.units ?? 0,
            timeInForce: intent.timeInForce == .day ? 0 : intent.timeInForce == .ioc ? 1 : 2)
    }
}

enum OpeningVerdict: Hashable {
    case denied(Decision.Reason)
    case passed(price: Price)
}

// The checks of an opening order, in the order of the contract. The first that doesn't pass is the reason; a missing
// input never passes.
extension Governor {
    func check(opening proposal: Proposal, at moment: Moment) -> OpeningVerdict {
        let intent = proposal.intent
        if let reason = closedGate(at: moment) ?? malformed(intent) ?? identityUnlessReplace(proposal) {
            return .denied(reason)
        }
        let acceptances = contents.acceptances(of: proposal.content)
        if contents.isDuplicate(acceptances, at: moment.now) { return .denied(.duplicateContent) }
        switch market.fitness(intent.symbol, at: moment.now, ageMaximum: limits.maxQuoteAge) {
        case .good: break
        case .halted: return .denied(.halted)
        case .stale: return .denied(.staleFeed)
        case .missing: return .denied(.noReference)
        }
        guard let touch = market.touch(intent.symbol),
            let collar = Collar(around: Market.middle(of: touch), basisPoints: limits.priceCollarBasisPoints)
        else { return .denied(.noReference) }
        let price = intent.limit ?? collar.marketable(intent.side)
        guard collar.contains(price) else { return .denied(.priceCollar) }
        if intent.quantity > limits.maxOrderQuantity { return .denied(.maxQuantity) }
        let valuation = intent.limit ?? touch.ask
        guard let notional = valuation.notional(of: intent.quantity), notional <= limits.maxOrderNotional else {
            return .denied(.maxNotional)
        }
        if let reason = exposure(proposal, valuation) ?? pace(acceptances, at: moment) { return .denied(reason) }
        if isSelfTrade(intent, price) { return .denied(.selfTrade) }
        if let reason = losses() { return .denied(reason) }
        return kind == .active ? .passed(price: price) : .denied(.reduceOnly)
    }

    private func identityUnlessReplace(_ proposal: Proposal) -> Decision.Reason? {
        proposal.isReplace ? nil : identity(proposal.intent)
    }

    func malformed(_ intent: Intent) -> Decision.Reason? {
        let limitFits = intent.type == .limit ? (intent.limit?.units ?? 0) > 0 : intent.limit == nil
        guard limitFits, intent.quantity > .zero, symbols.contains(intent.symbol) else { return .badField }
        return misnamed(intent)
    }

    /// What a cancel is checked for, too: its id becomes a field of a FIX message.
    func misnamed(_ intent: Intent) -> Decision.Reason? {
        let isNamed =
            !intent.id.isEmpty && intent.id.utf8.count <= 64
            && intent.id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        return isNamed && intent.tick >= 0 ? nil : .badField
    }

    func identity(_ intent: Intent) -> Decision.Reason? {
        switch orders.seen(intent.id) {
        case .never: nil
        case .here: .duplicateIntent
        case .before: .duplicateOrder
        }
    }

    private func exposure(_ proposal: Proposal, _ valuation: Price) -> Decision.Reason? {
        let intent = proposal.intent
        let position = ledger.position(intent.symbol)
        let open = orders.open(intent.symbol)
        let worst =
            intent.side == .buy ? position + open.buys + proposal.added : -(position - open.sells - proposal.added)
        if worst > limits.maxPosition { return .maxPosition }
        guard let (before, after) = exposures(adding: proposal, to: position.shares, open) else { return .noReference }
        if after.gross > limits.maxGrossExposure.units, after.gross > before.gross { return .grossExposure }
        if after.net > limits.maxNetExposure.units, after.net > before.net { return .netExposure }
        let more = proposal.isReplace ? 0 : 1
        if Int64(orders.count + more) > limits.maxOpenOrders { return .openOrders }
        guard let added = proposal.addedNotional(at: valuation), let notional = orders.openNotional,
            added <= limits.maxOpenNotional - notional
        else { return .openOrders }
        return nil
    }

    private func pace(_ acceptances: [Instant], at moment: Moment) -> Decision.Reason? {
        guard openingRate.admits(at: moment.now) else { return .messageRate }
        return contents.isRepeatedTooOften(acceptances, at: moment.now) ? .repeatedExecution : nil
    }

    /// Whether it would trade with our own resting order. A market order reaches as far as the visible book needs it
    /// to; a limit order is taken at its word.
    private func isSelfTrade(_ intent: Intent, _ price: Price) -> Bool {
        let reach = intent.limit ?? market.reach(intent.symbol, intent.side, intent.quantity) ?? price
        return orders.isCrossed(intent.symbol, by: intent.side, at: reach)
    }

    func ownOrders(crossing symbol: String, _ side: Side, _ price: Price) -> [TrackedOrder] {
        guard orders.isCrossed(symbol, by: side, at: price) else { return [] }
        return orders.live.values.filter { order in
            order.symbol == symbol && order.side != side
                && (side == .buy ? order.price <= price : order.price >= price)
        }
    }

    private func losses() -> Decision.Reason? {
        guard let equity else { return .noReference }
        if lossLatched == .dailyLoss || isDailyLossExceeded(equity) { return .dailyLoss }
        if lossLatched == .drawdown || isDrawdownExceeded(equity) { return .drawdown }
        return nil
    }
}

/// Gross and net exposure if every open order traded in the less favourable direction.
///
/// In 1/10,000, wide enough for any sum: two that were cut off at the same bound would look alike.
struct Exposure: Sendable {
    let gross: Int128
    let net: Int128
}

extension Governor {
    /// Without and with the proposal; `nil` when a symbol that counts has no price.
    /// `position` and `open` are those of the proposal's symbol.
    fileprivate func exposures(adding proposal: Proposal, to position: Int64, _ open: OrderTable.Open)
        -> (before: Exposure, after: Exposure)?
    {
        let own = proposal.intent.symbol
        var sum = ExposureSum()
        for (symbol, open) in orders.openBySymbol where symbol != own {
            guard add(symbol, ledger.position(symbol).shares, open, to: &sum) else { return nil }
        }
        for (symbol, account) in ledger.accounts where symbol != own && !orders.isKnown(symbol) {
            guard add(symbol, account.position.shares, .none, to: &sum) else { return nil }
        }
        var after = sum
        guard add(own, position, open, to: &sum) else { return nil }
        var more = open
        if proposal.intent.side == .buy { more.buys += proposal.added } else { more.sells += proposal.added }
        guard add(own, position, more, to: &after) else { return nil }
        return (sum.exposure, after.exposure)
    }

    private func add(_ symbol: String, _ position: Int64, _ open: OrderTable.Open, to sum: inout ExposureSum) -> Bool {
        if position == 0, open == .none { return true }
        guard let price = market.valuation(symbol)?.units else { return false }
        sum.add(
            high: Int128(position + open.buys.shares) * Int128(price),
            low: Int128(position - open.sells.shares) * Int128(price))
        return true
    }
}

private struct ExposureSum {
    private var gross: Int128 = 0
    private var highest: Int128 = 0
    private var lowest: Int128 = 0

    mutating func add(high: Int128, low: Int128) {
        gross += Int128(max(high.magnitude, low.magnitude))
        highest += high
        lowest += low
    }

    var exposure: Exposure { Exposure(gross: gross, net: Int128(max(highest.magnitude, lowest.magnitude))) }
}
