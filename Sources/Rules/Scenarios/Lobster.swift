import Messages
import Units

/// A row of a LOBSTER pair: what happened, and the book after it.
///
/// Source of the format: lobsterdata.com, "Output structure". A message row is `seconds after midnight, type,
/// order id, size, price × 10,000, direction`, in newer files with a seventh column; an order book row is
/// `ask price, ask size, bid price, bid size` for each level. Row k of the one belongs to row k of the other.
package struct LobsterRow: Hashable, Sendable {
    package enum Event: Int, Hashable, Sendable, CaseIterable {
        case submission = 1
        case partialCancel, deletion, visibleExecution, hiddenExecution, cross, halt
    }

    /// After midnight, exchange time.
    package var time: Duration
    package var event: Event
    package var size: Quantity
    /// In a halt row: −1 halted, 0 quoting again, 1 trading again.
    package var priceUnits: Int64
    package var status: Depth.Status
    package var bids: [Level]
    package var asks: [Level]
}

extension LobsterRow {
    /// An empty level has this price, or its negative, and size 0.
    private static let emptyPrice: Int64 = 9_999_999_999

    /// Reads the two files together. A halt row leaves the book as it was and changes the status until trading resumes.
    package static func read(
        messages: [UInt8], messageFile: String, books: [UInt8], bookFile: String, badRows: BadRows
    ) throws(Mistakes) -> TapeRows<LobsterRow> {
        var messageLines = TapeLines(messages, file: messageFile)
        var bookLines = TapeLines(books, file: bookFile)
        guard messageLines.count == bookLines.count else {
            let line = min(messageLines.count, bookLines.count) + 1
            let text = "expected as many rows as \(messageFile) (\(messageLines.count)), found \(bookLines.count)"
            throw Mistakes([Mistake(file: bookFile, line: line, text: text)])
        }
        var rows: [LobsterRow] = []
        var status = Depth.Status.trading
        for index in 0..<messageLines.count {
            let message = message(&messageLines, index, after: rows.last)
            let book = book(&bookLines, index)
            guard var row = message, let book else { continue }
            if row.event == .halt { status = row.priceUnits == 1 ? .trading : .halted }
            row.status = status
            (row.bids, row.asks) = book
            rows.append(row)
        }
        let read = try messageLines.finish(rows, badRows)
        let skippedBooks = try bookLines.finish(rows, badRows).skipped
        return TapeRows(rows: read.rows, skipped: (read.skipped + skippedBooks).sorted())
    }

    private static func message(_ lines: inout TapeLines, _ index: Int, after last: LobsterRow?) -> LobsterRow? {
        guard let fields = lines.fields(index, "6 or 7 fields", { $0 == 6 || $0 == 7 }) else { return nil }
        guard let time = seconds(fields[0]) else {
            return lines.refuse(
                index, "time: expected seconds after midnight with at most nine decimals, found '\(fields[0])'")
        }
        if let last, time < last.time {
            return lines.refuse(index, "time: expected no earlier than the row before, found '\(fields[0])'")
        }
        guard let event = Int(fields[1]).flatMap(Event.init(rawValue:)) else {
            return lines.refuse(index, "type: expected 1 to 7, found '\(fields[1])'")
        }
        guard Int64(fields[2]) != nil else {
            return lines.refuse(index, "order id: expected a whole number, found '\(fields[2])'")
        }
        guard let size = Int64(fields[3]), size >= 0 else {
            return lines.refuse(index, "size: expected a whole number of shares, found '\(fields[3])'")
        }
        guard let price = Int64(fields[4]) else {
            return lines.refuse(index, "price: expected a whole number (price × 10,000), found '\(fields[4])'")
        }
        if event == .halt, ![-1, 0, 1].contains(price) {
            return lines.refuse(index, "price: expected -1, 0 or 1 in a halt row, found '\(fields[4])'")
        }
        guard event == .halt || fields[5] == "1" || fields[5] == "-1" else {
            return lines.refuse(index, "direction: expected 1 or -1, found '\(fields[5])'")
        }
        return LobsterRow(
            time: time, event: event, size: Quantity(shares: size), priceUnits: price, status: .trading, bids: [],
            asks: [])
    }

    private static func book(_ lines: inout TapeLines, _ index: Int) -> (bids: [Level], asks: [Level])? {
        guard let fields = lines.fields(index, "four fields a level", { $0 > 0 && $0 % 4 == 0 }) else { return nil }
        var bids: [Level] = []
        var asks: [Level] = []
        for level in 0..<fields.count / 4 {
            for side in [Side.sell, .buy] {
                let place = level * 4 + (side == .sell ? 0 : 2)
                guard let price = Int64(fields[place]) else {
                    return lines.refuse(
                        index, "field \(place + 1): expected a whole number (price × 10,000), found '\(fields[place])'")
                }
                guard let size = Int64(fields[place + 1]), size >= 0 else {
                    return lines.refuse(
                        index, "field \(place + 2): expected a whole number of shares, found '\(fields[place + 1])'")
                }
                guard price.magnitude != UInt64(emptyPrice), size > 0 else { continue }
                guard price > 0, price <= Bar.priceMaximum.units else {
                    return lines.refuse(index, "field \(place + 1): expected a price above zero, found '\(fields[place])'")
                }
                let entry = Level(price: Price(units: price), size: Quantity(shares: size))
                if side == .sell { asks.append(entry) } else { bids.append(entry) }
            }
        }
        let ordered =
            zip(asks, asks.dropFirst()).allSatisfy { $0.price < $1.price }
            && zip(bids, bids.dropFirst()).allSatisfy { $0.price > $1.price }
        guard ordered else {
            return lines.refuse(index, "expected levels from best to worst, found '\(lines.shown(index))'")
        }
        return (Array(bids.prefix(Depth.levelsMaximum)), Array(asks.prefix(Depth.levelsMaximum)))
    }

    /// `34200.004241176`: exact, which a floating-point number would not be.
    static func seconds(_ text: String) -> Duration? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first, let seconds = Int64(whole), (0...200_000).contains(seconds)
        else { return nil }
        guard parts.count == 2 else { return .seconds(seconds) }
        let digits = parts[1]
        guard !digits.isEmpty, digits.count <= 9, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let fraction = Int64(digits + String(repeating: "0", count: 9 - digits.count))
        else { return nil }
        return .nanoseconds(seconds * 1_000_000_000 + fraction)
    }
}
