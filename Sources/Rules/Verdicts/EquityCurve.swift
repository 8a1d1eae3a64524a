// What the account was worth at every instant: opening equity, plus sells, minus buys, minus fees, plus what the position
// could be closed at. Cash flow from fills alone; no average price is kept, so none can be wrong.

import Books
import History
import Messages
import Units

struct EquityCurve: Sendable {
    struct Point: Hashable, Sendable {
        let at: Instant
        let equity: Money
        /// Σ |position| × mark.
        let exposure: Money
        let isFlat: Bool
        let record: Place
    }

    /// A fill, and when it counts.
    struct TimedFill: Sendable {
        let stamp: Stamp
        let fill: Fill
    }

    private(set) var points: [Point] = []
    /// A position that could not be closed at any price then: that side of the published book was empty.
    private(set) var unmarked: [Stamp] = []
    /// Fills that can't be counted, in words.
    private(set) var defects: [String] = []
    let opening: Money
    private let marksAtBand: Bool

    /// - Parameter bands: a book with one side rests at a price band. Nothing can trade at another price then, so the
    ///   band is what a position is worth.
    init(
        opening: Money, fees: FeeSchedule, fills: [TimedFill], books: some Sequence<PublishedBook>, bands: Bool
    ) {
        self.opening = opening
        marksAtBand = bands
        var ledger = Ledger(schedule: fees)
        var marks: [String: PublishedBook] = [:]
        var next = 0
        let fills = fills.enumerated().sorted { ($0.element.stamp.at, $0.offset) < ($1.element.stamp.at, $1.offset) }
            .map(\.element)
        func count(until instant: Instant?) {
            while next < fills.count, instant.map({ fills[next].stamp.at <= $0 }) ?? true {
                do { try ledger.apply(fills[next].fill) } catch { defects.append("\(error)") }
                note(ledger, marks, at: fills[next].stamp)
                next += 1
            }
        }
        for book in books {
            count(until: book.stamp.at)
            marks[book.symbol] = book
            // A flat account is worth the same, whatever the book does.
            if ledger.position(book.symbol) != .zero { note(ledger, marks, at: book.stamp) }
        }
        count(until: nil)
    }

    private mutating func note(_ ledger: Ledger, _ marks: [String: PublishedBook], at stamp: Stamp) {
        func mark(_ symbol: String, _ position: Quantity) -> Price? {
            let sides = (marks[symbol]?.bid, marks[symbol]?.ask)
            let (own, other) = position > .zero ? (sides.0, sides.1) : (sides.1, sides.0)
            return own ?? (marksAtBand ? other : nil)
        }
        var exposure: Int128 = 0
        for (symbol, account) in ledger.accounts where account.position != .zero {
            guard let price = mark(symbol, account.position) else { return unmarked.append(stamp) }
            exposure += Int128(account.position.shares.magnitude) * Int128(price.units)
        }
        guard let equity = ledger.equity(opening: opening, mark: mark) else { return unmarked.append(stamp) }
        points.append(
            Point(
                at: stamp.at, equity: equity, exposure: Money(units: Int64(clamping: exposure)), isFlat: ledger.isFlat,
                record: stamp.record))
    }

    /// The deepest fall from the running peak within `span`. The peak runs from the opening on, so that what was won
    /// before the span can be lost in it.
    func deepest(within span: ClosedRange<Instant>) -> (fall: Drawdown.Fall, record: Place?)? {
        guard var drawdown = Drawdown(opening: opening) else { return nil }
        var deepest: (fall: Drawdown.Fall, record: Place?)?
        var last: (fall: Drawdown.Fall, record: Place?)?
        for point in points {
            if deepest == nil, point.at >= span.lowerBound { deepest = last ?? (drawdown.current, nil) }
            guard point.at <= span.upperBound else { break }
            drawdown.observe(point.equity)
            last = (drawdown.current, point.record)
            if let found = deepest, drawdown.current.isDeeper(than: found.fall) { deepest = last }
        }
        return deepest ?? last ?? (drawdown.current, nil)
    }

    /// A stretch in which `isBroken` held without a break. `end` is `nil` until the end of the curve.
    struct Stretch: Hashable, Sendable {
        let start: Point
        var end: Instant?
    }

    func stretches(_ isBroken: (_ equity: Money, _ peak: Money) -> Bool) -> [Stretch] {
        var peak = opening
        var found: [Stretch] = []
        for point in points {
            peak = max(peak, point.equity)
            let isOpen = found.last.map { $0.end == nil } ?? false
            switch (isBroken(point.equity, peak), isOpen) {
            case (true, false): found.append(Stretch(start: point, end: nil))
            case (false, true): found[found.count - 1].end = point.at
            default: break
            }
        }
        return found
    }
}
