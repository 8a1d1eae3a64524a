// The crash as a function of time. Nothing here is drawn: the same tape and the same overlay give the same book.

import Messages
import Units

package struct CrashCourse: Hashable, Sendable {
    let overlay: CrashOverlay
    /// From the start of the first phase.
    let start: Duration

    package init(_ overlay: CrashOverlay, start: Duration) {
        self.overlay = overlay
        self.start = start
    }

    /// What stub quotes offered on 6 May 2010; 100 shares each.
    package static let stubBid = Price(units: 100)
    package static let stubAsk = Price(units: 999_999_900)
    package static let stubSize = Quantity(shares: 100)

    private static let whole: Int64 = 1_000_000

    /// How much of the price is missing at a time, in millionths.
    package func missing(at time: Duration) -> Int64 {
        let since = (time - start).nanoseconds
        guard since > 0 else { return 0 }
        let depth = Int64(overlay.fallPercent) * CrashCourse.whole / 100
        let fall = overlay.fall.nanoseconds
        guard since > fall else { return CrashCourse.share(depth, since, fall) }
        let regained = depth * Int64(overlay.recoverPercent) / 100
        let recover = overlay.recover.nanoseconds
        guard since - fall < recover else { return depth - regained }
        return depth - CrashCourse.share(regained, since - fall, recover)
    }

    /// `amount × part ÷ all`, without overflow: an hour in nanoseconds times a million doesn't fit 64 bits.
    private static func share(_ amount: Int64, _ part: Int64, _ all: Int64) -> Int64 {
        let (quotient, _) = all.dividingFullWidth(amount.multipliedFullWidth(by: part))
        return quotient
    }

    package func isThin(at time: Duration) -> Bool { time >= start && time < start + overlay.duration }

    /// The whole book moves by as much as its middle does, so that the levels keep their distances; then it thins.
    package func book(_ state: BookState, at time: Duration) -> BookState {
        var book = state
        if let middle = state.middle {
            let (high, low) = middle.units.multipliedFullWidth(by: missing(at: time))
            let (lost, _) = CrashCourse.whole.dividingFullWidth((high, low))
            book = book.lowered(by: lost / 100 * 100)
        }
        guard isThin(at: time) else { return book }
        book = book.thinned(percent: overlay.thinningPercent, by: overlay.thinning)
        return overlay.stubQuotes ? book.withStubQuotes : book
    }
}

extension BookState {
    /// Between the best prices, in whole units downwards; the one best price of a book with one side.
    package var middle: Price? {
        switch (bids.first, asks.first) {
        case (let bid?, let ask?): Price(units: bid.price.units + (ask.price.units - bid.price.units) / 2)
        case (let only?, nil), (nil, let only?): only.price
        case (nil, nil): nil
        }
    }

    /// Levels that would fall to nothing are gone.
    func lowered(by units: Int64) -> BookState {
        guard units != 0 else { return self }
        func moved(_ levels: [Level]) -> [Level] {
            levels.compactMap { level in
                let price = level.price.units - units
                return price > 0 ? Level(price: Price(units: price), size: level.size) : nil
            }
        }
        return BookState(bids: moved(bids), asks: moved(asks), status: status)
    }

    /// By size, shares are rounded down and empty levels go. A side never vanishes: its best level keeps a share.
    package func thinned(percent: Int, by thinning: CrashOverlay.Thinning) -> BookState {
        let rest = Int64(100 - percent)
        func thin(_ levels: [Level]) -> [Level] {
            switch thinning {
            case .level:
                return Array(levels.prefix((levels.count * Int(rest) + 99) / 100))
            case .size:
                let left = levels.map { Level(price: $0.price, size: Quantity(shares: $0.size.shares * rest / 100)) }
                    .filter { $0.size > .zero }
                guard left.isEmpty, let best = levels.first else { return left }
                return [Level(price: best.price, size: Quantity(shares: 1))]
            }
        }
        return BookState(bids: thin(bids), asks: thin(asks), status: status)
    }

    /// One more level a side, in place of the last one where the book is full.
    var withStubQuotes: BookState {
        func stubbed(_ levels: [Level], _ price: Price, _ isBetter: (Price, Price) -> Bool) -> [Level] {
            let real = levels.prefix(Depth.levelsMaximum - 1).prefix { isBetter($0.price, price) }
            return real + [Level(price: price, size: CrashCourse.stubSize)]
        }
        return BookState(
            bids: stubbed(bids, CrashCourse.stubBid, >), asks: stubbed(asks, CrashCourse.stubAsk, <), status: status)
    }

    func multiplied(by factor: Int) -> BookState {
        func larger(_ levels: [Level]) -> [Level] {
            levels.map { Level(price: $0.price, size: Quantity(shares: $0.size.shares * Int64(factor))) }
        }
        return BookState(bids: larger(bids), asks: larger(asks), status: status)
    }
}
