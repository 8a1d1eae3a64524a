import Units

/// One minute of a day: what traded first, highest, lowest and last.
package struct Bar: Hashable, Sendable {
    package var timestamp: WallTime
    package var open: Price
    package var high: Price
    package var low: Price
    package var close: Price
    package var volume: Quantity

    package init(timestamp: WallTime, open: Price, high: Price, low: Price, close: Price, volume: Quantity) {
        self.timestamp = timestamp
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
    }

    /// Far above any share, and low enough that no arithmetic on tapes overflows.
    package static let priceMaximum = Price(units: 10_000_000_000_000)
    package static let header = "timestamp,open,high,low,close,volume"
}

extension Bar {
    /// Reads `timestamp,open,high,low,close,volume` with that header line; timestamps are ISO 8601 in UTC and grow.
    package static func read(csv: [UInt8], file: String, badRows: BadRows) throws(Mistakes) -> TapeRows<Bar> {
        try read(TapeSource(file: file, bytes: csv), badRows: badRows)
    }

    static func read(_ source: TapeSource, badRows: BadRows) throws(Mistakes) -> TapeRows<Bar> {
        var lines = TapeLines(source)
        guard try lines.advance() else {
            throw Mistakes([
                Mistake(file: source.file, line: 1, text: "expected the header '\(header)', found an empty file")
            ])
        }
        guard lines.text == header else {
            throw Mistakes([
                Mistake(file: source.file, line: 1, text: "expected the header '\(header)', found '\(lines.shown)'")
            ])
        }
        lines.skipToNext()
        var bars: [Bar] = []
        while try lines.advance() {
            if let bar = bar(&lines, after: bars.last) { bars.append(bar) }
            lines.skipToNext()
        }
        try lines.bad.throwIfAny(badRows)
        guard !bars.isEmpty else {
            let none = Mistake(file: source.file, line: lines.number, text: "expected at least one row, found none")
            throw Mistakes(lines.bad.shown + [none])
        }
        return TapeRows(rows: bars, skipped: lines.bad)
    }

    private static func bar(_ lines: inout TapeLines, after last: Bar?) -> Bar? {
        let fields = lines.fields
        guard fields.count == 6 else {
            lines.refuse("expected 6 fields, found \(fields.count): '\(lines.shown)'")
            return nil
        }
        guard let timestamp = WallTime(utcText: fields[0]) else {
            lines.refuse("timestamp: expected a UTC time like 2023-10-17T13:30:00Z, found '\(fields[0])'")
            return nil
        }
        if let last, timestamp <= last.timestamp {
            lines.refuse("timestamp: expected later than the row before, found '\(fields[0])'")
            return nil
        }
        var prices: [Price] = []
        for (name, text) in zip(["open", "high", "low", "close"], fields[1...4]) {
            guard let price = Price(decimal: text), price.units > 0, price <= priceMaximum else {
                lines.refuse("\(name): expected a price above zero with at most four decimals, found '\(text)'")
                return nil
            }
            prices.append(price)
        }
        guard let volume = Int64(fields[5]), volume >= 0 else {
            lines.refuse("volume: expected a whole number of shares, found '\(fields[5])'")
            return nil
        }
        guard prices[1] == prices.max(), prices[2] == prices.min() else {
            lines.refuse("expected low ≤ open, close ≤ high, found '\(lines.shown)'")
            return nil
        }
        return Bar(
            timestamp: timestamp, open: prices[0], high: prices[1], low: prices[2], close: prices[3],
            volume: Quantity(shares: volume))
    }

    /// The file that `read` reads, header included.
    package static func csv(_ bars: [Bar]) -> [UInt8] {
        var text = header + "\n"
        for bar in bars {
            text += "\(secondsText(bar.timestamp)),\(bar.open),\(bar.high),\(bar.low),\(bar.close),\(bar.volume)\n"
        }
        return Array(text.utf8)
    }
}

/// Without the milliseconds, which minute bars don't have.
private func secondsText(_ time: WallTime) -> String { time.utcText.prefix(19) + "Z" }
