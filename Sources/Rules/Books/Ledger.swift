// Positions and money, from fills alone. Everybody who keeps such a book (broker, governor, judge) gets the same
// figures from the same fills, in whatever way they came.
//
// Invariant: when flat, profit = sells − buys − fees. No average price is kept, so none can be rounded.

import Messages
import Units

/// One execution, with what fees and positions need to know of it.
package struct Fill: Hashable, Sendable {
    /// ExecID(17): a fill counts once, however often it is reported.
    package let execID: String
    /// OrderID(37), the same through all replaces: fees are rounded once an order.
    package let orderID: String
    package let symbol: String
    package let side: Side
    package let quantity: Quantity
    package let price: Price
    /// LastLiquidityInd(851)=1: the order was resting. Otherwise it took liquidity.
    package let addsLiquidity: Bool

    package init(
        execID: String, orderID: String, symbol: String, side: Side, quantity: Quantity, price: Price,
        addsLiquidity: Bool
    ) {
        self.execID = execID
        self.orderID = orderID
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.price = price
        self.addsLiquidity = addsLiquidity
    }

    /// `nil` unless it is a trade.
    package init?(_ execution: Execution) {
        guard execution.kind == .trade else { return nil }
        self.init(
            execID: execution.execID, orderID: execution.orderID, symbol: execution.symbol, side: execution.side,
            quantity: execution.lastQuantity, price: execution.lastPrice, addsLiquidity: execution.addsLiquidity)
    }
}

package struct Ledger: Hashable, Sendable {
    /// One symbol's account.
    package struct Account: Hashable, Sendable {
        package internal(set) var position = Quantity.zero
        /// Sells − buys, before fees.
        package internal(set) var cash = Money.zero
        package internal(set) var fees = Money.zero
        /// Grows by one with each fill.
        package internal(set) var version: Int64 = 0

        package init() {}

        /// Profit with the position valued at `mark`; `nil` when a position has no mark or the value doesn't fit.
        package func profit(markedAt mark: Price?) -> Money? {
            guard position != .zero else { return cash - fees }
            guard let value = mark?.notional(of: position) else { return nil }
            let (sum, overflowed) = (cash - fees).units.addingReportingOverflow(value.units)
            return overflowed ? nil : Money(units: sum)
        }
    }

    package let schedule: FeeSchedule
    package private(set) var accounts: [String: Account] = [:]
    package private(set) var fillCount: Int64 = 0
    /// All shares traded, both sides.
    package private(set) var shares = Quantity.zero
    private var seen: Set<String> = []
    private var accruals: [String: FeeAccrual] = [:]

    package init(schedule: FeeSchedule) { self.schedule = schedule }

    package func position(_ symbol: String) -> Quantity { accounts[symbol]?.position ?? .zero }
    package var isFlat: Bool { accounts.values.allSatisfy { $0.position == .zero } }
    package var cash: Money { accounts.values.reduce(.zero) { $0 + $1.cash } }
    package var fees: Money { accounts.values.reduce(.zero) { $0 + $1.fees } }
    /// Sells − buys − fees over all symbols: the profit, when flat.
    package var cashFlow: Money { cash - fees }

    /// The fees of one order so far, by component.
    package func fees(orderID: String) -> Fees { accruals[orderID]?.fees(schedule) ?? Fees() }

    /// No fill of this order will come any more: what its fees were accrued from is let go. The fees stay.
    package mutating func settle(orderID: String) { accruals[orderID] = nil }

    /// Counts a fill once. `false` when its ExecID was counted before: nothing changed.
    @discardableResult
    package mutating func apply(_ fill: Fill) throws(BooksError) -> Bool {
        guard fill.quantity > .zero, !fill.execID.isEmpty, !fill.orderID.isEmpty else {
            throw BooksError(
                "fill '\(fill.execID)' of order '\(fill.orderID)'", expected: "both named, a quantity above 0",
                found: "\(fill.quantity)")
        }
        guard !seen.contains(fill.execID) else { return false }
        var accrual = accruals[fill.orderID] ?? FeeAccrual()
        let before = accrual.fees(schedule).total
        guard accrual.add(fill, schedule, sharesBefore: shares), let amount = fill.price.notional(of: fill.quantity)
        else {
            throw BooksError(
                "fill '\(fill.execID)'", expected: "a notional within 64 bits",
                found: "\(fill.quantity) at \(fill.price)")
        }
        seen.insert(fill.execID)
        accruals[fill.orderID] = accrual
        shares += fill.quantity
        fillCount += 1
        var account = accounts[fill.symbol] ?? Account()
        account.position += Quantity(shares: fill.side.sign * fill.quantity.shares)
        account.cash -= Money(units: fill.side.sign * amount.units)
        account.fees += accrual.fees(schedule).total - before
        account.version += 1
        accounts[fill.symbol] = account
        return true
    }

    /// `opening` + profit, every position valued by `mark` (longs at bid, shorts at ask). `nil` when a mark is missing:
    /// an equity nobody can compute denies, it isn't guessed.
    package func equity(opening: Money, mark: (String, Quantity) -> Price?) -> Money? {
        var sum = opening
        for (symbol, account) in accounts {
            let needed = account.position == .zero ? nil : mark(symbol, account.position)
            guard let profit = account.profit(markedAt: needed) else { return nil }
            sum += profit
        }
        return sum
    }
}
