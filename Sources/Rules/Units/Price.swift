/// A price in ten-thousandths of the quote currency. Never rounds.
///
/// On the wire: JSON carries `units` as an integer, FIX carries at most four decimals.
package struct Price: Hashable, Comparable, Sendable {
    package let units: Int64

    package init(units: Int64) { self.units = units }

    package static let scale: Int64 = 10_000

    package static func < (left: Price, right: Price) -> Bool { left.units < right.units }

    /// `nil` when the product doesn't fit: that is a rejected order, not a crashed governor.
    package func notional(of quantity: Quantity) -> Money? {
        let (product, overflow) = units.multipliedReportingOverflow(by: quantity.shares)
        return overflow ? nil : Money(units: product)
    }
}

/// A number of shares. Signed where it is a position: long positive, short negative.
package struct Quantity: Hashable, Comparable, Sendable {
    package let shares: Int64

    package init(shares: Int64) { self.shares = shares }

    package static let zero = Quantity(shares: 0)
    package var magnitude: Quantity { Quantity(shares: Int64(clamping: shares.magnitude)) }

    package static func < (left: Quantity, right: Quantity) -> Bool { left.shares < right.shares }
    package static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(shares: left.shares + right.shares)
    }
    package static func - (left: Quantity, right: Quantity) -> Quantity {
        Quantity(shares: left.shares - right.shares)
    }
    package static prefix func - (value: Quantity) -> Quantity { Quantity(shares: -value.shares) }
    package static func += (left: inout Quantity, right: Quantity) { left = left + right }
    package static func -= (left: inout Quantity, right: Quantity) { left = left - right }
}

/// An amount of the quote currency in ten-thousandths. Signed; exact.
package struct Money: Hashable, Comparable, Sendable {
    package let units: Int64

    package init(units: Int64) { self.units = units }

    package static let zero = Money(units: 0)
    package var magnitude: Money { Money(units: Int64(clamping: units.magnitude)) }

    package static func < (left: Money, right: Money) -> Bool { left.units < right.units }
    package static func + (left: Money, right: Money) -> Money { Money(units: left.units + right.units) }
    package static func - (left: Money, right: Money) -> Money { Money(units: left.units - right.units) }
    package static prefix func - (value: Money) -> Money { Money(units: -value.units) }
    package static func += (left: inout Money, right: Money) { left = left + right }
    package static func -= (left: inout Money, right: Money) { left = left - right }
}
