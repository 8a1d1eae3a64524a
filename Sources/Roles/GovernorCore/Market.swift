import Messages
import Units

/// What is known of the market: the last book of each symbol, its age, and whether something was missed.
package struct Market: Sendable {
    package struct Quote: Sendable {
        package var depth: Depth
        package var received: Instant
        /// Age of the book when it arrived, by the sender's clock; never negative.
        package var ageOnArrival: Duration
        /// A state before this one was lost, or the book is crossed: not to be traded on until the next good one.
        package var isSuspect: Bool
    }

    package private(set) var quotes: [String: Quote] = [:]
    /// The last two-sided, uncrossed touch of each symbol, and whether it is still the book's. Apart from the quotes,
    /// because every decision asks for it several times and needs no copy of a book.
    private var lastTouch: [String: (bid: Price, ask: Price, isCurrent: Bool)] = [:]
    private var standing: [String: Standing] = [:]
    private var lastFill: [String: Price] = [:]
    package private(set) var watermark: Int64 = 0
    package private(set) var lostTicks: Int64 = 0
    package private(set) var lastTick: WallTime?
    package private(set) var latency: Duration?
    private var subscribed = false

    package init() {}

    /// What a quote is worth, without its book.
    private struct Standing: Sendable {
        let received: Instant
        let ageOnArrival: Duration
        let isSuspect: Bool
        let isHalted: Bool
        let isTwoSided: Bool
    }

    package enum Fitness: Hashable, Sendable { case good, missing, stale, halted }

    /// A hundred million a share: no price is higher, and what is computed with one fits.
    static let priceMaximum = Price(units: 1_000_000_000_000)

    package mutating func receive(_ depth: Depth, at moment: Moment) {
        let last = quotes[depth.symbol]
        let contiguous = last.map { depth.sequence > 0 && depth.sequence - 1 == $0.depth.sequence } ?? true
        let isSuspect = !contiguous || depth.isCrossed || !Market.isPlausible(depth)
        let age = max(.zero, moment.wall - depth.sent)
        latency = age
        quotes[depth.symbol] = Quote(
            depth: depth, received: moment.now, ageOnArrival: age, isSuspect: isSuspect)
        standing[depth.symbol] = Standing(
            received: moment.now, ageOnArrival: age, isSuspect: isSuspect,
            isHalted: depth.status == .halted, isTwoSided: !depth.bids.isEmpty && !depth.asks.isEmpty)
        if !depth.isCrossed, Market.isPlausible(depth), let bid = depth.bids.first, let ask = depth.asks.first {
            lastTouch[depth.symbol] = (bid.price, ask.price, isCurrent: true)
        } else {
            lastTouch[depth.symbol]?.isCurrent = false
        }
        count(depth.tick, sent: depth.sent)
    }

    /// Ticks count over depth and intents alike. The first one after a subscription is where counting starts.
    package mutating func count(_ tick: Int64, sent: WallTime) {
        lastTick = sent
        let isFirst = !subscribed
        subscribed = true
        guard tick > watermark else { return }
        if !isFirst { lostTicks += tick - watermark - 1 }
        watermark = tick
    }

    private static func isPlausible(_ depth: Depth) -> Bool {
        func fits(_ price: Price) -> Bool { price.units > 0 && price <= priceMaximum }
        return depth.bids.allSatisfy { fits($0.price) } && depth.asks.allSatisfy { fits($0.price) }
    }

    package mutating func filled(_ symbol: String, at price: Price) { lastFill[symbol] = price }

    package func age(_ symbol: String, at now: Instant) -> Duration? {
        quotes[symbol].map { $0.ageOnArrival + (now - $0.received) }
    }

    package func fitness(_ symbol: String, at now: Instant, ageMaximum: Duration) -> Fitness {
        guard let quote = standing[symbol] else { return .missing }
        if quote.isHalted { return .halted }
        if quote.isSuspect || quote.ageOnArrival + (now - quote.received) > ageMaximum { return .stale }
        return quote.isTwoSided ? .good : .missing
    }

    package func touch(_ symbol: String) -> (bid: Price, ask: Price)? {
        guard let touch = lastTouch[symbol], touch.isCurrent else { return nil }
        return (touch.bid, touch.ask)
    }

    /// What to value a position at: longs at the bid, shorts at the ask; the last known touch, else the last fill.
    package func mark(_ symbol: String, isLong: Bool) -> Price? {
        if let touch = lastTouch[symbol] { return isLong ? touch.bid : touch.ask }
        return lastFill[symbol]
    }

    /// The ask, for exposures: the dearer side for longs and shorts alike.
    package func valuation(_ symbol: String) -> Price? { lastTouch[symbol]?.ask ?? lastFill[symbol] }

    /// The reference of an exit: the current book, else the last valid one with the collar doubled, else the last fill.
    package func exitReference(_ symbol: String, at now: Instant, ageMaximum: Duration) -> (
        price: Price, widening: Int64
    )? {
        if fitness(symbol, at: now, ageMaximum: ageMaximum) == .good, let middle = middle(symbol) { return (middle, 1) }
        if let touch = lastTouch[symbol] { return (Market.middle(of: (touch.bid, touch.ask)), 2) }
        return lastFill[symbol].map { ($0, 2) }
    }

    package func middle(_ symbol: String) -> Price? { touch(symbol).map(Market.middle) }

    static func middle(of touch: (bid: Price, ask: Price)) -> Price {
        Price(units: (touch.bid.units + touch.ask.units) / 2)
    }

    package func isHalted(_ symbol: String) -> Bool { standing[symbol]?.isHalted ?? false }
    package func sequence(_ symbol: String) -> Int64? { quotes[symbol]?.depth.sequence }

    /// What an order of `side` would find in the visible book at prices within the collar.
    package func displayed(_ symbol: String, _ side: Side, within collar: Collar) -> Quantity {
        guard let depth = quotes[symbol]?.depth else { return .zero }
        return (side == .buy ? depth.asks : depth.bids).filter { collar.contains($0.price) }
            .reduce(.zero) { $0 + $1.size }
    }

    /// The last level that `quantity` would reach in the visible book; `nil` when the book doesn't hold that much.
    package func reach(_ symbol: String, _ side: Side, _ quantity: Quantity) -> Price? {
        guard let depth = quotes[symbol]?.depth else { return nil }
        var left = quantity.shares
        for level in side == .buy ? depth.asks : depth.bids {
            if level.size.shares >= left { return level.price }
            left -= level.size.shares
        }
        return nil
    }
}

/// The band around a reference within which an order may be priced. Bounds are whole cents, rounded inwards.
package struct Collar: Hashable, Sendable {
    static let cent: Int64 = 100

    package let low: Price
    package let high: Price

    /// `nil` when the arithmetic doesn't fit: a missing input, which denies.
    package init?(around reference: Price, basisPoints: Int64, widening: Int64 = 1) {
        guard reference.units > 0 else { return nil }
        let (share, overflowed) = reference.units.multipliedReportingOverflow(by: basisPoints)
        let (wide, overflowedAgain) = (share / 10_000).multipliedReportingOverflow(by: widening)
        guard !overflowed, !overflowedAgain else { return nil }
        let (top, carried) = reference.units.addingReportingOverflow(wide)
        guard !carried else { return nil }
        let bottom = max(Collar.cent, reference.units - wide)
        high = Price(units: top / Collar.cent * Collar.cent)
        low = Price(units: (bottom + Collar.cent - 1) / Collar.cent * Collar.cent)
    }

    package func contains(_ price: Price) -> Bool { low <= price && price <= high }
    /// The price of a marketable limit order.
    package func marketable(_ side: Side) -> Price { side == .buy ? high : low }
}
