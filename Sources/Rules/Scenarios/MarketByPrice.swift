import Messages
import Units

/// A row of a Databento MBP-10 file in CSV: an event, and the ten best levels of both sides after it.
///
/// Source of the format: databento.com, "MBP-10 schema". Prices are decimal, or whole numbers of billionths; an
/// undefined one is empty or 2⁶³ − 1. Times are whole nanoseconds since 1970, or ISO 8601 in UTC.
package struct MarketByPriceRow: Hashable, Sendable {
    package enum Action: UInt8, Hashable, Sendable, CaseIterable {
        case add = 0x41
        case cancel = 0x43
        case modify = 0x4D
        case clear = 0x52
        case trade = 0x54
    }

    /// When the feed's recorder received it.
    package var time: WallTime
    package var action: Action
    /// The book stands between events of the venue: rows before the last one of an event are half of a change.
    package var isLast: Bool
    package var bids: [Level]
    package var asks: [Level]
}

/// One instrument's MBP-10 file.
package struct MarketByPriceTape {
    private var lines: TapeLines
    private let badRows: BadRows
    private var columns: Int?
    private var instrument: Int64?
    private var lastTime: WallTime?

    package init(_ source: TapeSource, badRows: BadRows) {
        lines = TapeLines(source)
        self.badRows = badRows
    }

    package var skipped: BadRowLog { lines.bad }

    /// Throws what was wrong so far, unless bad rows are skipped.
    package func check() throws(Mistakes) { try skipped.throwIfAny(badRows) }

    /// The next good row, `nil` after the last. With `refuse`, the end of the tape throws what was wrong on the way.
    package mutating func next() throws(Mistakes) -> MarketByPriceRow? {
        if columns == nil { columns = try readHeader() }
        while try lines.advance() {
            if let row = row() { return row }
        }
        try check()
        guard lastTime != nil else {
            let none = Mistake(file: lines.file, line: lines.number, text: "expected at least one row, found none")
            throw Mistakes(skipped.shown + [none])
        }
        return nil
    }

    private mutating func row() -> MarketByPriceRow? {
        var at = lines.start
        let columns = columns ?? MarketByPriceTape.columnsMinimum
        do throws(WrongField) {
            let (row, id) = try MarketByPriceTape.row(lines.bytes.span, &at, columns, instrument, after: lastTime)
            lines.end = at
            instrument = id
            lastTime = row.time
            return row
        } catch {
            let count = lines.fields.count
            lines.refuse(error, names: MarketByPriceTape.names, isRight: count == columns, "\(columns) fields")
            return nil
        }
    }

    private mutating func readHeader() throws(Mistakes) -> Int {
        func refuse(_ text: String) -> Mistakes { Mistakes([Mistake(file: lines.file, line: 1, text: text)]) }
        guard try lines.advance() else { throw refuse("expected the header of an MBP-10 file, found an empty file") }
        let found = lines.fields
        let names = MarketByPriceTape.names
        for (place, name) in names.prefix(MarketByPriceTape.columnsMinimum).enumerated() {
            guard place < found.count else { throw refuse("expected column \(place + 1) '\(name)', found no more columns") }
            guard found[place] == name else {
                throw refuse("expected column \(place + 1) '\(name)', found '\(found[place].prefix(40))'")
            }
        }
        guard found.count == MarketByPriceTape.columnsMinimum || found == names else {
            throw refuse(
                "expected \(MarketByPriceTape.columnsMinimum) columns, or 'symbol' after them, found \(found.count)")
        }
        lines.skipToNext()
        return found.count
    }

    static let columnsMinimum = 73

    /// Of the columns in their order, the optional one last.
    package static let names: [String] = {
        let head = [
            "ts_recv", "ts_event", "rtype", "publisher_id", "instrument_id", "action", "side", "depth", "price", "size",
            "flags", "ts_in_delta", "sequence",
        ]
        let levels = (0..<Depth.levelsMaximum).flatMap { level -> [String] in
            ["bid_px", "ask_px", "bid_sz", "ask_sz", "bid_ct", "ask_ct"].map { "\($0)_\(level < 10 ? "0" : "")\(level)" }
        }
        return head + levels + ["symbol"]
    }()
}

extension MarketByPriceTape {
    private static let undefinedPrice = Int64.max
    private static let lastOfEvent: Int64 = 128
    private static let fieldCount = "another number of fields"

    private static func row(
        _ bytes: borrowing Span<UInt8>, _ at: inout Int, _ columns: Int, _ instrument: Int64?, after last: WallTime?
    ) throws(WrongField) -> (MarketByPriceRow, instrument: Int64) {
        let time = WallTime(nanoseconds: try time(bytes, &at, 0))
        if let last, time < last { throw WrongField(field: 0, expected: "no earlier than the row before") }
        try comma(bytes, &at, 1)
        _ = try MarketByPriceTape.time(bytes, &at, 1)
        _ = try whole(bytes, &at, 2, 10...10, "10, the record type of MBP-10")
        _ = try whole(bytes, &at, 3, 0...65_535, "a publisher's number")
        let id = try whole(bytes, &at, 4, 0...Int64(UInt32.max), "an instrument's number")
        if let instrument, id != instrument {
            throw WrongField(field: 4, expected: "\(instrument) again: one instrument a file")
        }
        try comma(bytes, &at, 5)
        guard let letter = FieldScan.letter(bytes, &at), let action = MarketByPriceRow.Action(rawValue: letter) else {
            throw WrongField(field: 5, expected: "one of A, C, M, R, T")
        }
        try comma(bytes, &at, 6)
        guard let side = FieldScan.letter(bytes, &at), side == 0x41 || side == 0x42 || side == 0x4E else {
            throw WrongField(field: 6, expected: "one of A, B, N")
        }
        _ = try whole(bytes, &at, 7, 0...9, "a level from 0 to 9")
        try comma(bytes, &at, 8)
        _ = try price(bytes, &at, 8, isQuote: false)
        _ = try whole(bytes, &at, 9, 0...Int64(UInt32.max), "a whole number of shares")
        let flags = try whole(bytes, &at, 10, 0...255, "flags from 0 to 255")
        _ = try whole(bytes, &at, 11, Int64(Int32.min)...Int64(Int32.max), "nanoseconds")
        _ = try whole(bytes, &at, 12, 0...Int64(UInt32.max), "a sequence number")
        let (bids, asks) = try levels(bytes, &at)
        if columns > columnsMinimum {
            try comma(bytes, &at, columnsMinimum)
            FieldScan.skip(bytes, &at)
        }
        guard FieldScan.endLine(bytes, &at) else { throw WrongField(field: columns, expected: fieldCount) }
        let row = MarketByPriceRow(
            time: time, action: action, isLast: flags & lastOfEvent != 0, bids: bids, asks: asks)
        return (row, id)
    }

