import Messages
import Units

// What a good governor accepts: the base positions, resting orders and their cancels, runs of buys and sells, exits, and
// the first of what will be repeated too often.
extension FloodMix {
    mutating func admissible() -> Planned? {
        if stage == .burst {
            guard let planned = checked(awayOrder()) else { return nil }
            burstSent += 1
            return planned
        }
        if let base = base() { return base }
        guard isSettled else { return nil }
        return exit() ?? repeated() ?? heavyOrder() ?? (contents % 2 == 0 ? restingOrder() : running())
            ?? checked(awayOrder())
    }

    /// Remembers it as the twin that a duplicate may follow.
    private mutating func checked(_ intent: Intent?) -> Planned? {
        guard let intent, let limit = intent.limit, let place = books.firstIndex(where: { $0.symbol == intent.symbol }),
            oracle().answer(place, intent.side, intent.quantity.shares, limit: limit.units).isAdmissible
        else { return nil }
        twin = (intent, now)
        return Planned(intent: intent, admissible: true, breaks: nil)
    }

    private mutating func base() -> Planned? {
        guard let next = pendingBase.first else { return nil }
        guard lastBase.map({ now - $0 >= FloodMix.baseInterval }) ?? true else { return nil }
        let side: Side = next.shares > 0 ? .buy : .sell
        guard let limit = marketable(next.place, side, cents: 50) else { return nil }
        pendingBase.removeFirst()
        lastBase = now
        return Planned(intent: order(next.place, side, abs(next.shares), limit), admissible: true, breaks: nil)
    }

    /// A buy that can't trade and doesn't rest.
    mutating func awayOrder() -> Intent? {
        guard !traded.isEmpty else { return nil }
        contents += 1
        let place = traded[contents % traded.count]
        guard let limit = away(place, contents / 11) else { return nil }
        return order(place, .buy, 10 + Int64(contents % 11), limit)
    }

    private mutating func restingOrder() -> Planned? {
        guard !isShadow, !traded.isEmpty else { return nil }
        contents += 1
        let place = traded[contents / 2 % traded.count]
        guard let limit = away(place, contents / 18),
            let planned = checked(order(place, .buy, 1 + Int64(contents / 2 % 9), limit, .day))
        else { return nil }
        let quantity = planned.intent.quantity.shares
        resting.append(Resting(id: planned.intent.id, place: place, price: limit, shares: quantity, at: now))
        return planned
    }

    /// Each symbol buys for 600 ms, is quiet for 400, sells for 600, is quiet again; the symbols are spread over that.
    private mutating func running() -> Planned? {
        contents += 1
        for (number, place) in traded.enumerated() {
            let phase = (now.nanoseconds + 500_000_000 * Int64(number)) % 2_000_000_000
            let cents = Int64(contents / 8 % 6)
            if phase < 600_000_000 {
                let quantity = 1 + Int64(contents / 2 % 4)
                guard let limit = marketable(place, .buy, cents: cents),
                    let planned = checked(order(place, .buy, quantity, limit))
                else { continue }
                bought[place, default: []].append((quantity, now))
                outstanding[place, default: 0] += quantity
                return planned
            }
            guard (1_000_000_000..<1_600_000_000).contains(phase), let first = bought[place]?.first,
                now - first.at > FloodMix.certainAfter, let limit = marketable(place, .sell, cents: cents),
                let planned = checked(order(place, .sell, first.quantity, limit))
            else { continue }
            bought[place]?.removeFirst()
            outstanding[place, default: 0] -= first.quantity
            return planned
        }
        return nil
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
        guard let planned = checked(intent) else { return nil }
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
