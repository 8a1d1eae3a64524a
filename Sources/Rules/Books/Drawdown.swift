import Units

/// The deepest fall of an equity from its running peak: (peak − equity) / peak, kept exact as two amounts.
package struct Drawdown: Hashable, Sendable {
    /// A fall and the peak that it fell from.
    package struct Fall: Hashable, Sendable {
        package let amount: Money
        package let peak: Money

        /// In percent of the peak, for reports.
        package var percent: Double { 100 * Double(amount.units) / Double(peak.units) }

        /// Exact: amount / peak > percent / 100, with `percent` at most eight decimals.
        package func exceeds(percent: Rate) -> Bool {
            Int128(amount.units) * 10_000_000_000 > Int128(percent.units) * Int128(peak.units)
        }

        package func isDeeper(than other: Fall) -> Bool {
            Int128(amount.units) * Int128(other.peak.units) > Int128(other.amount.units) * Int128(peak.units)
        }
    }

    package private(set) var peak: Money
    package private(set) var current: Fall
    package private(set) var deepest: Fall

    /// `opening` must be above 0: a drawdown of nothing has no percentage.
    package init?(opening: Money) {
        guard opening > .zero else { return nil }
        peak = opening
        current = Fall(amount: .zero, peak: opening)
        deepest = current
    }

    package mutating func observe(_ equity: Money) {
        if equity > peak { peak = equity }
        current = Fall(amount: peak - equity, peak: peak)
        if current.isDeeper(than: deepest) { deepest = current }
    }
}
