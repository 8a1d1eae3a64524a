import Units

/// One `tag=value`. A byte of the wire is one Unicode scalar (ISO 8859-1), so that data fields survive exactly.
package struct Field: Hashable, Sendable {
    package let tag: Tag
    package let value: String

    package init(_ tag: Tag, _ value: String) {
        self.tag = tag
        self.value = value
    }
}

/// What stands before the body of every message.
///
/// `BodyLength`, `CheckSum` and `MsgType` are not here: the first two belong to the bytes, the third to the message.
package struct Header: Hashable, Sendable {
    package var beginString = "FIX.4.4"
    package var sender = ""
    package var target = ""
    /// MsgSeqNum(34); 0 when the message bears none that can be read.
    package var seq = 0
    package var possDup = false
    package var possResend = false
    /// `nil` when absent or unreadable.
    package var sendingTime: WallTime?
    package var origSendingTime: WallTime?
    /// The remaining header and trailer fields, in the order of the wire.
    package var others: [Field] = []

    package init() {}
}

/// A FIX message: its type, its header, and the fields of its body in order.
package struct Message: Hashable, Sendable {
    package var msgType: String
    package var header: Header
    package var fields: [Field]
    /// What the bytes broke, in the order found; empty for messages made here.
    package internal(set) var defects: [Defect] = []

    package init(_ msgType: String, _ fields: [(Tag, String)] = []) {
        self.msgType = msgType
        self.header = Header()
        self.fields = fields.map { Field($0.0, $0.1) }
    }

    init(msgType: String, header: Header, fields: [Field], defects: [Defect]) {
        self.msgType = msgType
        self.header = header
        self.fields = fields
        self.defects = defects
    }
}

extension Message {
    /// The first value of a body field. Setting replaces it in place, appends it, or with `nil` removes it.
    package subscript(tag: Tag) -> String? {
        get { fields.first { $0.tag == tag }?.value }
        set {
            let position = fields.firstIndex { $0.tag == tag }
            switch (position, newValue) {
            case (let position?, let value?): fields[position] = Field(tag, value)
            case (let position?, nil): fields.remove(at: position)
            case (nil, let value?): fields.append(Field(tag, value))
            case (nil, nil): break
            }
        }
    }

    /// A whole number, or `nil` when the field is absent or is none.
    package func integer(_ tag: Tag) -> Int? { self[tag].flatMap { Int($0) } }

    /// A price of at most four decimals, exact.
    package func price(_ tag: Tag) -> Price? { self[tag].flatMap { Price(decimal: $0) } }

    /// A whole number of shares; `100`, `100.` and `100.00` are the same, `0.5` is `nil`.
    package func quantity(_ tag: Tag) -> Quantity? {
        guard let units = price(tag)?.units, units % Price.scale == 0 else { return nil }
        return Quantity(shares: units / Price.scale)
    }

    package func flag(_ tag: Tag) -> Bool? {
        switch self[tag] {
        case "Y": true
        case "N": false
        default: nil
        }
    }

    package func timestamp(_ tag: Tag) -> WallTime? { self[tag].flatMap { Timestamp.read($0.utf8) } }

    package var isSession: Bool { MsgType.isSession(msgType) }
}
