import Messages
import Units

/// A row of a LOBSTER pair: what happened, and the book after it.
///
/// Source of the format: lobsterdata.com, "Output structure". A message row is `seconds after midnight, type,
/// order id, size, price × 10,000, direction`, in newer files with a seventh column; an order book row is
/// `ask price, ask size, bid price, bid size` for each level. Row k of the one belongs to row k of the other.
package struct LobsterRow: Hashable, Sendable {
    package enum Event: Int64, Hashable, Sendable, CaseIterable {
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

/// The two files of a LOBSTER tape, read side by side.
package struct LobsterTape {
    private var messages: TapeLines
    private var books: TapeLines
    private let badRows: BadRows
    private var lastTime: Duration?
    private var status = Depth.Status.trading

    package init(messages: TapeSource, books: TapeSource, badRows: BadRows) {
        self.messages = TapeLines(messages)
        self.books = TapeLines(books)
        self.badRows = badRows
    }

    /// Rows that could not be read so far, of both files.
    package var skipped: BadRowLog {
        var log = messages.bad
        log.merge(books.bad)
        return log
    }

    /// The next good row, `nil` after the last. A halt row leaves the book as it was and changes the status until
    /// trading resumes. With `refuse`, the end of the tape throws what was wrong on the way.
    package mutating func next() throws(Mistakes) -> LobsterRow? {
        while true {
            let hasMessage = try messages.advance()
            let hasBook = try books.advance()
            guard hasMessage == hasBook else { throw try unequal() }
            guard hasMessage else {
                try check()
                guard lastTime != nil else {
                    let line = max(1, messages.number)
                    let none = Mistake(file: messages.file, line: line, text: "expected at least one row, found none")
                    throw Mistakes(skipped.shown + [none])
                }
                return nil
            }
            let message = message()
            let book = book()
            guard var row = message, let book else { continue }
            if row.event == .halt { status = row.priceUnits == 1 ? .trading : .halted }
            row.status = status
            (row.bids, row.asks) = book
            lastTime = row.time
            return row
        }
    }

    /// Throws what was wrong so far, unless bad rows are skipped.
    package func check() throws(Mistakes) { try skipped.throwIfAny(badRows) }

    private mutating func unequal() throws(Mistakes) -> Mistakes {
        messages.skipToNext()
        books.skipToNext()
        let expected = try messages.countAll()
        let found = try books.countAll()
        let text = "expected as many rows as \(messages.file) (\(expected)), found \(found)"
        return Mistakes([Mistake(file: books.file, line: min(expected, found) + 1, text: text)])
    }

    private mutating func message() -> LobsterRow? {
        var at = messages.start
        do throws(WrongField) {
            let row = try LobsterTape.message(messages.bytes.span, &at, after: lastTime)
            messages.end = at
            return row
        } catch {
            let count = messages.fields.count
            messages.refuse(error, names: LobsterTape.messageFields, isRight: (6...7).contains(count), "6 or 7 fields")
            return nil
        }
    }

    private mutating func book() -> (bids: [Level], asks: [Level])? {
        var at = books.start
        do throws(WrongField) {
            let book = try LobsterTape.book(books.bytes.span, &at)
            books.end = at
            return book
        } catch {
            let count = books.fields.count
            books.refuse(error, names: [], isRight: count % 4 == 0, "four fields a level")
            return nil
        }
    }
}

extension LobsterTape {
    private static let messageFields = ["time", "type", "order id", "size", "price", "direction"]
    /// An empty level has this price, or its negative, and size 0.
    private static let emptyPrice: UInt64 = 9_999_999_999
    private static let latest: Int64 = 200_000 * 1_000_000_000
    private static let fieldCount = "another number of fields"

    private static func message(
        _ bytes: borrowing Span<UInt8>, _ at: inout Int, after last: Duration?
    ) throws(WrongField) -> LobsterRow {
        func wrong(_ field: Int, _ expected: String) -> WrongField { WrongField(field: field, expected: expected) }
        guard let seconds = FieldScan.billionths(bytes, &at), seconds.hasPoint || seconds.value <= 200_000 else {
            throw wrong(0, "seconds after midnight with at most nine decimals")
        }
        let time = seconds.hasPoint ? seconds.value : seconds.value * 1_000_000_000
        guard time <= latest else { throw wrong(0, "seconds after midnight with at most nine decimals") }
        if let last, time < last.nanoseconds { throw wrong(0, "no earlier than the row before") }
        guard FieldScan.next(bytes, &at), let type = FieldScan.whole(bytes, &at), let event = LobsterRow.Event(rawValue: type)
        else { throw wrong(1, "1 to 7") }
        guard FieldScan.next(bytes, &at), FieldScan.whole(bytes, &at) != nil else { throw wrong(2, "a whole number") }
        guard FieldScan.next(bytes, &at), let size = FieldScan.whole(bytes, &at), size >= 0 else {
            throw wrong(3, "a whole number of shares")
        }
        guard FieldScan.next(bytes, &at), let price = FieldScan.whole(bytes, &at) else {
            throw wrong(4, "a whole number (price × 10,000)")
        }
        if event == .halt, price < -1 || price > 1 { throw wrong(4, "-1, 0 or 1 in a halt row") }
        guard FieldScan.next(bytes, &at) else { throw wrong(5, fieldCount) }
        let start = at
        if let direction = FieldScan.whole(bytes, &at), direction == 1 || direction == -1 {} else {
            guard event == .halt else { throw wrong(5, "1 or -1") }
            at = start
            FieldScan.skip(bytes, &at)
        }
        if FieldScan.next(bytes, &at) { FieldScan.skip(bytes, &at) }
        guard FieldScan.endLine(bytes, &at) else { throw wrong(6, fieldCount) }
        return LobsterRow(
            time: .nanoseconds(time), event: event, size: Quantity(shares: size), priceUnits: price, status: .trading,
            bids: [], asks: [])
    }

    private static func book(
        _ bytes: borrowing Span<UInt8>, _ at: inout Int
    ) throws(WrongField) -> (bids: [Level], asks: [Level]) {
        var bids: [Level] = []
        var asks: [Level] = []
        bids.reserveCapacity(Depth.levelsMaximum)
        asks.reserveCapacity(Depth.levelsMaximum)
        var lastBid = Int64.max
        var lastAsk: Int64 = 0
        var isOrdered = true
        var field = 0
        repeat {
            if let ask = try level(bytes, &at, field) {
                isOrdered = isOrdered && ask.price.units > lastAsk
                lastAsk = ask.price.units
                if asks.count < Depth.levelsMaximum { asks.append(ask) }
            }
            guard FieldScan.next(bytes, &at) else { throw WrongField(field: field + 2, expected: fieldCount) }
            if let bid = try level(bytes, &at, field + 2) {
                isOrdered = isOrdered && bid.price.units < lastBid
                lastBid = bid.price.units
                if bids.count < Depth.levelsMaximum { bids.append(bid) }
            }
            field += 4
        } while FieldScan.next(bytes, &at)
        guard FieldScan.endLine(bytes, &at) else { throw WrongField(field: field, expected: fieldCount) }
        guard isOrdered else { throw WrongField(field: 0, expected: "levels from best to worst", isWholeRow: true) }
        return (bids, asks)
    }

    /// Price and size; `nil` for an empty level.
    @inline(__always)
    private static func level(
        _ bytes: borrowing Span<UInt8>, _ at: inout Int, _ field: Int
    ) throws(WrongField) -> Level? {
        guard let price = FieldScan.whole(bytes, &at) else {
            throw WrongField(field: field, expected: "a whole number (price × 10,000)")
        }
        guard FieldScan.next(bytes, &at), let size = FieldScan.whole(bytes, &at), size >= 0 else {
            throw WrongField(field: field + 1, expected: "a whole number of shares")
        }
        if size == 0 || price.magnitude == emptyPrice { return nil }
        guard price > 0, price <= Bar.priceMaximum.units else {
            throw WrongField(field: field, expected: "a price above zero")
        }
        return Level(price: Price(units: price), size: Quantity(shares: size))
    }
}

extension LobsterRow {
    /// The whole of a small pair.
    package static func read(
        messages: [UInt8], messageFile: String, books: [UInt8], bookFile: String, badRows: BadRows
    ) throws(Mistakes) -> TapeRows<LobsterRow> {
        var tape = LobsterTape(
            messages: TapeSource(file: messageFile, bytes: messages), books: TapeSource(file: bookFile, bytes: books),
            badRows: badRows)
        var rows: [LobsterRow] = []
        while let row = try tape.next() { rows.append(row) }
        return TapeRows(rows: rows, skipped: tape.skipped)
    }
}
