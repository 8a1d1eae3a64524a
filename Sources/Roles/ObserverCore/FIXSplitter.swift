// The tap's own reading of FIX, on purpose not the engine's: a mistake in the engine that governor and broker
// share must not hide itself from the evidence.

/// One FIX message as it stood on the wire, checksum and length verified.
package struct WireMessage: Sendable {
    package struct Field: Sendable {
        package let tag: Int
        package let value: ArraySlice<UInt8>
    }

    package let fields: [Field]

    /// The first field with this tag, as text.
    package subscript(tag: Int) -> String? {
        fields.first { $0.tag == tag }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    package func bytes(_ tag: Int) -> ArraySlice<UInt8>? { fields.first { $0.tag == tag }?.value }
    package func integer(_ tag: Int) -> Int64? { self[tag].flatMap { Int64($0) } }
    package var type: String { self[35] ?? "" }
}

/// Cuts a byte stream into FIX messages; what is none is skipped and counted.
package struct FIXSplitter: Sendable {
    package static let mark: [UInt8] = Array("8=FIX".utf8)
    /// A longer body is garbage: no message of this rig comes near it.
    package static let bodyMaximum = 1 << 20

    /// Stretches that began no message or whose length or checksum was wrong.
    package private(set) var garbled = 0
    private var pending: [UInt8] = []
    private var inGarbage = false

    package init() {}

    package mutating func receive(_ bytes: ArraySlice<UInt8>) -> [WireMessage] {
        pending += bytes
        var messages: [WireMessage] = []
        var position = 0
        scan: while position < pending.count {
            switch FIXSplitter.message(in: pending[position...]) {
            case .complete(let message, let length):
                messages.append(message)
                position += length
                inGarbage = false
            case .incomplete:
                break scan
            case .garbage:
                if !inGarbage { garbled += 1 }
                inGarbage = true
                position += 1
                while position < pending.count, !couldBegin(at: position) { position += 1 }
            }
        }
        pending.removeFirst(position)
        return messages
    }

    /// Bytes are missing here: what was begun can't be finished.
    package mutating func skipHole() {
        pending.removeAll()
        inGarbage = true
    }

    private func couldBegin(at position: Int) -> Bool {
        let end = min(pending.count, position + FIXSplitter.mark.count)
        return pending[position..<end].elementsEqual(FIXSplitter.mark.prefix(end - position))
    }

    private enum Found {
        case complete(WireMessage, Int)
        case incomplete
        case garbage
    }

    private static let separator: UInt8 = 1

    /// `8=FIX…|9=LENGTH|…BODY…10=SUM|`: FIX 4.4 volume 2, standard header and trailer.
    private static func message(in bytes: ArraySlice<UInt8>) -> Found {
        let beginning = bytes.prefix(mark.count)
        guard beginning.elementsEqual(mark.prefix(beginning.count)) else { return .garbage }
        guard let versionEnd = bytes.prefix(16).firstIndex(of: separator) else {
            return bytes.count < 16 ? .incomplete : .garbage
        }
        let lengthField = bytes[(versionEnd + 1)...].prefix(12)
        let lengthMark = Array("9=".utf8)
        guard lengthField.prefix(2).elementsEqual(lengthMark.prefix(min(2, lengthField.count))) else { return .garbage }
        guard let lengthEnd = lengthField.firstIndex(of: separator) else {
            return lengthField.count < 12 ? .incomplete : .garbage
        }
        let digits = String(decoding: bytes[(versionEnd + 3)..<lengthEnd], as: UTF8.self)
        guard let length = Int(digits), length > 0, length <= bodyMaximum else { return .garbage }
        let trailer = lengthEnd + 1 + length
        let end = trailer + 7
        guard bytes.endIndex >= end else { return .incomplete }
        guard bytes[trailer..<(trailer + 3)].elementsEqual("10=".utf8), bytes[end - 1] == separator else {
            return .garbage
        }
        var sum: UInt8 = 0
        for byte in bytes[bytes.startIndex..<trailer] { sum &+= byte }
        guard Int(String(decoding: bytes[(trailer + 3)..<(end - 1)], as: UTF8.self)) == Int(sum) else {
            return .garbage
        }
        guard let fields = fields(in: bytes[bytes.startIndex..<end]) else { return .garbage }
        return .complete(WireMessage(fields: fields), end - bytes.startIndex)
    }

    private static func fields(in bytes: ArraySlice<UInt8>) -> [WireMessage.Field]? {
        // The message outlives the stream's buffer, so it takes its bytes along.
        let own = Array(bytes)
        var fields: [WireMessage.Field] = []
        var start = 0
        while start < own.count {
            guard let end = own[start...].firstIndex(of: separator),
                let equals = own[start..<end].firstIndex(of: UInt8(ascii: "=")),
                let tag = Int(String(decoding: own[start..<equals], as: UTF8.self))
            else { return nil }
            fields.append(WireMessage.Field(tag: tag, value: own[(equals + 1)..<end]))
            start = end + 1
        }
        return fields
    }
}
