// Limit Up-Limit Down, as it was for a Tier 1 stock above $3 in October 2023, in the tape's time: a minute bar that is
// played in a second makes five minutes five seconds.
//
// Bands lie 5 % above and below a reference price, the mean of the last five minutes; a new mean replaces it when it
// differs by 1 % and the old one is 30 s old. Quotes beyond a band can't be executed, so they are not in the book. When
// the best ask has come down to the lower band (or the best bid up to the upper one), the book rests at the band with
// one side: the limit state. If it hasn't left after 15 s, trading halts for five minutes and opens again at what the
// tape says then, which is the new reference. Source: the Plan to Address Extraordinary Market Volatility, sections V
// to VII. Not modelled: doubled bands before the close, and auctions that take longer than the pause.

import Messages
import Units

package struct PriceBands: Hashable, Sendable {
    package static let percent: Int64 = 5
    package static let window = Duration.seconds(300)
    package static let limitState = Duration.seconds(15)
    package static let pause = Duration.seconds(300)
    package static let referenceAge = Duration.seconds(30)

    private enum Phase: Hashable, Sendable {
        case trading
        case limit(isLower: Bool, since: Duration)
        case paused(since: Duration)
    }

    /// Run time of a minute of the tape.
    private let minute: Duration
    private var phase = Phase.trading
    private var reference: (price: Price, since: Duration)?
    private var seen = TimeWeightedMean()
    /// Before the limit state: what a halted book shows.
    private var lastOpen: BookState?

    package init(minute: Duration) { self.minute = minute }

    package static func == (left: PriceBands, right: PriceBands) -> Bool {
        left.minute == right.minute && left.phase == right.phase && left.lastOpen == right.lastOpen
            && left.reference?.price == right.reference?.price && left.reference?.since == right.reference?.since
            && left.seen == right.seen
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(minute)
        hasher.combine(phase)
    }

    private func scaled(_ duration: Duration) -> Duration { minute * Int(duration.nanoseconds / 1_000_000) / 60_000 }

    /// The book that the bands leave of `state`, at a time that never goes back.
    package mutating func book(_ state: BookState, at now: Duration) -> BookState {
        guard let middle = state.middle, state.status == .trading else { return state }
        if case .paused(let since) = phase {
            guard now - since >= scaled(PriceBands.pause) else { return halted }
            phase = .trading
            seen = TimeWeightedMean()
            reference = (middle, now)
        }
        seen.note(middle, at: now, window: scaled(PriceBands.window))
        updateReference(middle, at: now)
        let (lower, upper) = bands(middle)
        let isLower = state.asks.first.map { $0.price <= lower } ?? false
        let isUpper = state.bids.first.map { $0.price >= upper } ?? false
        guard isLower || isUpper else {
            phase = .trading
            let open = state.inside(lower, upper)
            lastOpen = open
            return open
        }
        if case .limit(isLower, let since) = phase {
            guard now - since < scaled(PriceBands.limitState) else {
                phase = .paused(since: now)
                return halted
            }
        } else {
            phase = .limit(isLower: isLower, since: now)
        }
        return state.resting(at: isLower ? lower : upper, isLower: isLower)
    }

    private var halted: BookState {
        let book = lastOpen ?? BookState(bids: [], asks: [])
        return BookState(bids: book.bids, asks: book.asks, status: .halted)
    }

    private mutating func updateReference(_ middle: Price, at now: Duration) {
        guard let present = reference else {
            reference = (middle, now)
            return
        }
        guard now - present.since >= scaled(PriceBands.referenceAge), let mean = seen.mean else { return }
        if (mean.units - present.price.units).magnitude * 100 >= UInt64(present.price.units) { reference = (mean, now) }
    }

    /// To the cent, the nearest.
    private func bands(_ middle: Price) -> (lower: Price, upper: Price) {
        let price = reference?.price.units ?? middle.units
        func cents(_ percent: Int64) -> Price { Price(units: (price * percent / 100 + 50) / 100 * 100) }
        return (cents(100 - PriceBands.percent), cents(100 + PriceBands.percent))
    }
}

/// Of a price that holds until the next one, over a window that moves with it.
struct TimeWeightedMean: Hashable, Sendable {
    private struct Held: Hashable, Sendable {
        var since: Duration
        var lasts: Int64
        var price: Int64
    }

    private var held: [Held] = []
    private var first = 0
    private var sum: Int128 = 0
    private var time: Int64 = 0
    private var last: (price: Int64, since: Duration)?

    static func == (left: TimeWeightedMean, right: TimeWeightedMean) -> Bool {
        left.sum == right.sum && left.time == right.time && left.last?.price == right.last?.price
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(sum)
        hasher.combine(time)
    }

    mutating func note(_ price: Price, at now: Duration, window: Duration) {
        if let last, now > last.since {
            let lasts = (now - last.since).nanoseconds
            held.append(Held(since: last.since, lasts: lasts, price: last.price))
            sum += Int128(last.price) * Int128(lasts)
            time += lasts
        }
        last = (price.units, now)
        while first < held.count, held[first].since < now - window {
            sum -= Int128(held[first].price) * Int128(held[first].lasts)
            time -= held[first].lasts
            first += 1
        }
        if first > 4_096 {
            held.removeFirst(first)
            first = 0
        }
    }

    /// `nil` before any time has passed.
    var mean: Price? { time > 0 ? Price(units: Int64(sum / Int128(time))) : nil }
}

extension BookState {
    /// Without what can't be executed.
    fileprivate func inside(_ lower: Price, _ upper: Price) -> BookState {
        BookState(
            bids: bids.filter { $0.price >= lower }, asks: asks.filter { $0.price <= upper }, status: status)
    }

    /// One side, whose best price is the band.
    fileprivate func resting(at band: Price, isLower: Bool) -> BookState {
        let side = isLower ? asks : bids
        let shift = band.units - (side.first?.price.units ?? band.units)
        let moved = side.map { Level(price: Price(units: $0.price.units + shift), size: $0.size) }
        return BookState(bids: isLower ? [] : moved, asks: isLower ? moved : [], status: status)
    }
}
