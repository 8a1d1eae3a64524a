// The scripted strategy of the flash crash: eager, and not to be trusted with the risk.
//
// While the market is calm it keeps the cycle of the governance drills, but buys more than it sells, so that it is
// invested when the price falls. A price well below its highest of the last seconds is a dip: then every intent is a
// buy, and a large one, however often the governor says no. In the last phase it closes what it has, with sells of
// halving sizes over and over: it doesn't know how much the governor let it have, and any position is a sum of such
// halves. What still rests is cancelled first.
//
// All sells only reduce. The plan is made before the run, so the strategy knows the books and not its fills: a plain
// sell of shares that the governor never let it buy would open a short position.

import Messages
import Units

struct DipBuyer: Strategy {
    private var calm: IntentGenerator
    private let dip: DipSettings
    /// After the load's start.
    private let closesAt: Duration
    private let quantities: SeededDraw
    private var seen: [Recent]
    private var count = 0
    private var closingSells: Int64 = 0

    /// Largest sell of the closing phase; the ones after it are halves, down to one share.
    private static let closingQuantity: Int64 = 512
    private static let closingSteps: Int64 = 10

    init(_ load: LoadSettings, _ dip: DipSettings, symbols: [String], seed: UInt64, closesAt: Duration) {
        calm = IntentGenerator(load, symbols: symbols, seed: seed)
        self.dip = dip
        self.closesAt = closesAt
        quantities = SeededDraw(seed: seed, stream: "dip quantities")
        seen = Array(repeating: Recent(), count: symbols.count)
    }

    func due(_ index: Int) -> Duration { calm.due(index) }
    func symbol(_ index: Int) -> Int { calm.symbol(index) }

    mutating func next(_ book: BookState) -> PlannedIntent {
        let index = count
        count += 1
        let place = symbol(index)
        if let middle = book.middle { seen[place].note(middle, at: due(index), lookback: dip.lookback) }
        if due(index) >= closesAt { return closing(index, book) }
        if seen[place].isBelowHighest(byBasisPoints: dip.basisPoints) { return buyingTheDip(index, book) }
        let planned = calm.next(book)
        guard planned.admissible, planned.intent.action == .new, planned.intent.timeInForce == .ioc else { return planned }
        guard planned.intent.side == .sell else { return planned }
        var sell = planned.intent
        sell.quantity = Quantity(shares: max(1, sell.quantity.shares / 2))
        sell.reduceOnly = true
        return PlannedIntent(intent: sell, admissible: false)
    }

    private mutating func buyingTheDip(_ index: Int, _ book: BookState) -> PlannedIntent {
        calm.skip()
        let quantity = Quantity(shares: quantities.whole(in: 1...dip.quantityMaximum.shares, at: index))
        let limit = calm.marketable(.buy, book, index)
        return PlannedIntent(intent: calm.intent(index, .buy, quantity, .limit, limit: limit), admissible: false)
    }

    private mutating func closing(_ index: Int, _ book: BookState) -> PlannedIntent {
        calm.skip()
        if let cancel = calm.cancelOfOldest(index) { return PlannedIntent(intent: cancel, admissible: true) }
        let quantity = DipBuyer.closingQuantity >> (closingSells / Int64(calm.symbols.count) % DipBuyer.closingSteps)
        closingSells += 1
        var sell = calm.intent(
            index, .sell, Quantity(shares: quantity), .limit, limit: calm.marketable(.sell, book, index))
        sell.reduceOnly = true
        return PlannedIntent(intent: sell, admissible: false)
    }

    /// The highest middle price of the last seconds, without keeping those that a later, higher one outdates.
    private struct Recent {
        private var highs: [(at: Duration, price: Price)] = []
        private var last: Price?

        mutating func note(_ price: Price, at now: Duration, lookback: Duration) {
            while let first = highs.first, now - first.at > lookback { highs.removeFirst() }
            while let latest = highs.last, latest.price <= price { highs.removeLast() }
            highs.append((now, price))
            last = price
        }

        func isBelowHighest(byBasisPoints points: Int) -> Bool {
            guard let last, let highest = highs.first?.price else { return false }
            return (highest.units - last.units) * 10_000 >= highest.units * Int64(points)
        }
    }
}

extension Scenario {
    /// The strategy that the load names, with its randomness.
    func strategy(seed: UInt64) -> any Strategy {
        switch load.strategy {
        // A burst is no strategy that takes turns, and a flood sees all books at once: `Plan` has their scripts.
        case .cycle, .burst, .flood: return IntentGenerator(load, symbols: symbols, seed: seed)
        case .dipBuyer(let dip):
            let starts = (start(of: load.starts) ?? .zero) + load.delay
            return DipBuyer(
                load, dip, symbols: symbols, seed: seed, closesAt: (start(of: dip.closesIn) ?? duration) - starts)
        }
    }
}
