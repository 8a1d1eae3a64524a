/// A value of the Redis protocol (RESP2, and RESP3 as far as it is shaped alike).
package enum RESPValue: Hashable, Sendable {
    case simple([UInt8])
    case error([UInt8])
    case integer(Int64)
    case bulk([UInt8])
    case null
    /// Arrays, sets and maps (flattened).
    case array([RESPValue])
    /// Out of band, RESP3: no reply to anything.
    case push([RESPValue])

    package var bytes: [UInt8]? {
        switch self {
        case .simple(let value), .bulk(let value): value
        default: nil
        }
    }

    package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    package var isPush: Bool { if case .push = self { true } else { false } }
    package var elements: [RESPValue]? {
        switch self {
        case .array(let values), .push(let values): values
        default: nil
        }
    }
}

/// Cuts a byte stream into RESP values. What can't be one is skipped up to the next array, and counted.
package struct RESPDecoder: Sendable {
    package static let bulkMaximum = 64 << 20
    package static let elementsMaximum = 1 << 20
    package static let nestingMaximum = 8

    package private(set) var garbled = 0
    private var pending: [UInt8] = []
    private var inGarbage = false

    package init() {}

    package mutating func receive(_ bytes: some Collection<UInt8>) -> [RESPValue] {
        pending += bytes
        var values: [RESPValue] = []
        var position = 0
        scan: while position < pending.count {
            if inGarbage {
                guard let start = nextArray(from: position) else {
                    // A mark cut in two by the packets begins within the last few bytes.
                    position = max(position, pending.count - 8)
                    break scan
                }
                position = start
            }
            var end = position
            switch value(at: &end, nesting: 0) {
            case .complete(let value):
                values.append(value)
                position = end
                inGarbage = false
            case .incomplete: break scan
            case .garbage:
                if !inGarbage { garbled += 1 }
                inGarbage = true
                position += 1
            }
        }
        pending.removeFirst(position)
        return values
    }

    package mutating func skipHole() {
        pending.removeAll()
        inGarbage = true
    }

    /// `*3\r\n$` or `>3\r\n$`: the head of every command and every message.
    private func nextArray(from start: Int) -> Int? {
        guard pending.count >= start + 5 else { return nil }
        return (start...(pending.count - 5)).first { index in
            (pending[index] == UInt8(ascii: "*") || pending[index] == UInt8(ascii: ">"))
                && (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(pending[index + 1])
                && pending[index + 2] == 13 && pending[index + 3] == 10 && pending[index + 4] == UInt8(ascii: "$")
        }
    }

    private enum Found {
        case complete(RESPValue)
        case incomplete
        case garbage
    }

    private func value(at position: inout Int, nesting: Int) -> Found {
        guard nesting <= RESPDecoder.nestingMaximum else { return .garbage }
        guard let lineEnd = pending[position...].firstIndex(of: 13), lineEnd + 1 < pending.count else {
            return pending.count - position > RESPDecoder.bulkMaximum ? .garbage : .incomplete
        }
        guard pending[lineEnd + 1] == 10 else { return .garbage }
        let kind = pending[position]
        let line = Array(pending[(position + 1)..<max(position + 1, lineEnd)])
        switch kind {
        case UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: "#"):
            position = lineEnd + 2
            return .complete(.simple(line))
        case UInt8(ascii: "-"):
            position = lineEnd + 2
            return .complete(.error(line))
        case UInt8(ascii: "_"):
            position = lineEnd + 2
            return .complete(.null)
        case UInt8(ascii: ":"), UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "*"), UInt8(ascii: ">"),
            UInt8(ascii: "~"), UInt8(ascii: "%"):
            guard let number = Int64(String(decoding: line, as: UTF8.self)) else { return .garbage }
            return counted(kind, number, from: lineEnd + 2, at: &position, nesting: nesting)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            // An inline command, as people type it.
            let words = pending[position..<lineEnd].split(separator: UInt8(ascii: " ")).map {
                RESPValue.bulk(Array($0))
            }
            position = lineEnd + 2
            return .complete(.array(words))
        default: return .garbage
        }
    }

    private func counted(
        _ kind: UInt8, _ number: Int64, from start: Int, at position: inout Int, nesting: Int
    ) -> Found {
        if kind == UInt8(ascii: ":") {
            position = start
            return .complete(.integer(number))
        }
        guard number >= 0 else {
            position = start
            return number == -1 ? .complete(.null) : .garbage
        }
        if kind == UInt8(ascii: "$") || kind == UInt8(ascii: "=") {
            guard number <= RESPDecoder.bulkMaximum else { return .garbage }
            let end = start + Int(number)
            guard pending.count >= end + 2 else { return .incomplete }
            guard pending[end] == 13, pending[end + 1] == 10 else { return .garbage }
            position = end + 2
            return .complete(.bulk(Array(pending[start..<end])))
        }
        guard number <= RESPDecoder.elementsMaximum else { return .garbage }
        var values: [RESPValue] = []
        var next = start
        for _ in 0..<(kind == UInt8(ascii: "%") ? number * 2 : number) {
            switch value(at: &next, nesting: nesting + 1) {
            case .complete(let value): values.append(value)
            case .incomplete: return .incomplete
            case .garbage: return .garbage
            }
        }
        position = next
        return .complete(kind == UInt8(ascii: ">") ? .push(values) : .array(values))
    }
}
