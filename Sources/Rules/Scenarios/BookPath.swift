// How a symbol's book changes over time, made from a tape. A book path is a list of states with offsets from the
// first one; after the last state the book stays as it is, and is sent again, so that it never looks stale.

import Messages
import Units

package struct BookState: Hashable, Sendable {
    package var bids: [Level]
    package var asks: [Level]
    package var status: Depth.Status

    package init(bids: [Level], asks: [Level], status: Depth.Status = .trading) {
        self.bids = bids
        self.asks = asks
        self.status = status
    }

    /// Ten levels a side, one cent apart, around a price that stays the middle.
    package static func synthetic(around price: Price, sharesPerLevel: Quantity) -> BookState {
        let levels = (1...Int64(Depth.levelsMaximum))
        return BookState(
            bids: levels.map { Level(price: Price(units: price.units - $0 * 100), size: sharesPerLevel) },
            asks: levels.map { Level(price: Price(units: price.units + $0 * 100), size: sharesPerLevel) })
    }

    /// Prices as a percentage, to the cent: away from the middle, so that no two levels of a side merge upwards.
    package func scaled(percent: Int) -> BookState {
        guard percent != 100 else { return self }
        func cents(_ price: Price, up: Bool) -> Price {
            let scaled = price.units * Int64(percent) / 100
            return Price(units: (scaled + (up ? 99 : 0)) / 100 * 100)
        }
        return BookState(
            bids: bids.map { Level(price: cents($0.price, up: false), size: $0.size) },
            asks: asks.map { Level(price: cents($0.price, up: true), size: $0.size) }, status: status)
    }
}

package struct BookPath: Hashable, Sendable {
    package struct Step: Hashable, Sendable {
        package var offset: Duration
        package var state: BookState
        /// Where a crash is laid over the tape: the book's sizes without its thinning.
        package var whole: BookSizes?

        package init(offset: Duration, state: BookState, whole: BookSizes? = nil) {
            self.offset = offset
            self.state = state
            self.whole = whole
        }
    }

    package var steps: [Step]

    /// Each bar becomes `statesPerBar` states an equal time apart. The first is its open, the last its close, and
    /// between them lie its low and its high: the low first when the bar closed at or above its open.
    package init(
        bars: some Collection<Bar>, statesPerBar: Int, interval: Duration, sharesPerLevel: Quantity, pricePercent: Int
    ) {
        var steps: [Step] = []
        for bar in bars {
            for price in BookPath.prices(bar, states: statesPerBar) {
                let scaled = Price(units: price.units * Int64(pricePercent) / 100 / 100 * 100)
                steps.append(
                    Step(
                        offset: interval * steps.count,
                        state: .synthetic(around: scaled, sharesPerLevel: sharesPerLevel)))
            }
        }
        self.steps = steps
    }

    package static func prices(_ bar: Bar, states: Int) -> [Price] {
        let rises = bar.close >= bar.open
        let points = [
            (0, bar.open), (max(1, states / 3), rises ? bar.low : bar.high),
            (max(2, states * 2 / 3), rises ? bar.high : bar.low), (states - 1, bar.close),
        ]
        var prices = [Price](repeating: bar.close, count: states)
        for (from, to) in zip(points, points.dropFirst()) {
            for place in from.0...to.0 {
                let share = Int64(place - from.0)
                let whole = Int64(to.0 - from.0)
                let units = from.1.units + (to.1.units - from.1.units) * share / whole
                let isPoint = place == from.0 || place == to.0
                prices[place] = Price(units: isPoint ? units : units / 100 * 100)
            }
        }
        return prices
    }

    /// Recorded rows at their own times, as many as a run of length `until` needs; `next` says `nil` after the last.
    /// After `interval` without a row the book is sent again.
    package init(
        until end: Duration, interval: Duration, speedPercent: Int, pricePercent: Int,
        next: () throws(Mistakes) -> (time: Duration, state: BookState)?
    ) throws(Mistakes) {
        var steps: [Step] = []
        var first: Duration?
        while let row = try next() {
            let offset = (row.time - (first ?? row.time)) * 100 / speedPercent
            first = first ?? row.time
            while let last = steps.last, offset - last.offset > interval, last.offset <= end {
                steps.append(Step(offset: last.offset + interval, state: last.state))
            }
            guard offset <= end else { break }
            steps.append(Step(offset: offset, state: row.state.scaled(percent: pricePercent)))
        }
        self.steps = steps
    }

    /// The steps of a whole run: the last state is sent again every `interval` until `end`.
    package func lasting(_ end: Duration, interval: Duration) -> [Step] {
        var steps = Array(self.steps.prefix { $0.offset <= end })
        while let last = steps.last, last.offset + interval <= end {
            steps.append(Step(offset: last.offset + interval, state: last.state))
        }
        return steps
    }
}
