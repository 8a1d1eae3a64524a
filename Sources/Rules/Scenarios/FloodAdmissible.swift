import Messages
import Units

// What a good governor accepts: the base positions, resting orders and their cancels, runs of buys and sells, exits, and
// the first of what will be repeated too often.
extension FloodMix {
    mutating func admissible() -> Planned? {
        if stage == .burst {
            guard let planned = first({ $0.awayOrder() }) else { return nil }
            burstSent += 1
            return planned
        }
        if let base = base() { return base }
        guard isSettled else { return nil }
        return exit() ?? repeated() ?? heavyOrder() ?? (contents % 2 == 0 ? restingOrder() : running())
            ?? first({ $0.awayOrder() })
    }

    /// Remembers it as the twin that a duplicate may follow. What `repeats` is meant to look like another.
    private mutating func checked(_ intent: Intent?, repeats: Bool = false) -> Planned? {
        guard let intent, let limit = intent.limit, let place = books.firstIndex(where: { $0.symbol == intent.symbol }),
            repeats || accepted.isNew(intent, at: now),
            oracle().answer(place, intent.side, intent.quantity.shares, limit: limit.units).isAdmissible
        else { return nil }
        accepted.remember(intent, at: now)
        twin = (intent, now)
        return Planned(intent: intent, admissible: true, breaks: nil)
    }

    /// The first of some variants of an order that looks like none before it.
    private mutating func first(_ variant: (inout FloodMix) -> Intent?) -> Planned? {
        for _ in 0..<FloodMix.variants {
            if let planned = checked(variant(&self)) { return planned }
        }
        return nil
    }

    private static let variants = 12

    private mutating func base() -> Planned? {
        guard let next = pendingBase.first else { return nil }
        guard lastBase.map({ now - $0 >= FloodMix.baseInterval }) ?? true else { return nil }
        let side: Side = next.shares > 0 ? .buy : .sell
        var cents: Int64 = 50
        while cents < 100, let limit = marketable(next.place, side, cents: cents) {
            let intent = order(next.place, side, abs(next.shares), limit)
            if accepted.isNew(intent, at: now) {
                pendingBase.removeFirst()
                lastBase = now
                accepted.remember(intent, at: now)
                return Planned(intent: intent, admissible: true, breaks: nil)
            }
            cents += 1
        }
        return nil
    }

    /// A buy that can't trade and doesn't rest.
    mutating func awayOrder() -> Intent? {
        guard !traded.isEmpty else { return nil }
        contents += 1
        let place = traded[contents % traded.count]
        guard let limit = away(place, contents / 11) else { return nil }
        return order(place, .buy, 1 + Int64(contents % 11), limit)
    }

    private mutating func restingOrder() -> Planned? {
        guard !isShadow, !traded.isEmpty else { return nil }
        let planned = first { mix in
            mix.contents += 1
            let place = mix.traded[mix.contents / 2 % mix.traded.count]
            return mix.away(place, mix.contents / 18).map {
                mix.order(place, .buy, 1 + Int64(mix.contents / 2 % 9), $0, .day)
            }
        }
        guard let planned, let place = books.firstIndex(where: { $0.symbol == planned.intent.symbol }),
            let limit = planned.intent.limit
        else { return nil }
        let quantity = planned.intent.quantity.shares
        resting.append(Resting(id: planned.intent.id, place: place, price: limit.units, shares: quantity, at: now))
        return planned
    }

    /// Each symbol buys for 600 ms, is quiet for 400, sells for 600, is quiet again; the symbols are spread over that.
    private mutating func running() -> Planned? {
        for (number, place) in traded.enumerated() {
            let phase = (now.nanoseconds + 500_000_000 * Int64(number)) % 2_000_000_000
            if phase < 600_000_000, let planned = buys(place) { return planned }
            if (1_000_000_000..<1_600_000_000).contains(phase), let planned = sells(place) { return planned }
        }
        return nil
    }

    private mutating func buys(_ place: Int) -> Planned? {
        let planned = first { mix in
            mix.contents += 1
            return mix.marketable(place, .buy, cents: Int64(mix.contents / 8 % 40)).map {
                mix.order(place, .buy, 1 + Int64(mix.contents / 2 % 4), $0)
            }
        }
        guard let planned else { return nil }
        bought[place, default: []].append((planned.intent.quantity.shares, now))
        outstanding[place, default: 0] += planned.intent.quantity.shares
        return planned
    }

