/// Why a text is no JSON, and at which byte.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package let offset: Int
    package let expected: String
    package let found: String

    package var description: String { "byte \(offset): expected \(expected), found \(found)" }
}

extension JSON {
    /// Nesting deeper than this is refused: no message of ours comes near it.
    package static let depthMaximum = 64

    package init(parsing text: some StringProtocol) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Exactly one value, white space around it allowed. A real is rounded at the sixth decimal.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        let read = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try JSON(parsing: bytes) }
        }
        self = try read.get()
    }

    package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var reader = JSONReader(bytes: bytes.assumingMemoryBound(to: UInt8.self))
        self = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.failure("the end of the text") }
    }
}

/// Lives no longer than the bytes.
private struct JSONReader {
    /// The longest lines of a history, those of the drop copy, fit without growing.
    static let membersExpected = 26

    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    func failure(_ expected: String) -> JSONError {
        let found =
            position < bytes.count
            ? "'\(String(decoding: bytes[position..<min(position + 12, bytes.count)], as: UTF8.self))'" : "the end"
        return JSONError(offset: position, expected: expected, found: found)
    }

    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard depth < JSON.depthMaximum else { throw failure("at most \(JSON.depthMaximum) levels") }
        skipSpace()
        guard position < bytes.count else { throw failure("a value") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let end = position + word.utf8CodeUnitCount
        let matches =
            end <= bytes.count
            && word.withUTF8Buffer { buffer in buffer.elementsEqual(bytes[position..<end]) }
        guard matches else { throw failure("\(word)") }
        position = end
        return value
    }

    mutating func object(depth: Int) throws(JSONError) -> JSON {
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        var members: [JSON.Member] = []
        members.reserveCapacity(JSONReader.membersExpected)
        var keys = KeysSeen()
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw failure("a key in quotes")
            }
            let start = position + 1
            let key = try string()
            let written = UnsafeBufferPointer(rebasing: bytes[start..<position - 1])
            let mayBeThere = keys.mayHold(written, isPlain: written.count == key.utf8.count)
            guard !mayBeThere || !members.contains(where: { $0.key == key }) else {
                throw failure("each key once, not '\(key)' again")
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("':'") }
            members.append(JSON.Member(key, try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or '}'") }
        }
    }

    mutating func array(depth: Int) throws(JSONError) -> JSON {
        position += 1
        var values: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or ']'") }
        }
    }

    mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            guard bytes[position] >= 0x20 else { throw failure("no control character inside a string") }
            position += 1
        }
        guard position < bytes.count else { throw failure("'\"'") }
        if bytes[position] == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try checkedText(UnsafeBufferPointer(rebasing: bytes[start..<position]))
        }
        var out = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return try checkedText(out)
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw failure("no control character inside a string")
            default:
                out.append(byte)
                position += 1
            }
        }
        throw failure("'\"'")
    }

    /// Most texts are short and ASCII, and those need no look at every scalar.
    func checkedText(_ utf8: UnsafeBufferPointer<UInt8>) throws(JSONError) -> String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return String(decoding: utf8, as: UTF8.self) }
        return try checkedText(Array(utf8))
    }

    func checkedText(_ utf8: [UInt8]) throws(JSONError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else { throw failure("UTF-8") }
        return text
    }

    mutating func escape(into out: inout [UInt8]) throws(JSONError) {
        guard position + 1 < bytes.count else { throw failure("an escape") }
        let kind = bytes[position + 1]
        position += 2
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(kind)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "u"):
            var scalar = try hexadecimal()
            if (0xD800..<0xDC00).contains(scalar) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                    throw failure("the second half of a surrogate pair")
                }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("the second half of a surrogate pair") }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let unicode = Unicode.Scalar(scalar) else { throw failure("a Unicode scalar") }
            out += String(Character(unicode)).utf8
        default:
            position -= 2
            throw failure("an escape")
        }
    }

    mutating func hexadecimal() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits") }
        position += 4
        return value
    }

    mutating func number() throws(JSONError) -> JSON {
        let start = position
        var isReal = false
        scan: while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isReal = true
            default: break scan
            }
            position += 1
        }
        let isNegative = start < position && bytes[start] == UInt8(ascii: "-")
        let first = isNegative ? start + 1 : start
        func isDigit(_ index: Int) -> Bool {
            index < position && bytes[index] >= UInt8(ascii: "0") && bytes[index] <= UInt8(ascii: "9")
        }
        let leadingZero = isDigit(first) && bytes[first] == UInt8(ascii: "0") && isDigit(first + 1)
        if isDigit(first), isDigit(position - 1), !leadingZero {
            if !isReal, let value = integer(from: first, isNegative) { return .integer(value) }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            if isReal, let value = Double(text), (value * 1e6).magnitude < 9e18 { return .real(value) }
        }
        position = start
        throw failure("a value, numbers within 64 bits")
    }

    /// The digits up to here; `nil` for another sign among them, or beyond 64 bits.
    private func integer(from first: Int, _ isNegative: Bool) -> Int64? {
        // Counted downwards: the smallest number has no positive twin.
        var value: Int64 = 0
        for index in first..<position {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }
}

/// Which keys an object may have already: by length and two of their bytes, one of 64 bits each. A line of the history
/// has twenty keys, and comparing each with all before it took longer than reading it.
private struct KeysSeen {
    private var bits: UInt64 = 0

    /// Notes the key. `false`: it certainly was not there.
    /// - Parameter isPlain: written without an escape. One with an escape may be any other key.
    mutating func mayHold(_ key: UnsafeBufferPointer<UInt8>, isPlain: Bool) -> Bool {
        guard isPlain else {
            bits = .max
            return true
        }
        var sum = key.count
        if let first = key.first, let last = key.last { sum = sum &* 31 &+ Int(first) &* 7 &+ Int(last) }
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: sum & 63)
        defer { bits |= bit }
        return bits & bit != 0
    }
}
