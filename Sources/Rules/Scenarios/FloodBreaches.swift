import Messages
import Units

// What a good governor denies, each for one reason only.
extension FloodMix {
    /// Every check that one intent can break by itself. The others (paused, session, store, losses) are states of the
    /// whole governor, and have drills of their own.
    static let reasons: [Decision.Reason] = [
        .badField, .duplicateIntent, .duplicateContent, .halted, .staleFeed, .noReference, .priceCollar, .maxQuantity,
        .maxNotional, .maxPosition, .grossExposure, .netExposure, .openOrders, .messageRate, .repeatedExecution,
        .selfTrade, .notReducing, .unknownTarget,
    ]

    /// The reason that was least used so far and can be broken now.
    mutating func breach() -> Planned {
        let size = FloodMix.reasons.count
        let turn = Int(draws.whole(in: 0...Int64(size - 1), at: count + 1))
        var tried = [Bool](repeating: false, count: size)
        for _ in 0..<size {
            var place = -1
            for step in 0..<size {
                let other = (step + turn) % size
                if !tried[other], place < 0 || used[other] < used[place] { place = other }
            }
            tried[place] = true
            guard let intent = candidate(FloodMix.reasons[place]) else { continue }
            used[place] += 1
            if FloodMix.reasons[place] != .duplicateIntent { remember(intent.id) }
            return Planned(intent: intent, admissible: false, breaks: FloodMix.reasons[place])
        }
        // A quantity of zero is wrong at any moment.
        let intent = self.order(0, .buy, 0, 100)
        return Planned(intent: intent, admissible: false, breaks: .badField)
    }

    private mutating func remember(_ id: String) {
        denied.append(id)
        if denied.count > FloodMix.deniedMemory * 2 { denied.removeFirst(FloodMix.deniedMemory) }
    }

    private mutating func candidate(_ reason: Decision.Reason) -> Intent? {
        switch reason {
        case .badField: badField()
        case .duplicateIntent: duplicateIntent()
        case .duplicateContent: duplicateContent()
        case .halted: beside(.halted)
        // Silent since the feed's lead: long stale once the first second is over.
        case .staleFeed: now > .milliseconds(1_500) ? beside(.silent) : nil
        case .noReference: beside(.oneSided)
        case .messageRate: tooFast()
        case .repeatedExecution: isRateUsedUp ? nil : repeatedOnceMore()
        case .selfTrade: isSettled && !isRateUsedUp ? exact(reason) : nil
        case .notReducing: notReducing()
        case .unknownTarget: unknownTarget()
        default: isSettled ? exact(reason) : nil
        }
    }

    private func badField() -> Intent? {
        guard let place = traded.first, let limit = away(place, 1) else { return nil }
        var intent = order(place, .buy, 5, limit)
        switch draws.whole(in: 0...4, at: count * 2) {
        case 0: intent.quantity = .zero
        case 1: intent.limit = nil
        case 2: intent.type = .market
        case 3: intent.symbol = "NOSUCH"
        default: intent.quantity = Quantity(shares: -5)
        }
        return intent
    }

    /// Of an intent that was denied: one that was accepted has an order under that name.
    private mutating func duplicateIntent() -> Intent? {
        guard denied.count > FloodMix.deniedMemory / 2, var intent = plain() else { return nil }
        intent.id = denied[Int(draws.whole(in: 0...Int64(FloodMix.deniedMemory / 2 - 1), at: count * 2))]
        return intent
    }

    private func duplicateContent() -> Intent? {
        guard let twin, now - twin.at <= .milliseconds(40) else { return nil }
        var intent = twin.intent
        intent.id = name()
        return intent
    }

    private func beside(_ condition: SymbolSource.Condition) -> Intent? {
        guard let place = books.firstIndex(where: { $0.condition == condition }),
            let best = bid(place) ?? ask(place)
        else { return nil }
        return order(place, .buy, 1 + Int64(count % 20), best / 100 * 100)
    }

    /// An order that would be admissible.
    private mutating func plain() -> Intent? {
        guard let intent = awayOrder(), let limit = intent.limit, accepted.isNew(intent, at: now),
            let place = books.firstIndex(where: { $0.symbol == intent.symbol }),
            oracle().answer(place, .buy, intent.quantity.shares, limit: limit.units).isAdmissible
        else { return nil }
        return intent
    }

