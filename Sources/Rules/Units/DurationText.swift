extension Duration {
    /// Reads `250ms`, `15s`, `1.5s`, `10m`, `50us`, `300ns`. `nil` for anything else, a bare number included.
    package init?(written text: some StringProtocol) {
        let number = text.prefix { $0.isNumber || $0 == "." || $0 == "-" }
        let unit = text.dropFirst(number.count)
        let nanosecondsPerUnit: Int64
        switch unit {
        case "ns": nanosecondsPerUnit = 1
        case "us", "µs": nanosecondsPerUnit = 1_000
        case "ms": nanosecondsPerUnit = 1_000_000
        case "s": nanosecondsPerUnit = 1_000_000_000
        case "m", "min": nanosecondsPerUnit = 60_000_000_000
        case "h": nanosecondsPerUnit = 3_600_000_000_000
        default: return nil
        }
        guard let value = Price(decimal: number) else { return nil }
        let (product, overflowed) = value.units.multipliedReportingOverflow(by: nanosecondsPerUnit)
        guard !overflowed, product % Price.scale == 0 else { return nil }
        self = .nanoseconds(product / Price.scale)
    }

    /// The shortest exact form in one unit: `250ms`, `15s`, `1500us`.
    package var written: String {
        let value = nanoseconds
        for (unit, size) in [("s", Int64(1_000_000_000)), ("ms", 1_000_000), ("us", 1_000)] where value % size == 0 {
            return "\(value / size)\(unit)"
        }
        return "\(value)ns"
    }
}
