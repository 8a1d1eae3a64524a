// The scripted strategy of the governance drills. It must keep a position and working orders at every moment, and
// nearly everything that it wants must be acceptable, so that a pause has something to hold back.
//
// Intents go to the symbols in turn, at equal distances. Each symbol repeats one cycle: a run of buys, a quiet spell,
// a run of sells, a quiet spell. In the quiet spells resting buys are placed far below the book, and the oldest is
// cancelled when there are enough. Runs are separated by more than a round trip, so that the symbol's own buys and
// sells never meet at the broker, and no honest self-trade check has a reason to object. A run of sells only sells
// what an earlier cycle bought: the position is at least one run's worth of shares from the second cycle on.
//
// Sells are never market orders: a governor turns these into limits at its collar, which may lie below the resting
// buys. Now and then a probe asks for far too much; a governor must deny it.

import Messages
import Units

/// Who makes a drill's intents: one after the other, at due times that don't depend on the market.
protocol Strategy {
    /// After the load's start.
    func due(_ index: Int) -> Duration
    /// Place of the intent's symbol in the scenario's list.
    func symbol(_ index: Int) -> Int
    /// The next intent, given its symbol's book at that moment.
    mutating func next(_ book: BookState) -> PlannedIntent
}

struct PlannedIntent {
    var intent: Intent
    /// A good governor accepts it while active, its session up and its book fresh, whatever it holds.
    var admissible: Bool
}

struct IntentGenerator: Strategy {
    let load: LoadSettings
    let symbols: [String]
    private let kinds: SeededDraw
    private let quantities: SeededDraw
    private let offsets: SeededDraw
    private var books: [SymbolState]
    private var count = 0

    private struct SymbolState {
        /// Bought, by cycle, and not sold again.
        var bought: [(cycle: Int64, quantity: Quantity)] = []
        var resting: [String] = []
    }

    init(_ load: LoadSettings, symbols: [String], seed: UInt64) {
        self.load = load
        self.symbols = symbols
        kinds = SeededDraw(seed: seed, stream: "intent kinds")
        quantities = SeededDraw(seed: seed, stream: "intent quantities")
        offsets = SeededDraw(seed: seed, stream: "intent prices")
        books = Array(repeating: SymbolState(), count: symbols.count)
    }

    func due(_ index: Int) -> Duration { .nanoseconds(Int64(index) * 1_000_000_000 / Int64(load.intentsPerSecond)) }

    func symbol(_ index: Int) -> Int { index % symbols.count }

    mutating func next(_ book: BookState) -> PlannedIntent {
        let index = count
        count += 1
        let place = symbol(index)
        let (cycle, stage) = stage(index, place)
        if kinds.isTrue(percent: load.probePercent, at: index * 2) {
            return PlannedIntent(intent: intent(index, .buy, load.probeQuantity, .market), admissible: false)
        }
        switch stage {
        case .buys:
            let quantity = Quantity(shares: quantities.whole(in: 1...load.quantityMaximum.shares, at: index))
            books[place].bought.append((cycle, quantity))
            let isMarket = kinds.isTrue(percent: load.marketPercent, at: index * 2 + 1)
            let limit = isMarket ? nil : marketable(.buy, book, index)
            return PlannedIntent(
                intent: intent(index, .buy, quantity, isMarket ? .market : .limit, limit: limit), admissible: true)
        case .sells:
            guard let first = books[place].bought.first, first.cycle < cycle else { return quiet(index, place, book) }
            books[place].bought.removeFirst()
            return PlannedIntent(
                intent: intent(index, .sell, first.quantity, .limit, limit: marketable(.sell, book, index)),
                admissible: true)
        case .quiet:
            return quiet(index, place, book)
        }
    }

    enum Stage { case buys, sells, quiet }

    /// Symbols are spread over the cycle: while one buys, another sells.
    func stage(_ index: Int, _ place: Int) -> (cycle: Int64, Stage) {
        let half = (load.run + load.quiet).nanoseconds
        let shift = 2 * half * Int64(place) / Int64(symbols.count)
        let position = due(index).nanoseconds + shift
        let (cycle, inCycle) = position.quotientAndRemainder(dividingBy: 2 * half)
        let isRun = inCycle % half < load.run.nanoseconds
        return (cycle, isRun ? (inCycle < half ? .buys : .sells) : .quiet)
    }

    /// Another strategy makes the intent of this turn.
    mutating func skip() { count += 1 }

    /// `nil` when nothing of the turn's symbol rests.
    mutating func cancelOfOldest(_ index: Int) -> Intent? {
        let place = symbol(index)
        guard !books[place].resting.isEmpty else { return nil }
        var cancel = intent(index, .buy, .zero, .limit)
        cancel.action = .cancel
        cancel.target = books[place].resting.removeFirst()
        return cancel
    }

    private mutating func quiet(_ index: Int, _ place: Int, _ book: BookState) -> PlannedIntent {
        if books[place].resting.count >= load.restingOrders, let cancel = cancelOfOldest(index) {
            return PlannedIntent(intent: cancel, admissible: true)
        }
        let bid = book.bids.first?.price ?? Price(units: 100)
        let away = bid.units * Int64(load.restingDistanceBasisPoints) / 10_000
        let cents = (bid.units - away) / 100 - offsets.whole(in: 0...20, at: index)
        let quantity = Quantity(shares: quantities.whole(in: 1...load.quantityMaximum.shares, at: index))
        var resting = intent(index, .buy, quantity, .limit, limit: Price(units: max(1, cents) * 100))
        resting.timeInForce = .day
        books[place].resting.append(resting.id)
        return PlannedIntent(intent: resting, admissible: true)
    }

    /// A limit through the best price by 0.1 % and up to 20 cents: fills at once although the book moves on meanwhile.
    func marketable(_ side: Side, _ book: BookState, _ index: Int) -> Price {
        let best = (side == .buy ? book.asks.first : book.bids.first)?.price ?? Price(units: 100)
        let through = best.units / 1_000 + offsets.whole(in: 0...20, at: index) * 100
        return Price(units: max(1, (best.units + side.sign * through) / 100) * 100)
    }

    func intent(_ index: Int, _ side: Side, _ quantity: Quantity, _ type: OrderType, limit: Price? = nil)
        -> Intent
    {
        let number = String(index + 1)
        return Intent(
            id: "i-" + String(repeating: "0", count: max(0, 7 - number.count)) + number, tick: 0,
            symbol: symbols[symbol(index)], side: side, quantity: quantity, type: type, limit: limit,
            timeInForce: .ioc, sent: WallTime(nanoseconds: 0), due: WallTime(nanoseconds: 0))
    }
}
