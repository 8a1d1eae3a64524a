import Messages
import Units

/// What trading costs: the rates of one market and one broker, from a file (`docs/schemas/fees.schema.json`).
///
/// Per fill and order, exactly:
/// - SEC section 31: `secPerMillionSold` × notional sold
/// - FINRA TAF: `tafPerShareSold` × shares sold, at most `tafMaximum` an order
/// - exchange: `takerPerShare` or `makerPerShare` (negative: a rebate); below `exchangePriceMinimum` a taker pays
///   `takerPercentBelow` of the notional and a maker nothing
/// - clearing: `clearingPerShare` × shares
/// - commission: per share by tier of all shares traded so far, at least `commissionMinimum`, but never more than
///   `commissionMaximumPercent` of the order's notional (the cap wins over the minimum)
///
/// Rounded once an order and component, to `roundingUnit`: see `FeeAccrual`.
package struct FeeSchedule: Hashable, Sendable {
    package enum Rounding: String, Hashable, Sendable, CaseIterable {
        /// To the nearest unit, halves away from zero.
        case nearest
        /// Away from zero when charged, towards zero when rebated: never in the client's favour.
        case up
    }

    package struct Tier: Hashable, Sendable {
        /// Applies from this many shares traded before, in all orders of the ledger.
        package let fromShares: Quantity
        package let perShare: Rate

        package init(fromShares: Quantity, perShare: Rate) {
            self.fromShares = fromShares
            self.perShare = perShare
        }
    }

    package var name: String
    package var currency = "USD"
    package var secPerMillionSold = Rate.zero
    package var tafPerShareSold = Rate.zero
    package var tafMaximum = Rate.zero
    package var takerPerShare = Rate.zero
    package var makerPerShare = Rate.zero
    package var exchangePriceMinimum = Rate.zero
    package var takerPercentBelow = Rate.zero
    package var clearingPerShare = Rate.zero
    /// Ascending, the first from 0; empty is commission-free.
    package var commissionTiers: [Tier] = []
    package var commissionMinimum = Rate.zero
    package var commissionMaximumPercent = Rate.zero
    package var roundingUnit = Money(units: 100)
    package var rounding = Rounding.nearest

    /// No fee at all.
    package init(name: String = "none") { self.name = name }

    /// US equities in October 2023, fixed commission: the same figures as `data/fees-us-equities-2023-10.json`.
    package static var usEquities2023: FeeSchedule {
        var schedule = FeeSchedule(name: "us-equities-2023-10")
        schedule.secPerMillionSold = Rate(units: 800_000_000)
        schedule.tafPerShareSold = Rate(units: 14_500)
        schedule.tafMaximum = Rate(units: 727_000_000)
        schedule.takerPerShare = Rate(units: 300_000)
        schedule.makerPerShare = Rate(units: -210_000)
        schedule.exchangePriceMinimum = Rate(units: 100_000_000)
        schedule.takerPercentBelow = Rate(units: 30_000_000)
        schedule.clearingPerShare = Rate(units: 20_000)
        schedule.commissionTiers = [Tier(fromShares: .zero, perShare: Rate(units: 500_000))]
        schedule.commissionMinimum = Rate(units: 100_000_000)
        schedule.commissionMaximumPercent = Rate(units: 100_000_000)
        return schedule
    }
}
