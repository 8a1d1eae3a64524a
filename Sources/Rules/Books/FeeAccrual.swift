// The fees of one order. Accrued exactly, fill by fill; minimum, maximum and cap apply to the order's total; rounded
// once an order and component. Rounding every fill by itself drifts by about a dollar in a hundred sells.

import Messages
import Units

/// The fees of an order or of a ledger, rounded, by component. Negative is a rebate.
package struct Fees: Hashable, Sendable {
    package var sec = Money.zero
    package var taf = Money.zero
    package var exchange = Money.zero
    package var clearing = Money.zero
    package var commission = Money.zero

    package init() {}

    package var total: Money { sec + taf + exchange + clearing + commission }
}

package struct FeeAccrual: Hashable, Sendable {
    private var notional = Money.zero
    private var sec = ExactAmount.zero
    private var taf = ExactAmount.zero
    private var exchange = ExactAmount.zero
    private var clearing = ExactAmount.zero
    private var commission = ExactAmount.zero

    package init() {}

    /// `sharesBefore`: traded by the whole ledger before this fill, for the commission's tiers. The notional must fit
    /// in Money, else nothing is accrued and the answer is `false`.
    package mutating func add(_ fill: Fill, _ schedule: FeeSchedule, sharesBefore: Quantity) -> Bool {
        guard let amount = fill.price.notional(of: fill.quantity) else { return false }
        let (sum, overflowed) = notional.units.addingReportingOverflow(amount.units)
        guard !overflowed else { return false }
        notional = Money(units: sum)
        if fill.side == .sell {
            sec += schedule.secPerMillionSold.perMillion(of: amount)
            taf += schedule.tafPerShareSold.perShare(fill.quantity)
        }
        exchange += schedule.exchangeFee(fill, amount)
        clearing += schedule.clearingPerShare.perShare(fill.quantity)
        commission += schedule.commission(fill.quantity, sharesBefore: sharesBefore)
        return true
    }

    /// What the order costs so far. Before its first fill: nothing, not even the minimum.
    package func fees(_ schedule: FeeSchedule) -> Fees {
        var fees = Fees()
        guard notional != .zero else { return fees }
        fees.sec = schedule.rounded(sec)
        fees.taf = schedule.rounded(min(taf, schedule.tafMaximum.amount))
        fees.exchange = schedule.rounded(exchange)
        fees.clearing = schedule.rounded(clearing)
        if !schedule.commissionTiers.isEmpty {
            let cap = schedule.commissionMaximumPercent.percent(of: notional.magnitude)
            fees.commission = schedule.rounded(min(max(commission, schedule.commissionMinimum.amount), cap))
        }
        return fees
    }
}

extension FeeSchedule {
    func exchangeFee(_ fill: Fill, _ amount: Money) -> ExactAmount {
        guard ExactAmount(Money(units: fill.price.units)) < exchangePriceMinimum.amount else {
            return (fill.addsLiquidity ? makerPerShare : takerPerShare).perShare(fill.quantity)
        }
        return fill.addsLiquidity ? .zero : takerPercentBelow.percent(of: amount)
    }

    /// Each share at the rate of the tier that it falls into.
    func commission(_ quantity: Quantity, sharesBefore: Quantity) -> ExactAmount {
        let start = sharesBefore
        let end = sharesBefore + quantity
        var sum = ExactAmount.zero
        for (position, tier) in commissionTiers.enumerated() {
            let next = position + 1 < commissionTiers.count ? commissionTiers[position + 1].fromShares : end
            let within = min(end, next) - max(start, tier.fromShares)
            if within > .zero { sum += tier.perShare.perShare(within) }
        }
        return sum
    }

    /// The one rounding of an order's component.
    package func rounded(_ amount: ExactAmount) -> Money {
        let unit = Int128(roundingUnit.units) * ExactAmount.unitsPerMoneyUnit
        let (quotient, remainder) = amount.units.quotientAndRemainder(dividingBy: unit)
        let carry: Int128 =
            switch rounding {
            case .nearest: remainder.magnitude * 2 >= unit.magnitude ? amount.units.signum() : 0
            case .up: remainder > 0 ? 1 : 0
            }
        return Money(units: Int64(clamping: (quotient + carry) * Int128(roundingUnit.units)))
    }
}
