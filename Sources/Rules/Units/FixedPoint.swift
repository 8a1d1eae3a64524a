// Prices as people and FIX write them: decimal text with at most four decimals, exact both ways.

extension Price: CustomStringConvertible {
    /// Decimal text without trailing zeros: `5859400` units is `585.94`.
    package var description: String { fixedPointText(units) }

    /// Reads `585.94`, `-0.5`, `12`. `nil` for anything else, for more than four decimals that are
    /// not zero, and for what does not fit in 64 bits.
    package init?(decimal text: some StringProtocol) {
        guard let units = fixedPointUnits(text.utf8) else { return nil }
        self.init(units: units)
    }

    /// The same, without the detour through a protocol: every price of a FIX message comes this way.
    package init?(decimal text: String) {
        var text = text
        guard let units = text.withUTF8({ fixedPointUnits($0) }) else { return nil }
        self.init(units: units)
    }

    /// The same from raw bytes, as they stand in a FIX field.
    package init?(decimalBytes bytes: some Collection<UInt8>) {
        guard let units = fixedPointUnits(bytes) else { return nil }
        self.init(units: units)
    }
}

extension Money: CustomStringConvertible {
    package var description: String { fixedPointText(units) }

    package init?(decimal text: some StringProtocol) {
        guard let units = fixedPointUnits(text.utf8) else { return nil }
        self.init(units: units)
    }
}

extension Quantity: CustomStringConvertible {
    package var description: String { String(shares) }
}

private func fixedPointText(_ units: Int64) -> String {
    let magnitude = units.magnitude
    let whole = magnitude / 10_000
    var fraction = magnitude % 10_000
    let sign = units < 0 ? "-" : ""
    guard fraction != 0 else { return "\(sign)\(whole)" }
    var digits = 4
    while fraction % 10 == 0 {
        fraction /= 10
        digits -= 1
    }
    let text = String(fraction)
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - text.count) + text
}

private func fixedPointUnits(_ bytes: some Collection<UInt8>) -> Int64? {
    var magnitude: UInt64 = 0
    var decimals: Int?
    var digits = 0
    var negative = false
    for (position, byte) in bytes.enumerated() {
        switch byte {
        case UInt8(ascii: "-") where position == 0:
            negative = true
        case UInt8(ascii: ".") where decimals == nil:
            decimals = 0
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            digits += 1
            if let count = decimals {
                guard count < 4 else {
                    if byte != UInt8(ascii: "0") { return nil }
                    continue
                }
                decimals = count + 1
            }
            let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflowed, !carried else { return nil }
            magnitude = sum
        default:
            return nil
        }
    }
    guard digits > 0 else { return nil }
    for _ in (decimals ?? 0)..<4 {
        let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
        guard !overflowed else { return nil }
        magnitude = product
    }
    guard magnitude <= UInt64(Int64.max) else { return nil }
    return negative ? -Int64(magnitude) : Int64(magnitude)
}
