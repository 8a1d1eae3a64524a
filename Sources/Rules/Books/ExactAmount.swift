import Units

/// Dollars in units of 10⁻¹⁸, signed, exact: what fees are accrued in, before the one rounding.
///
/// Money has four decimals and rates at most eight, quoted per million at the most: 4 + 8 + 6 = 18.
package struct ExactAmount: Hashable, Comparable, Sendable {
    package var units: Int128

    package init(units: Int128) { self.units = units }

    package static let zero = ExactAmount(units: 0)
    static let unitsPerMoneyUnit: Int128 = 100_000_000_000_000

    package init(_ money: Money) { units = Int128(money.units) * ExactAmount.unitsPerMoneyUnit }

    package static func < (left: ExactAmount, right: ExactAmount) -> Bool { left.units < right.units }
    package static func + (left: ExactAmount, right: ExactAmount) -> ExactAmount {
        ExactAmount(units: left.units + right.units)
    }
    package static func += (left: inout ExactAmount, right: ExactAmount) { left.units += right.units }
}

/// A rate with at most eight decimals, in units of 10⁻⁸.
package struct Rate: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let units: Int64

    package init(units: Int64) { self.units = units }

    package static let zero = Rate(units: 0)
    package static let decimalsMaximum = 8
    private static let scale: UInt64 = 100_000_000
    /// Beyond this no fee is meant, and the products below could leave 128 bits.
    private static let magnitudeMaximum: UInt64 = 1_000_000 * scale

    package static func < (left: Rate, right: Rate) -> Bool { left.units < right.units }

    /// `0.000145`, `-0.0021`, `8`. `nil` for anything else, more than eight decimals, or beyond ±1,000,000.
    package init?(decimal text: String) {
        let negative = text.utf8.first == UInt8(ascii: "-")
        let parts = text.utf8.dropFirst(negative ? 1 : 0)
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), !parts.contains(where: \.isEmpty) else { return nil }
        let decimals = parts.count == 2 ? parts[1].count : 0
        guard decimals <= Rate.decimalsMaximum, parts[0].count <= 7 else { return nil }
        var magnitude: UInt64 = 0
        for digit in parts.joined() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            magnitude = magnitude * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        for _ in decimals..<Rate.decimalsMaximum { magnitude *= 10 }
        guard magnitude <= Rate.magnitudeMaximum else { return nil }
        units = negative ? -Int64(magnitude) : Int64(magnitude)
    }

    package var description: String {
        let digits = String(units.magnitude % Rate.scale)
        var fraction = String(repeating: "0", count: Rate.decimalsMaximum - digits.count) + digits
        while fraction.last == "0" { fraction.removeLast() }
        return (units < 0 ? "-" : "") + String(units.magnitude / Rate.scale) + (fraction.isEmpty ? "" : "." + fraction)
    }

    package func perShare(_ quantity: Quantity) -> ExactAmount {
        ExactAmount(units: Int128(units) * Int128(quantity.shares) * 10_000_000_000)
    }
    package func percent(of money: Money) -> ExactAmount {
        ExactAmount(units: Int128(units) * Int128(money.units) * 10_000)
    }
    package func perMillion(of money: Money) -> ExactAmount {
        ExactAmount(units: Int128(units) * Int128(money.units))
    }
    package var amount: ExactAmount { ExactAmount(units: Int128(units) * 10_000_000_000) }
}
