// Numbers in comma-separated text, read where they lie, without text in between: a row of ten levels has 46 of them.
// Each function leaves the position at the delimiter that ended the field, and says `nil` when the field is no such
// number. The bytes must end in a line feed, so that none runs over their end.

enum FieldScan {
    static let comma: UInt8 = 0x2C
    static let lineFeed: UInt8 = 0x0A
    private static let carriageReturn: UInt8 = 0x0D
    private static let minus: UInt8 = 0x2D
    private static let point: UInt8 = 0x2E

    @inline(__always)
    private static func ends(_ byte: UInt8) -> Bool { byte == comma || byte == lineFeed || byte == carriageReturn }

    /// Digits, as many as 64 bits hold for sure.
    @inline(__always)
    private static func digits(_ bytes: borrowing Span<UInt8>, _ at: inout Int) -> (value: UInt64, count: Int) {
        let first = at
        var value: UInt64 = 0
        var digit = bytes[at] &- 0x30
        while digit < 10 {
            value = value &* 10 &+ UInt64(digit)
            at += 1
            digit = bytes[at] &- 0x30
        }
        return (value, at - first)
    }

    /// A whole number with an optional minus sign.
    @inline(__always)
    static func whole(_ bytes: borrowing Span<UInt8>, _ at: inout Int) -> Int64? {
        let isNegative = bytes[at] == minus
        if isNegative { at += 1 }
        let (value, count) = digits(bytes, &at)
        // 19 nines fit an unsigned word; a signed one is checked for.
        guard count > 0, count <= 19, value <= UInt64(Int64.max), ends(bytes[at]) else { return nil }
        return isNegative ? -Int64(value) : Int64(value)
    }

    /// A number that isn't negative, with at most nine decimals, in billionths. `hasPoint` tells `440` from `440.0`.
    @inline(__always)
    static func billionths(_ bytes: borrowing Span<UInt8>, _ at: inout Int) -> (value: Int64, hasPoint: Bool)? {
        let (whole, count) = digits(bytes, &at)
        guard bytes[at] == point else {
            guard count > 0, count <= 19, whole <= UInt64(Int64.max), ends(bytes[at]) else { return nil }
            return (Int64(whole), false)
        }
        at += 1
        let (fraction, decimals) = digits(bytes, &at)
        guard count > 0, count <= 9, decimals > 0, decimals <= 9, ends(bytes[at]) else { return nil }
        return (Int64(whole * 1_000_000_000 + fraction * powers[9 - decimals]), true)
    }

    private static let powers: [UInt64] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]

    /// One byte and nothing else: an action, a side.
    @inline(__always)
    static func letter(_ bytes: borrowing Span<UInt8>, _ at: inout Int) -> UInt8? {
        let byte = bytes[at]
        guard !ends(byte) else { return nil }
        at += 1
        return ends(bytes[at]) ? byte : nil
    }

    @inline(__always)
    static func isEmpty(_ bytes: borrowing Span<UInt8>, _ at: Int) -> Bool { ends(bytes[at]) }

    /// Over a comma to the next field. `false` at the end of the line.
    @inline(__always)
    static func next(_ bytes: borrowing Span<UInt8>, _ at: inout Int) -> Bool {
        guard bytes[at] == comma else { return false }
        at += 1
        return true
    }

    /// Over the field, whatever it holds.
    static func skip(_ bytes: borrowing Span<UInt8>, _ at: inout Int) {
        while !ends(bytes[at]) { at += 1 }
    }

    /// Over the end of the line. `false` when the line goes on.
    @inline(__always)
    static func endLine(_ bytes: borrowing Span<UInt8>, _ at: inout Int) -> Bool {
        if bytes[at] == carriageReturn { at += 1 }
        guard bytes[at] == lineFeed else { return false }
        at += 1
        return true
    }
}

/// Which field of a row is wrong, from 0, and what was expected in it.
struct WrongField: Error {
    let field: Int
    let expected: String
    /// A field's mistake is shown with its text, a row's with the row.
    var isWholeRow = false
}