    /// Of what was bought, and certainly filled. Its limit stays above the own resting bids.
    private mutating func sells(_ place: Int) -> Planned? {
        let filled = (bought[place] ?? []).prefix { now - $0.at > FloodMix.certainAfter }.reduce(0) { $0 + $1.quantity }
        guard filled > 0 else { return nil }
        let planned = first { mix in
            mix.contents += 1
            return mix.marketable(place, .sell, cents: Int64(mix.contents / 8 % 11)).map {
                mix.order(place, .sell, 1 + Int64(mix.contents / 2) % min(12, filled), $0)
            }
        }
        guard let planned else { return nil }
        outstanding[place, default: 0] -= planned.intent.quantity.shares
        var left = planned.intent.quantity.shares
        while left > 0, let first = bought[place]?.first {
            let part = min(left, first.quantity)
            left -= part
            bought[place]?[0].quantity -= part
            if part == first.quantity { bought[place]?.removeFirst() }
        }
        return planned
    }

    /// Reduce-only, far above the market: the budget of exits is used up and the position stays.
    private mutating func exit() -> Planned? {
        guard !isShadow, now.nanoseconds % 2_000_000_000 < 300_000_000, Int64(exits.count) < limits.exitsPerSecond,
            let intent = exitOrder()
        else { return nil }
        exits.append(now)
        return Planned(intent: intent, admissible: true, breaks: nil)
    }

    func exitOrder() -> Intent? {
        guard let place = longPlace, let bid = bid(place) else { return nil }
        var intent = order(place, .sell, 1, (bid + bid / 50) / 100 * 100)
        intent.reduceOnly = true
        return intent
    }

    /// The same order again and again, further apart than a duplicate and nearer than the window of repetitions.
    private mutating func repeated() -> Planned? {
        let (cycle, place) = now.nanoseconds.quotientAndRemainder(dividingBy: 6_000_000_000)
        if repeats.cycle != cycle { repeats = (cycle, nil, []) }
        let number = Int64(repeats.sent.count)
        let due = number * FloodMix.repeatInterval.nanoseconds
        guard number < limits.repeatedOrders, place >= due, place < due + 150_000_000, let first = traded.first else {
            return nil
        }
        if repeats.model == nil {
            guard number == 0, let limit = away(first, 3) else { return nil }
            repeats.model = order(first, .buy, 30 + cycle % 10, limit)
        }
        guard var intent = repeats.model else { return nil }
        intent.id = name()
        guard let planned = checked(intent, repeats: !repeats.sent.isEmpty) else { return nil }
        repeats.sent.append(now)
        return planned
    }

    static let repeatInterval = Duration.milliseconds(600)

    private mutating func heavyOrder() -> Planned? {
        guard !isShadow, heavy == nil, let place = heavyPlace, let bid = bid(place) else { return nil }
        let phase = now.nanoseconds % 4_000_000_000
        guard (2_000_000_000..<2_200_000_000).contains(phase) else { return nil }
        let limit = (bid - bid * 3 / 100) / 100 * 100
        let shares = (limits.openNotional - limits.orderNotional / 100 * 60) / limit
        guard let planned = checked(order(place, .buy, shares, limit, .day)) else { return nil }
        heavy = Heavy(id: planned.intent.id, shares: shares, notional: shares * limit, placed: now)
        return planned
    }

    /// The oldest resting order, once it certainly rests.
    mutating func cancel() -> Planned? {
        guard !isShadow else { return nil }
        func cancel(_ target: String, _ place: Int) -> Planned {
            var intent = order(place, .buy, 0, 0)
            intent.action = .cancel
            intent.target = target
            intent.limit = nil
            return Planned(intent: intent, admissible: true, breaks: nil)
        }
        if let large = heavy, large.cancelled == nil, now - large.placed > .milliseconds(1_500), let place = heavyPlace {
            heavy?.cancelled = now
            return cancel(large.id, place)
        }
        guard let oldest = resting.first, now - oldest.at > FloodMix.restsFor else { return nil }
        resting.removeFirst()
        var past = oldest
        past.at = now
        gone.append(past)
        return cancel(oldest.id, oldest.place)
    }
}
