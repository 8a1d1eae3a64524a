// Bytes to messages.
//
// A frame is `8=FIX…|9=LENGTH|35=…|…|10=SUM|`, found by BodyLength and believed only when the trailer stands
// exactly where the length says and the sum is right. Anything else is garbled: reported, never a message, and
// reading goes on at the next `8=FIX`. A frame whose trailer is in place but whose sum is wrong is skipped whole,
// so that a message quoted in its data field is not taken for a real one. A BodyLength that is too large is
// found out when that many bytes have come, at the latest with the next heartbeats.

/// Cuts a byte stream into FIX messages. Pieces may end anywhere.
package struct Decoder: Sendable {
    package enum Result: Hashable, Sendable {
        case message(Message)
        /// Bytes that are no message: bad BodyLength, bad CheckSum, noise. To be ignored.
        case garbled(reason: String, bytes: [UInt8])
    }

    /// The largest BodyLength that is believed.
    package static let bodyLengthMaximum = 1 << 18

    /// Bytes of the stream consumed by the results so far: just after the last one returned.
    package private(set) var offset = 0
    private var buffer: [UInt8] = []
    private var head = 0

    package init() {}

    /// Bytes that wait for the rest of their message.
    package var unread: Int { buffer.count - head }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if head == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1 << 16 {
            buffer.removeSubrange(..<head)
            head = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next message or garbled stretch; `nil` when more bytes are needed.
    package mutating func next() -> Result? {
        switch buffer.withUnsafeBufferPointer({ Frame.find(in: $0, from: head) }) {
        case .incomplete:
            return nil
        case .garbled(let reason, let end):
            return garbled(reason, upTo: end ?? nextStart())
        case .found(let frame):
            let message = buffer.withUnsafeBufferPointer { MessageParser(bytes: $0, frame: frame).parsed() }
            consume(upTo: frame.end)
            return .message(message)
        }
    }

    private mutating func garbled(_ reason: String, upTo end: Int) -> Result? {
        guard end > head else { return nil }
        let bytes = Array(buffer[head..<end])
        consume(upTo: end)
        return .garbled(reason: reason, bytes: bytes)
    }

    private mutating func consume(upTo end: Int) {
        offset += end - head
        head = end
    }

    /// The next place where a message may begin, or the place from which on the bytes may become one.
    private func nextStart() -> Int {
        var position = head + 1
        while position < buffer.count {
            if buffer[position] == Frame.start[0], Frame.mayStart(buffer[position...]) { return position }
            position += 1
        }
        return buffer.count
    }
}

/// Where a message stands in the buffer.
struct Frame {
    var beginString: Range<Int>
    /// From MsgType(35) up to and with the delimiter before CheckSum(10).
    var body: Range<Int>
    var end: Int

    enum Finding {
        case incomplete
        /// `end` is `nil` when reading should go on at the next start.
        case garbled(String, end: Int?)
        case found(Frame)
    }

    static let start: [UInt8] = Array("8=FIX".utf8)
    private static let trailerLength = 7

    static func mayStart(_ bytes: some Sequence<UInt8>) -> Bool {
        for (found, expected) in zip(bytes, start) where found != expected { return false }
        return true
    }

    static func find(in bytes: UnsafeBufferPointer<UInt8>, from head: Int) -> Finding {
        guard head < bytes.count else { return .incomplete }
        guard mayStart(bytes[head...]) else { return .garbled("BeginString(8) is not the first field", end: nil) }
        guard let beginEnd = field(in: bytes, from: head, limit: 16) else {
            return bytes.count - head < 16 ? .incomplete : .garbled("BeginString(8) has no end", end: nil)
        }
        let second = bytes[(beginEnd + 1)...]
        guard zip(second, "9=".utf8).allSatisfy({ $0 == $1 }) else {
            return .garbled("BodyLength(9) is not the second field", end: nil)
        }
        guard let lengthEnd = field(in: bytes, from: beginEnd + 1, limit: 12) else {
            return second.count < 12 ? .incomplete : .garbled("BodyLength(9) has no end", end: nil)
        }
        guard let length = bodyLength(bytes[(beginEnd + 1)..<lengthEnd]) else {
            return .garbled("BodyLength(9) is no length from 5 to \(Decoder.bodyLengthMaximum)", end: nil)
        }
        let body = (lengthEnd + 1)..<(lengthEnd + 1 + length)
        for (found, expected) in zip(bytes[body.lowerBound...], "35=".utf8) where found != expected {
            return .garbled("MsgType(35) is not the third field", end: nil)
        }
        guard bytes.count >= body.upperBound + trailerLength else { return .incomplete }
        let frame = Frame(beginString: (head + 2)..<beginEnd, body: body, end: body.upperBound + trailerLength)
        return checked(frame, bytes, head)
    }

    /// The position of the delimiter that ends the field begun at `start`.
    private static func field(in bytes: UnsafeBufferPointer<UInt8>, from start: Int, limit: Int) -> Int? {
        guard start < bytes.count else { return nil }
        return bytes[start..<min(start + limit, bytes.count)].firstIndex(of: delimiter)
    }

    private static func bodyLength(_ field: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard let length = decimal(field.dropFirst(2)),
            length >= 5, length <= Decoder.bodyLengthMaximum
        else { return nil }
        return length
    }

    private static func checked(_ frame: Frame, _ bytes: UnsafeBufferPointer<UInt8>, _ head: Int) -> Finding {
        let trailer = frame.body.upperBound
        guard bytes[trailer - 1] == delimiter, bytes[trailer..<(trailer + 3)].elementsEqual("10=".utf8),
            bytes[trailer + 6] == delimiter, let written = decimal(bytes[(trailer + 3)..<(trailer + 6)])
        else { return .garbled("CheckSum(10) is not where BodyLength(9) says", end: nil) }
        var sum: UInt8 = 0
        for byte in bytes[head..<trailer] { sum &+= byte }
        guard Int(sum) == written else {
            return .garbled("CheckSum(10) is \(written), the bytes add up to \(sum)", end: frame.end)
        }
        return .found(frame)
    }
}

/// Digits only, at most nine of them.
func decimal(_ digits: some Collection<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 9 else { return nil }
    var value = 0
    for digit in digits {
        guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}
