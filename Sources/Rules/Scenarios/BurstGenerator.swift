import Messages
import Units

extension Plan {
    /// The intents of a burst, priced by each symbol's book of the moment before.
    static func burst(
        _ scenario: Scenario, _ settings: BurstSettings, _ paths: [[BookPath.Step]], seed: UInt64
    ) -> [Event] {
        guard let start = scenario.start(of: scenario.load.starts).map({ $0 + scenario.load.delay }) else { return [] }
        let script = BurstScript(settings, symbolCount: scenario.books.count, seed: seed)
        var places = Array(repeating: 0, count: paths.count)
        return script.steps.map { step in
            let due = start + step.offset
            let states = paths[step.symbol]
            while places[step.symbol] + 1 < states.count,
                states[places[step.symbol] + 1].offset - scenario.feed.lead <= due
            {
                places[step.symbol] += 1
            }
            let book = states.isEmpty ? BookState(bids: [], asks: []) : states[places[step.symbol]].state
            let intent = step.intent(scenario.books[step.symbol].symbol, book, scenario.load)
            let isProbe = step.purpose != .change && step.purpose != .brokerReject && step.purpose != .load
            return Event(due: due, content: .intent(intent, admissible: !isProbe), purpose: step.purpose)
        }
    }
}

extension Scenario {
    /// Intents whose orders the broker rejects on purpose: SecondaryClOrdID(526) of those orders.
    package func brokerRejects(seed: UInt64) -> [String] {
        guard case .burst(let settings) = load.strategy else { return [] }
        return BurstScript(settings, symbolCount: books.count, seed: seed).brokerRejects
    }
}

extension BurstScript.Step {
    var purpose: Purpose {
        switch act {
        case .rest, .replace, .cancel: .load
        case .change: .change
        case .brokerReject: .brokerReject
        case .probe(let reason): .probe(reason)
        }
    }

    func intent(_ name: String, _ book: BookState, _ load: LoadSettings) -> Intent {
        let side = BurstScript.side(symbol)
        var intent = Intent(
            id: id, tick: 0, symbol: name, side: side, quantity: quantity, type: .limit, timeInForce: .day,
            sent: WallTime(nanoseconds: 0), due: WallTime(nanoseconds: 0))
        switch act {
        case .rest:
            intent.limit = price(book, side, basisPoints: -Int64(load.restingDistanceBasisPoints), cents: 0)
        case .replace(let target):
            intent.action = .replace
            intent.target = target
            intent.limit = marketable(book, side)
        case .cancel(let target):
            intent.action = .cancel
            intent.target = target
            intent.quantity = .zero
            intent.limit = marketable(book, side)
        case .probe(.priceCollar): intent.limit = price(book, side, basisPoints: 1_000, cents: 0)
        case .change, .brokerReject, .probe: intent.limit = marketable(book, side)
        }
        return intent
    }

    /// Through the best price by 0.2 % and 10 cents and more: fills at once although the book moves on meanwhile.
    private func marketable(_ book: BookState, _ side: Side) -> Price { price(book, side, basisPoints: 20, cents: 10) }

    /// Each of a symbol's orders has a limit of its own, a cent among forty and then a hundredth of one: the same content
    /// twice in a few milliseconds is a mistake that an honest governor denies.
    private func price(_ book: BookState, _ side: Side, basisPoints: Int64, cents: Int64) -> Price {
        let best = (side == .buy ? book.asks.first : book.bids.first)?.price.units ?? 100
        let through = best * basisPoints / 10_000 + (cents + Int64(place % 40)) * 100
        return Price(units: max(1, (best + side.sign * through) / 100) * 100 + Int64(place / 40 % 100))
    }
}
