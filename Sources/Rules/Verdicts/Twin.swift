// The ungoverned twin: the same intents on the same books with the same delays, and nobody who says no. Its account
// goes through the crash on paper; if it doesn't lose much, the drill had nothing to protect anybody from.
//
// It has one limit, a broker's margin rather than a governor's: gross exposure of six times the opening equity.

import Books
import Messages
import Scenarios
import Units

struct Twin {
    static let grossMultiple: Int64 = 6

    struct Outcome: Hashable, Sendable {
        let fills: Int
        let peakExposure: Money
        /// From the crash's start to the end, in percent of the running peak.
        let drawdownPercent: Double
    }

    private var market: PaperMarket
    private var positions: [String: Int64] = [:]
    private var fills: [EquityCurve.TimedFill] = []
    private var books: [PublishedBook] = []
    private let cap: Int128
    private let start: Instant

    init(_ model: FillModel, opening: Money, start: Instant) {
        market = PaperMarket(model)
        cap = Int128(opening.units) * Int128(Twin.grossMultiple)
        self.start = start
    }

    /// `delays`: how long the intent with this index takes to the broker.
    mutating func run(_ plan: Plan, delays: (Int) -> Duration) {
        var arrivals: [(at: Duration, order: Int, intent: Intent)] = []
        var latest = Duration.seconds(-86_400)
        for (order, event) in plan.events.enumerated() {
            guard case .intent(let intent, _) = event.content else { continue }
            // First in, first out, as on one connection.
            latest = max(latest, event.due + delays(arrivals.count))
            arrivals.append((latest, order, intent))
        }
        var next = 0
        for event in plan.events {
            guard case .depth(let depth) = event.content else { continue }
            while next < arrivals.count, arrivals[next].at < event.due {
                receive(arrivals[next].intent, at: arrivals[next].at)
                next += 1
            }
            let stamp = Stamp(at: start + event.due, uncertainty: .zero, record: 0)
            books.append(PublishedBook(depth, due: stamp.at, stamp))
            count(market.update(depth), at: event.due)
        }
    }

    func outcome(_ account: Scene.Account, from crash: Instant, bands: Bool) -> Outcome? {
        let curve = EquityCurve(
            opening: account.limits.openingEquity, fees: account.fees, fills: fills, books: books, bands: bands)
        guard let last = curve.points.last?.at, let deepest = curve.deepest(within: crash...max(crash, last)) else {
            return Outcome(fills: 0, peakExposure: .zero, drawdownPercent: 0)
        }
        return Outcome(
            fills: fills.count, peakExposure: curve.points.map(\.exposure).max() ?? .zero,
            drawdownPercent: deepest.fall.percent)
    }

    private mutating func receive(_ intent: Intent, at due: Duration) {
        switch intent.action {
        case .cancel: return market.cancel(intent.target ?? "")
        case .replace: market.cancel(intent.target ?? "")
        case .new: break
        }
        guard let quantity = permitted(intent) else { return }
        let order = PaperMarket.Order(
            id: intent.id, symbol: intent.symbol, side: intent.side, quantity: Quantity(shares: quantity),
            limit: intent.type == .limit ? intent.limit : nil, timeInForce: intent.timeInForce)
        count(market.submit(order), at: due)
    }

    /// A reduce-only intent closes at most what is there; any other is taken whole, or not at all beyond the cap.
    private func permitted(_ intent: Intent) -> Int64? {
        let position = positions[intent.symbol] ?? 0
        let asked = intent.quantity.shares
        if intent.reduceOnly {
            let room = position.signum() == -intent.side.sign ? Int64(clamping: position.magnitude) : 0
            return room > 0 ? min(asked, room) : nil
        }
        var gross: Int128 = 0
        for symbol in Set(positions.keys).union([intent.symbol]) {
            guard let price = market.books[symbol]?.asks.rows.first?.price.units else { return nil }
            var worst = positions[symbol] ?? 0
            if symbol == intent.symbol {
                let waiting = (market.resting[symbol] ?? []).filter { $0.side == intent.side }
                    .reduce(0) { $0 + $1.quantity.shares }
                worst += intent.side.sign * (asked + waiting)
            }
            gross += Int128(worst.magnitude) * Int128(price)
        }
        return gross <= cap ? asked : nil
    }

    private mutating func count(_ made: [Fill], at due: Duration) {
        for fill in made {
            positions[fill.symbol, default: 0] += fill.side.sign * fill.quantity.shares
            fills.append(
                EquityCurve.TimedFill(stamp: Stamp(at: start + due, uncertainty: .zero, record: 0), fill: fill))
        }
    }
}

extension PublishedBook {
    /// A book of the plan, as if it had been published on its deadline.
    init(_ depth: Depth, due: Instant, _ stamp: Stamp) {
        self.init(
            stamp: stamp, symbol: depth.symbol, tick: depth.tick, due: due, bid: depth.bids.first?.price,
            ask: depth.asks.first?.price, bidShares: depth.bids.reduce(.zero) { $0 + $1.size },
            askShares: depth.asks.reduce(.zero) { $0 + $1.size }, bidLevels: Int64(depth.bids.count),
            askLevels: Int64(depth.asks.count), isHalted: depth.status == .halted)
    }
}
