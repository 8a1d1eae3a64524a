import Units

// Message to bytes. The caller never counts anything: BodyLength, CheckSum and the lengths of data fields
// are computed here.

extension Message {
    /// The bytes for the wire. Fields with an empty value are left out, since FIX has none; a delimiter in a
    /// value that is no data field becomes `?`, so that no value can forge a field.
    package func encoded() -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(96 + fields.count * 16)
        appendHeader(to: &body)
        var trailer: [Field] = []
        for field in header.others {
            if HeaderTags.isTrailer(field.tag) { trailer.append(field) } else { body.append(field) }
        }
        append(fields, to: &body)
        append(trailer, to: &body)

        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 32)
        bytes.append(.beginString, header.beginString)
        bytes.append(.bodyLength, number: body.count)
        bytes.append(contentsOf: body)
        appendCheckSum(to: &bytes)
        return bytes
    }

    private func appendHeader(to body: inout [UInt8]) {
        body.append(.msgType, msgType)
        body.append(.senderCompID, header.sender)
        body.append(.targetCompID, header.target)
        body.append(.msgSeqNum, number: header.seq)
        if header.possDup { body.append(.possDupFlag, "Y") }
        if header.possResend { body.append(.possResend, "Y") }
        if let time = header.sendingTime { body.append(.sendingTime, time: time) }
        if let time = header.origSendingTime { body.append(.origSendingTime, time: time) }
    }

    private func append(_ fields: [Field], to body: inout [UInt8]) {
        for (position, field) in fields.enumerated() {
            if let lengthTag = DataTags.length(of: field.tag) {
                body.append(lengthTag, number: field.value.unicodeScalars.count)
                body.append(field, isData: true)
            } else if position + 1 < fields.count, DataTags.length(of: fields[position + 1].tag) == field.tag {
                continue  // written with its data field, counted anew
            } else {
                body.append(field)
            }
        }
    }

    private func appendCheckSum(to bytes: inout [UInt8]) {
        var sum: UInt8 = 0
        for byte in bytes { sum &+= byte }
        bytes.append(contentsOf: [UInt8(ascii: "1"), UInt8(ascii: "0"), UInt8(ascii: "=")])
        bytes.append(UInt8(ascii: "0") + sum / 100)
        bytes.append(UInt8(ascii: "0") + sum / 10 % 10)
        bytes.append(UInt8(ascii: "0") + sum % 10)
        bytes.append(delimiter)
    }
}

/// SOH, the end of every field.
let delimiter: UInt8 = 1

extension [UInt8] {
    fileprivate mutating func append(number: Int) {
        guard number >= 0 else { return append(contentsOf: String(number).utf8) }
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }

    fileprivate mutating func append(_ tag: Tag, number: Int) {
        append(number: tag.rawValue)
        append(UInt8(ascii: "="))
        append(number: number)
        append(delimiter)
    }

    fileprivate mutating func append(_ tag: Tag, time: WallTime) {
        append(number: tag.rawValue)
        append(UInt8(ascii: "="))
        Timestamp.write(time, to: &self)
        append(delimiter)
    }

    fileprivate mutating func append(_ tag: Tag, _ value: String) { append(Field(tag, value)) }

    fileprivate mutating func append(_ field: Field, isData: Bool = false) {
        if field.value.isEmpty { return }
        append(number: field.tag.rawValue)
        append(UInt8(ascii: "="))
        appendLatin1(field.value, isData: isData)
        append(delimiter)
    }

    private mutating func appendLatin1(_ value: String, isData: Bool) {
        let start = count
        for byte in value.utf8 {
            if byte >= 0x80 {
                removeSubrange(start...)
                return appendScalars(of: value, isData: isData)
            }
            append(byte == delimiter && !isData ? UInt8(ascii: "?") : byte)
        }
    }

    private mutating func appendScalars(of value: String, isData: Bool) {
        for scalar in value.unicodeScalars {
            let byte = UInt8(exactly: scalar.value) ?? UInt8(ascii: "?")
            append(byte == delimiter && !isData ? UInt8(ascii: "?") : byte)
        }
    }
}