    private mutating func tooFast() -> Intent? {
        if stage == .probes, burstSent >= limits.ordersPerSecond { return plain() }
        guard let last = exits.last, Int64(exits.count) == limits.exitsPerSecond, let first = exits.first,
            now - last > .milliseconds(20), now - first < .milliseconds(600)
        else { return nil }
        return exitOrder()
    }

    /// While as many openings were accepted as a second allows, whatever is checked later is denied for its pace.
    private var isRateUsedUp: Bool {
        switch stage {
        case .steady: false
        case .burst: burstSent >= limits.ordersPerSecond
        case .probes, .quiet: true
        }
    }

    private func repeatedOnceMore() -> Intent? {
        guard Int64(repeats.sent.count) == limits.repeatedOrders, let first = repeats.sent.first,
            let last = repeats.sent.last, now - last > limits.duplicateWindow * 2,
            now - first < limits.repeatWindow - .milliseconds(700), var intent = repeats.model
        else { return nil }
        intent.id = name()
        return intent
    }

    private func notReducing() -> Intent? {
        guard isSettled, let place = heavyPlace ?? traded.first, let limit = marketable(place, .sell) else { return nil }
        var intent = order(place, .sell, 5, limit)
        intent.reduceOnly = true
        return intent
    }

    private func unknownTarget() -> Intent? {
        guard let place = traded.first, let limit = away(place, 2) else { return nil }
        var intent = order(place, .buy, 5, limit)
        intent.action = count % 2 == 0 ? .cancel : .replace
        intent.target = "none-\(count)"
        return intent
    }

    // MARK: limits of size and exposure

    /// The smallest order that certainly breaks this limit, when it breaks no other.
    private mutating func exact(_ reason: Decision.Reason) -> Intent? {
        let oracle = oracle()
        guard let (place, side, quantity, limit) = shape(reason, oracle), quantity > 0,
            oracle.answer(place, side, quantity, limit: limit).breaksOnly(reason)
        else { return nil }
        let intent = order(place, side, quantity, limit)
        return accepted.isNew(intent, at: now) ? intent : nil
    }

    private func shape(
        _ reason: Decision.Reason, _ oracle: FloodOracle
    ) -> (place: Int, side: Side, quantity: Int64, limit: Int64)? {
        switch reason {
        case .priceCollar:
            guard let place = traded.first, let bid = bid(place) else { return nil }
            return (place, .buy, 1 + Int64(count % 20), bid * 92 / 100 / 100 * 100)
        case .selfTrade:
            guard let place = traded.first(where: { oracle.certainBid[$0] != nil }), let own = oracle.certainBid[place]
            else { return nil }
            return (place, .sell, 1 + Int64(count % 20), own - 100)
        case .maxQuantity:
            guard let place = cheapPlace, let limit = marketable(place, .buy) else { return nil }
            return (place, .buy, limits.orderQuantity + 1, limit)
        case .maxNotional:
            guard let place = heavyPlace, let limit = marketable(place, .buy) else { return nil }
            return (place, .buy, limits.orderNotional / limit + 1, limit)
        case .openOrders:
            guard let place = heavyPlace, let limit = marketable(place, .buy) else { return nil }
            return (place, .buy, (limits.openNotional - oracle.openNotional.lowerBound) / limit + 1, limit)
        case .maxPosition:
            guard let place = cheapPlace, let limit = marketable(place, .sell), let view = oracle.views[place] else {
                return nil
            }
            return (place, .sell, limits.position + view.position.upperBound + 1, limit)
        case .grossExposure: return exposed(.buy, oracle) { $0.certain.contains(.grossExposure) }
        case .netExposure: return exposed(.sell, oracle) { $0.certain.contains(.netExposure) }
        default: return nil
        }
    }

    /// The smallest quantity of the long symbol for which `isBroken` holds, by bisection.
    private func exposed(
        _ side: Side, _ oracle: FloodOracle, _ isBroken: (FloodOracle.Answer) -> Bool
    ) -> (place: Int, side: Side, quantity: Int64, limit: Int64)? {
        guard let place = longPlace, let limit = marketable(place, side) else { return nil }
        var (low, high) = (Int64(0), limits.orderQuantity)
        guard isBroken(oracle.answer(place, side, high, limit: limit)) else { return nil }
        while high - low > 1 {
            let middle = (low + high) / 2
            if isBroken(oracle.answer(place, side, middle, limit: limit)) { high = middle } else { low = middle }
        }
        return (place, side, high, limit)
    }
}
