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

/// What to do with a row that can't be read.
package enum BadRows: Hashable, Sendable { case refuse, skip }

/// The rows of a tape, and how many were left out because they could not be read.
package struct TapeRows<Row: Hashable & Sendable>: Hashable, Sendable {
    package var rows: [Row]
    package var skipped: [Mistake]
}

extension Bar {
    /// Reads `timestamp,open,high,low,close,volume` with that header line; timestamps are ISO 8601 in UTC and grow.
    package static func read(csv: [UInt8], file: String, badRows: BadRows) throws(Mistakes) -> TapeRows<Bar> {
        var lines = TapeLines(csv, file: file)
        if lines.isEmpty {
            throw Mistakes([Mistake(file: file, line: 1, text: "expected the header '\(header)', found an empty file")])
        }
        if lines.text(0) != header {
            throw Mistakes([
                Mistake(file: file, line: 1, text: "expected the header '\(header)', found '\(lines.shown(0))'")
            ])
        }
        var bars: [Bar] = []
        for index in 1..<lines.count {
            guard let bar = bar(&lines, index, after: bars.last) else { continue }
            bars.append(bar)
        }
        return try lines.finish(bars, badRows)
    }

    private static func bar(_ lines: inout TapeLines, _ index: Int, after last: Bar?) -> Bar? {
        guard let fields = lines.fields(index, "6 fields", { $0 == 6 }) else { return nil }
        guard let timestamp = WallTime(utcText: fields[0]) else {
            return lines.refuse(index, "timestamp: expected a UTC time like 2023-10-17T13:30:00Z, found '\(fields[0])'")
        }
        if let last, timestamp <= last.timestamp {
            return lines.refuse(index, "timestamp: expected later than the row before, found '\(fields[0])'")
        }
        var prices: [Price] = []
        for (name, text) in zip(["open", "high", "low", "close"], fields[1...4]) {
            guard let price = Price(decimal: text), price.units > 0, price <= priceMaximum else {
                return lines.refuse(
                    index, "\(name): expected a price above zero with at most four decimals, found '\(text)'")
            }
            prices.append(price)
        }
        guard let volume = Int64(fields[5]), volume >= 0 else {
            return lines.refuse(index, "volume: expected a whole number of shares, found '\(fields[5])'")
        }
        guard prices[1] == prices.max(), prices[2] == prices.min() else {
            return lines.refuse(index, "expected low ≤ open, close ≤ high, found '\(lines.shown(index))'")
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

/// The lines of a tape file while it is being read.
struct TapeLines {
    let file: String
    private let lines: [ArraySlice<UInt8>]
    private var mistakes: [Mistake] = []

    /// More mistakes than this are counted, not shown.
    static let shownMaximum = 50

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.lines = lines.map { $0.last == 0x0D ? $0.dropLast() : $0 }
    }

    var count: Int { lines.count }
    var isEmpty: Bool { lines.isEmpty }

    func text(_ index: Int) -> String { String(decoding: lines[index], as: UTF8.self) }

    func shown(_ index: Int) -> String { String(text(index).prefix(80)) }

    /// `nil`, with a mistake, when the number of fields is wrong.
    mutating func fields(_ index: Int, _ expected: String, _ isRight: (Int) -> Bool) -> [String]? {
        let fields = lines[index].split(separator: 0x2C, omittingEmptySubsequences: false)
        guard isRight(fields.count) else {
            return refuse(index, "expected \(expected), found \(fields.count): '\(shown(index))'")
        }
        return fields.map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func refuse<Value>(_ index: Int, _ text: String) -> Value? {
        mistakes.append(Mistake(file: file, line: index + 1, text: text))
        return nil
    }

    func finish<Row>(_ rows: [Row], _ badRows: BadRows) throws(Mistakes) -> TapeRows<Row> {
        if badRows == .refuse, !mistakes.isEmpty {
            var shown = Array(mistakes.prefix(TapeLines.shownMaximum))
            if mistakes.count > shown.count, let last = shown.last {
                shown.append(Mistake(file: file, line: last.line, text: "and \(mistakes.count - shown.count) more"))
            }
            throw Mistakes(shown)
        }
        guard !rows.isEmpty else {
            throw Mistakes(
                mistakes + [Mistake(file: file, line: max(1, count), text: "expected at least one row, found none")])
        }
        return TapeRows(rows: rows, skipped: mistakes)
    }
}
