import Units

/// Reads the fields of one frame. What is wrong with them becomes the message's defects: the frame itself is
/// sound, so the message has a sequence number that must be accounted for.
struct MessageParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let frame: Frame
    private var position: Int
    private var header = Header()
    private var msgType = ""
    private var fields: [Field] = []
    private var defects: [Defect] = []
    private var part = Part.header
    private var seen = TagSet()
    private var lastTag: Tag?
    /// The last field, if it was one that gives a data field's length.
    private var pendingLength: (tag: Tag, value: Int)?

    private enum Part { case header, body, trailer }

    init(bytes: UnsafeBufferPointer<UInt8>, frame: Frame) {
        self.bytes = bytes
        self.frame = frame
        position = frame.body.lowerBound
    }

    consuming func parsed() -> Message {
        header.beginString = text(frame.beginString)
        seen.insert(.beginString)
        seen.insert(.bodyLength)
        seen.insert(.checkSum)
        fields.reserveCapacity(16)
        while position < frame.body.upperBound { readField() }
        requireHeader()
        return Message(msgType: msgType, header: header, fields: fields, defects: defects)
    }

    private mutating func readField() {
        guard let tag = readTag() else { return }
        let value = readValue(of: tag)
        lastTag = tag
        pendingLength = decimal(bytes[value]).map { (tag, $0) }
        if value.isEmpty {
            defects.append(Defect(.tagWithoutValue, tag, "tag \(tag) has no value"))
        }
        place(tag, value)
    }

    private mutating func readTag() -> Tag? {
        let start = position
        var number = 0
        while position < frame.body.upperBound, case let byte = bytes[position], byte >= 48, byte <= 57,
            position - start < 9 {
            number = number * 10 + Int(byte - 48)
            position += 1
        }
        let isTag = position > start && bytes[position] == UInt8(ascii: "=") && bytes[start] != 48
        guard isTag else {
            let end = bytes[start..<frame.body.upperBound].firstIndex(of: delimiter) ?? frame.body.upperBound
            noteMissingTag(start..<end, number: number)
            position = end + 1
            return nil
        }
        position += 1
        return Tag(number)
    }

    /// Without a `=` it is no field at all but the rest of a value that held the delimiter.
    private mutating func noteMissingTag(_ range: Range<Int>, number: Int) {
        let field = text(range.prefix(20))
        if bytes[range].contains(UInt8(ascii: "=")) {
            defects.append(Defect(.invalidTagNumber, number > 0 ? Tag(number) : nil, "no tag in '\(field)'"))
        } else {
            defects.append(Defect(.valueHoldsDelimiter, lastTag, "'\(field)' after a delimiter is no field"))
        }
    }

    /// The range of the value; leaves `position` after its delimiter.
    private mutating func readValue(of tag: Tag) -> Range<Int> {
        let start = position
        if let lengthTag = DataTags.length(of: tag) {
            if let pending = pendingLength, pending.tag == lengthTag,
                case let end = start + pending.value, end < frame.body.upperBound, bytes[end] == delimiter {
                position = end + 1
                return start..<end
            }
            let text = "data field \(tag) without its exact length in \(lengthTag) before it"
            defects.append(Defect(.incorrectDataFormat, lengthTag, text))
        }
        let end = bytes[start..<frame.body.upperBound].firstIndex(of: delimiter) ?? frame.body.upperBound
        position = end + 1
        return start..<end
    }

    private mutating func place(_ tag: Tag, _ value: Range<Int>) {
        if HeaderTags.isTrailer(tag) {
            part = .trailer
            noteRepeated(tag)
            header.others.append(Field(tag, text(value)))
        } else if HeaderTags.isHeader(tag) {
            if part != .header {
                defects.append(Defect(.tagOutOfOrder, tag, "header field \(tag) after the header"))
            }
            if !HeaderTags.isHop(tag) { noteRepeated(tag) }
            placeInHeader(tag, value)
        } else {
            if part == .trailer {
                defects.append(Defect(.tagOutOfOrder, tag, "body field \(tag) in the trailer"))
            } else {
                part = .body
            }
            fields.append(Field(tag, text(value)))
        }
    }

    private mutating func noteRepeated(_ tag: Tag) {
        if !seen.insert(tag) { defects.append(Defect(.tagMoreThanOnce, tag, "tag \(tag) appears more than once")) }
    }

    private mutating func placeInHeader(_ tag: Tag, _ value: Range<Int>) {
        switch tag {
        case .msgType where msgType.isEmpty: msgType = text(value)
        case .senderCompID: header.sender = text(value)
        case .targetCompID: header.target = text(value)
        case .msgSeqNum:
            header.seq = decimal(bytes[value]) ?? 0
            if header.seq < 1, !value.isEmpty { incorrect(tag, value) }
        case .possDupFlag: header.possDup = flag(tag, value)
        case .possResend: header.possResend = flag(tag, value)
        case .sendingTime: header.sendingTime = time(tag, value)
        case .origSendingTime: header.origSendingTime = time(tag, value)
        case .beginString, .bodyLength, .msgType: break
        default: header.others.append(Field(tag, text(value)))
        }
    }

    private mutating func requireHeader() {
        for tag in [Tag.senderCompID, .targetCompID, .msgSeqNum, .sendingTime] where !seen.contains(tag) {
            defects.append(Defect(.requiredTagMissing, tag, "required tag \(tag) is missing"))
        }
    }

    private mutating func flag(_ tag: Tag, _ value: Range<Int>) -> Bool {
        if value.count == 1, bytes[value.lowerBound] == UInt8(ascii: "Y") { return true }
        if value.count == 1, bytes[value.lowerBound] == UInt8(ascii: "N") { return false }
        if !value.isEmpty { incorrect(tag, value) }
        return false
    }

    private mutating func time(_ tag: Tag, _ value: Range<Int>) -> WallTime? {
        let time = Timestamp.read(bytes[value])
        if time == nil, !value.isEmpty { incorrect(tag, value) }
        return time
    }

    private mutating func incorrect(_ tag: Tag, _ value: Range<Int>) {
        defects.append(Defect(.incorrectDataFormat, tag, "tag \(tag): '\(text(value))' has the wrong format"))
    }

    private func text(_ range: Range<Int>) -> String {
        let slice = UnsafeBufferPointer(rebasing: bytes[range])
        if slice.allSatisfy({ $0 < 0x80 }) { return String(decoding: slice, as: UTF8.self) }
        var text = String.UnicodeScalarView()
        for byte in slice { text.append(Unicode.Scalar(byte)) }
        return String(text)
    }
}