    @inline(__always)
    private static func levels(
        _ bytes: borrowing Span<UInt8>, _ at: inout Int
    ) throws(WrongField) -> (bids: [Level], asks: [Level]) {
        var bids: [Level] = []
        var asks: [Level] = []
        bids.reserveCapacity(Depth.levelsMaximum)
        asks.reserveCapacity(Depth.levelsMaximum)
        for level in 0..<Depth.levelsMaximum {
            let field = 13 + level * 6
            try comma(bytes, &at, field)
            let bid = try price(bytes, &at, field, isQuote: true)
            try comma(bytes, &at, field + 1)
            let ask = try price(bytes, &at, field + 1, isQuote: true)
            let bidSize = try whole(bytes, &at, field + 2, 0...Int64(UInt32.max), "a whole number of shares")
            let askSize = try whole(bytes, &at, field + 3, 0...Int64(UInt32.max), "a whole number of shares")
            _ = try whole(bytes, &at, field + 4, 0...Int64(UInt32.max), "a number of orders")
            _ = try whole(bytes, &at, field + 5, 0...Int64(UInt32.max), "a number of orders")
            if let entry = try entry(bid, bidSize, field) {
                if let last = bids.last, entry.price >= last.price { throw outOfOrder(field) }
                bids.append(entry)
            }
            if let entry = try entry(ask, askSize, field + 1) {
                if let last = asks.last, entry.price <= last.price { throw outOfOrder(field + 1) }
                asks.append(entry)
            }
        }
        return (bids, asks)
    }

    /// `nil` for an empty level.
    @inline(__always)
    private static func entry(_ price: Int64?, _ size: Int64, _ field: Int) throws(WrongField) -> Level? {
        guard let price else {
            guard size == 0 else { throw WrongField(field: field, expected: "a price for \(size) shares") }
            return nil
        }
        return size == 0 ? nil : Level(price: Price(units: price), size: Quantity(shares: size))
    }

    private static func outOfOrder(_ field: Int) -> WrongField {
        WrongField(field: field, expected: "levels from best to worst")
    }

    @inline(__always)
    private static func comma(_ bytes: borrowing Span<UInt8>, _ at: inout Int, _ field: Int) throws(WrongField) {
        guard FieldScan.next(bytes, &at) else { throw WrongField(field: field, expected: fieldCount) }
    }

    /// The comma before the field, and the field.
    @inline(__always)
    private static func whole(
        _ bytes: borrowing Span<UInt8>, _ at: inout Int, _ field: Int, _ range: ClosedRange<Int64>,
        _ expected: @autoclosure () -> String
    ) throws(WrongField) -> Int64 {
        guard FieldScan.next(bytes, &at), let value = FieldScan.whole(bytes, &at), range.contains(value) else {
            throw WrongField(field: field, expected: expected())
        }
        return value
    }

    /// In ten-thousandths; `nil` when undefined. Only quotes must fit them: a trade between the quotes needn't.
    @inline(__always)
    private static func price(
        _ bytes: borrowing Span<UInt8>, _ at: inout Int, _ field: Int, isQuote: Bool
    ) throws(WrongField) -> Int64? {
        if FieldScan.isEmpty(bytes, at) { return nil }
        guard let (value, hasPoint) = FieldScan.billionths(bytes, &at) else {
            throw WrongField(field: field, expected: "a price: decimal, or a whole number of billionths")
        }
        if value == undefinedPrice, !hasPoint { return nil }
        guard isQuote else { return 0 }
        let (units, rest) = value.quotientAndRemainder(dividingBy: 100_000)
        guard rest == 0 else { throw WrongField(field: field, expected: "a price with at most four decimals") }
        guard units > 0 else { throw WrongField(field: field, expected: "a price above zero") }
        return units
    }

    /// Nanoseconds since 1970.
    private static func time(_ bytes: borrowing Span<UInt8>, _ at: inout Int, _ field: Int) throws(WrongField) -> Int64 {
        let start = at
        if let value = FieldScan.whole(bytes, &at), value >= 0 { return value }
        at = start
        FieldScan.skip(bytes, &at)
        var text: [UInt8] = []
        for place in start..<at { text.append(bytes[place]) }
        guard let time = WallTime(utcText: String(decoding: text, as: UTF8.self)) else {
            throw WrongField(field: field, expected: "nanoseconds since 1970, or a UTC time like 2023-10-17T13:30:00Z")
        }
        return time.nanoseconds
    }
}
