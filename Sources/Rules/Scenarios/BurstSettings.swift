import Units

/// A burst of position changes, and what lies beside it. See `BurstScript` for what each number does.
package struct BurstSettings: Hashable, Sendable {
    /// Position changes that are due at the same instant; the ones that are counted.
    package var changes: Int
    /// Everything that a symbol's orders add up to: the governor's limit on a position, so that nothing is left.
    package var shares: Quantity
    /// Orders of a symbol that wait in the book before the burst, of `restingQuantity` each.
    package var restingOrders: Int
    package var restingQuantity: Quantity
    /// How long before the burst the first of them is placed.
    package var restingLead: Duration
    /// Orders of a symbol that the broker rejects on purpose, each of `restingQuantity`.
    package var brokerRejects: Int
    /// Over-limit probes of each kind.
    package var probes: Int
    /// The governor's limit on the quantity of one order.
    package var orderQuantity: Quantity
    /// How long resting orders are replaced and cancelled after the burst.
    package var aftermath: Duration

    /// Of the resting orders of a symbol one in so many is cancelled; the others are moved into the market.
    package static let cancelledOneIn = 4
    package static let changesMaximum = 5_000
    package static let tradedSymbolsMinimum = 5
}

extension BurstSettings {
    package var cancelledOrders: Int { restingOrders / BurstSettings.cancelledOneIn }

    /// What the changes of a symbol add up to.
    package var changedShares: Int64 {
        shares.shares - Int64(restingOrders + brokerRejects) * restingQuantity.shares
    }

    /// More than what rejects and cancels of a symbol ever give back: an order of it is over the limit at every moment
    /// after the burst.
    package var probeQuantity: Quantity {
        Quantity(shares: Int64(brokerRejects + cancelledOrders) * restingQuantity.shares + 1)
    }
}

extension LoadSettings {
    /// Counted position changes; none but in a burst.
    package var changes: Int {
        if case .burst(let settings) = strategy { settings.changes } else { 0 }
    }
}
