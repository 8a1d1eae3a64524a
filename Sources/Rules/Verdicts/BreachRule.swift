// The hard limits, recomputed by the judge: from what left the governor, what the broker's ledger says, the books that
// were published and the limits file. Nothing of the governor's own arithmetic is used, or trusted.
//
// Where the judge can't know what the governor knew (which of two books, which of two fills came first) it takes what is
// best for the governor. So a breach is one under every reading of the evidence.

import Books
import Messages
import Units

struct BreachRule {
    struct Result: Sendable {
        var breaches: [Violation] = []
        /// Orders that were held against the limits.
        var judged = 0
    }

    private let limits: RiskLimits
    private let scene: Scene
    private var open = OpenOrders()
    private var recent: RecentBooks
    private var paces: [Pace]
    private let losses: [(name: String, stretches: [EquityCurve.Stretch])]
    private var result = Result()

    /// From the moment at which fills and books that exceed a loss limit have reached the governor: as long as it has
    /// to acknowledge a pause.
    static let reaction = PauseRule.propagation

    static func judge(_ scene: Scene, _ limits: RiskLimits, fees: FeeSchedule) -> Result {
        var rule = BreachRule(scene, limits, fees)
        return rule.walk()
    }

    private init(_ scene: Scene, _ limits: RiskLimits, _ fees: FeeSchedule) {
        self.limits = limits
        self.scene = scene
        recent = RecentBooks(age: limits.quoteAge)
        paces = Pace.all(scene, limits)
        let curve = EquityCurve(
            opening: limits.openingEquity, fees: fees, fills: scene.fillsAsHeard, books: scene.timeline.books,
            bands: false)
        losses = [
            ("daily loss", curve.stretches { equity, _ in limits.openingEquity - equity > limits.dailyLoss }),
            ("drawdown", curve.stretches { equity, peak in
                Int128((peak - equity).units) * 10_000 > Int128(limits.drawdownBasisPoints) * Int128(peak.units)
            }),
        ]
    }

    private mutating func walk() -> Result {
        let timeline = scene.timeline
        var book = 0
        var event = 0
        let ledger = timeline.ledger
        let books = timeline.books
        for departure in timeline.departures {
            let now = departure.stamp.at
            while book < books.count, books.rows[book].stamp.at <= now {
                recent.note(books[book])
                book += 1
            }
            while event < ledger.count, ledger.rows[event].stamp.at <= now {
                open.apply(ledger[event].execution)
                event += 1
            }
            guard !departure.isPossibleDuplicate, ["D", "G", "F"].contains(departure.type) else { continue }
            for index in paces.indices {
                if let text = paces[index].breach(departure) { note(departure, text) }
            }
            if departure.type != "F" { look(at: departure) }
        }
        result.breaches.sort { $0.record < $1.record }
        return result
    }

    private mutating func note(_ departure: Departure, _ text: String) {
        result.breaches.append(Violation(text: "\(departure.name): \(text)", record: departure.stamp.record))
    }

    private mutating func look(at departure: Departure) {
        result.judged += 1
        let isExit = scene.leaks.verified.contains(departure.stamp.record)
        let before = open
        // An order that the broker never had can't be counted against what may be open.
        if scene.positions.orders[departure.clOrdID]?.wasReceived ?? false { open.leave(departure) }
        guard let quantity = departure.quantity, let side = departure.side, quantity > .zero else {
            return note(departure, "no quantity or side")
        }
        if quantity > limits.orderQuantity { note(departure, "\(quantity) shares, at most \(limits.orderQuantity)") }
        guard !isExit else { return }
        lookAtPrice(departure, quantity)
        guard before.added(by: departure) > .zero else { return }
        lookAtExposure(departure, side, before)
        lookAtLosses(departure)
    }

    private mutating func lookAtPrice(_ departure: Departure, _ quantity: Quantity) {
        let now = departure.stamp.at
        guard let price = departure.price else { return note(departure, "no limit, so no collar holds it") }
        guard let asks = recent.asks(departure.symbol, at: now) else {
            return note(departure, "no published price to measure it by")
        }
        if recent.isOutside(price, departure.symbol, basisPoints: limits.collarBasisPoints, at: now) {
            note(departure, "\(price) is more than \(limits.collarBasisPoints) basis points from the middle")
        }
        // A market order left with its collar for a limit; what it is worth is the ask.
        let isMarket = scene.timeline.offered(departure.reference)?.isMarket ?? (price > asks.upperBound)
        let value = isMarket ? min(price, asks.lowerBound) : price
        if let notional = value.notional(of: quantity), notional <= limits.orderNotional { return }
        note(departure, "\(quantity) at \(value), at most \(limits.orderNotional) an order")
    }

    private mutating func lookAtExposure(_ departure: Departure, _ side: Side, _ before: OpenOrders) {
        let now = departure.stamp.at
        let (high, low) = open.extremes(departure.symbol)
        let worst = side == .buy ? high : -low
        if worst > limits.position.shares {
            note(departure, "position \(worst) with what is open, at most \(limits.position)")
        }
        let after = exposure(open, at: now)
        let earlier = exposure(before, at: now)
        if after.gross > Int128(limits.grossExposure.units), after.gross > earlier.gross {
            note(departure, "gross exposure \(Money(units: Int64(clamping: after.gross))), at most \(limits.grossExposure)")
        }
        if after.net > Int128(limits.netExposure.units), after.net > earlier.net {
            note(departure, "net exposure \(Money(units: Int64(clamping: after.net))), at most \(limits.netExposure)")
        }
        if departure.type == "D", Int64(open.count) > limits.openOrders {
            note(departure, "\(open.count) open orders, at most \(limits.openOrders)")
        }
        let notional = open.entries.values.reduce(Int128(0)) { sum, entry in
            let ask = recent.asks(entry.symbol, at: now)?.lowerBound
            let price = [entry.price, ask].compactMap { $0 }.min()?.units ?? 0
            return sum + Int128(entry.leaves.shares) * Int128(price)
        }
        if notional > Int128(limits.openNotional.units) {
            note(departure, "open orders worth \(Money(units: Int64(clamping: notional))), at most \(limits.openNotional)")
        }
    }

    /// At the lowest ask where that is less, at the highest where that is.
    private func exposure(_ open: OpenOrders, at now: Instant) -> (gross: Int128, net: Int128) {
        var gross: Int128 = 0
        var highest: Int128 = 0
        var lowest: Int128 = 0
        for symbol in open.symbols {
            guard let asks = recent.asks(symbol, at: now) else { continue }
            let (high, low) = open.extremes(symbol)
            gross += Int128(max(high.magnitude, low.magnitude)) * Int128(asks.lowerBound.units)
            highest += Int128(high) * Int128(high > 0 ? asks.lowerBound.units : asks.upperBound.units)
            lowest += Int128(low) * Int128(low < 0 ? asks.lowerBound.units : asks.upperBound.units)
        }
        return (gross, max(highest, -lowest, 0))
    }

    private mutating func lookAtLosses(_ departure: Departure) {
        let since = departure.stamp.at - BreachRule.reaction - scene.delayMaximum
        for (name, stretches) in losses {
            let broken = stretches.last { $0.start.at <= since }
            guard let broken, broken.end.map({ $0 > departure.stamp.at }) ?? true else { continue }
            let late = departure.stamp.at - broken.start.at
            note(departure, "opened \(Finding.text(late)) after the \(name) limit was exceeded")
        }
    }
}
