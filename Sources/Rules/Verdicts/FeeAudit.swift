// What trading cost, worked out by the judge from a list of fills and the fee schedule.
//
// Deliberately not `Ledger` and `FeeAccrual`, which the governor keeps its account with: a mistake in those would hide
// itself here. There fees grow fill by fill; here an order is added up first, and then charged once.

import Books
import Messages
import Units

package struct FeeAudit {
    /// One symbol's account.
    package struct Account: Hashable, Sendable {
        package var position: Int64 = 0
        /// Sells − buys, in 1/10,000.
        package var cash: Int64 = 0
        package var fees: Int64 = 0
    }

    /// Totals of an order. Amounts of money in 10⁻¹⁸, which holds every product of a price, a rate and a quantity.
    fileprivate struct OrderTotal {
        let symbol: String
        var notional: Int128 = 0
        var shares: Int128 = 0
        var soldNotional: Int128 = 0
        var soldShares: Int128 = 0
        var takerShares: Int128 = 0
        var makerShares: Int128 = 0
        var cheapTakerNotional: Int128 = 0
        var commission: Int128 = 0
    }

    package private(set) var accounts: [String: Account] = [:]
    private let schedule: FeeSchedule

    /// `fills` in the order in which they were made: commission tiers count all shares traded before.
    package init(_ fills: [Fill], _ schedule: FeeSchedule) {
        self.schedule = schedule
        var orders: [String: OrderTotal] = [:]
        var traded: Int64 = 0
        for fill in fills {
            let notional = Int128(fill.price.units) * Int128(fill.quantity.shares)
            accounts[fill.symbol, default: Account()].position += fill.side.sign * fill.quantity.shares
            accounts[fill.symbol, default: Account()].cash -= fill.side.sign * Int64(clamping: notional)
            orders[fill.orderID, default: OrderTotal(symbol: fill.symbol)].add(fill, notional, schedule, traded)
            traded += fill.quantity.shares
        }
        for order in orders.values { accounts[order.symbol, default: Account()].fees += charge(order) }
    }

    private func charge(_ order: OrderTotal) -> Int64 {
        let tenBillion: Int128 = 10_000_000_000
        func perShare(_ rate: Rate, _ shares: Int128) -> Int128 { Int128(rate.units) * shares * tenBillion }
        func percent(_ rate: Rate, _ notional: Int128) -> Int128 { Int128(rate.units) * notional * 10_000 }
        let sec = Int128(schedule.secPerMillionSold.units) * order.soldNotional
        let taf = min(
            perShare(schedule.tafPerShareSold, order.soldShares), Int128(schedule.tafMaximum.units) * tenBillion)
        let exchange =
            perShare(schedule.takerPerShare, order.takerShares) + perShare(schedule.makerPerShare, order.makerShares)
            + percent(schedule.takerPercentBelow, order.cheapTakerNotional)
        let clearing = perShare(schedule.clearingPerShare, order.shares)
        var commission: Int128 = 0
        if !schedule.commissionTiers.isEmpty {
            let least = Int128(schedule.commissionMinimum.units) * tenBillion
            let most = percent(schedule.commissionMaximumPercent, order.notional)
            commission = min(max(order.commission, least), most)
        }
        return [sec, taf, exchange, clearing, commission].reduce(0) { $0 + rounded($1) }
    }

    /// To whole rounding units, in 1/10,000.
    private func rounded(_ amount: Int128) -> Int64 {
        let unit = Int128(schedule.roundingUnit.units) * 100_000_000_000_000
        let steps: Int128
        switch schedule.rounding {
        case .nearest:
            // Halves away from zero.
            let sign: Int128 = amount < 0 ? -1 : 1
            steps = sign * ((sign * amount * 2 + unit) / (unit * 2))
        case .up:
            let floor = amount / unit - (amount % unit < 0 ? 1 : 0)
            steps = floor * unit == amount ? floor : floor + 1
        }
        return Int64(clamping: steps * Int128(schedule.roundingUnit.units))
    }
}

extension FeeAudit.OrderTotal {
    mutating func add(_ fill: Fill, _ amount: Int128, _ schedule: FeeSchedule, _ before: Int64) {
        let count = Int128(fill.quantity.shares)
        notional += amount
        shares += count
        if fill.side == .sell {
            soldNotional += amount
            soldShares += count
        }
        // A price has four decimals, a rate eight.
        let isCheap = Int128(fill.price.units) * 10_000 < Int128(schedule.exchangePriceMinimum.units)
        switch (isCheap, fill.addsLiquidity) {
        case (false, false): takerShares += count
        case (false, true): makerShares += count
        case (true, false): cheapTakerNotional += amount
        case (true, true): break
        }
        for share in tiers(schedule, from: before, count: fill.quantity.shares) {
            commission += Int128(share.rate.units) * Int128(share.shares) * 10_000_000_000
        }
    }

    /// The shares of a fill by the commission tier that they fall into.
    private func tiers(_ schedule: FeeSchedule, from start: Int64, count: Int64) -> [(rate: Rate, shares: Int64)] {
        let bounds = schedule.commissionTiers.map(\.fromShares.shares).dropFirst() + [Int64.max]
        return zip(schedule.commissionTiers, bounds).compactMap { tier, end in
            let shares = min(start + count, end) - max(start, tier.fromShares.shares)
            return shares > 0 ? (tier.perShare, shares) : nil
        }
    }
}
