/// The messages of this project's contract, and what a message must hold to be one of them.
///
/// The fields allowed are those of FIX 4.4 for a single-leg equity order; legs, underlyings and the like are
/// answered with "tag not defined for this message type".
package enum MessageDictionary {
    /// The first thing wrong with the message, in the order of the wire; `nil` when it is sound.
    ///
    /// Expects a type that `defines` knows; for others only the defects found while reading count.
    package static func defect(of message: Message) -> Defect? {
        if let defect = message.defects.first { return defect }
        guard let definition = definitions[message.msgType] else { return nil }
        var check = FieldCheck(definition: definition, fields: message.fields)
        return check.run()
    }

    package static func defines(_ msgType: String) -> Bool { definitions[msgType] != nil }

    /// The field whose absence makes a sound message meaningless, for BusinessRejectReason(380)=5.
    package static func conditionallyMissing(in message: Message) -> Tag? {
        switch message.msgType {
        case MsgType.newOrderSingle, MsgType.orderCancelReplaceRequest:
            if message[.ordType] == "2", message[.price] == nil { return .price }
            return message[.orderQty] == nil ? .orderQty : nil
        case MsgType.orderMassCancelRequest:
            return message[.massCancelRequestType] == "1" && message[.symbol] == nil ? .symbol : nil
        default:
            return nil
        }
    }
}

struct MessageDefinition: Sendable {
    let required: [Tag]
    let allowed: TagSet

    init(required: [Int], optional: [Int]) {
        self.required = required.map { Tag($0) }
        var tags = TagSet()
        for tag in required + optional { tags.insert(Tag(tag)) }
        allowed = tags
    }
}

/// One pass over the fields of a body.
private struct FieldCheck {
    let definition: MessageDefinition
    let fields: [Field]
    private var seen = TagSet()
    private var position = 0

    init(definition: MessageDefinition, fields: [Field]) {
        self.definition = definition
        self.fields = fields
    }

    mutating func run() -> Defect? {
        while position < fields.count {
            let field = fields[position]
            if let defect = defect(of: field) { return defect }
            position += 1
            if field.tag == .noPartyIDs, let defect = parties(count: Int(field.value) ?? 0) { return defect }
        }
        for tag in definition.required where !seen.contains(tag) {
            return Defect(.requiredTagMissing, tag, "required tag \(tag) is missing")
        }
        return nil
    }

    private mutating func defect(of field: Field) -> Defect? {
        let tag = field.tag
        guard FieldTable.definedTags.contains(tag.rawValue) else {
            return FieldTable.userDefinedTags.contains(tag.rawValue)
                ? Defect(.undefinedTag, tag, "user-defined tag \(tag) was not agreed on")
                : Defect(.invalidTagNumber, tag, "FIX 4.4 has no tag \(tag)")
        }
        guard definition.allowed.contains(tag) else {
            return Defect(.tagNotDefinedForMessage, tag, "tag \(tag) is not defined for this message type")
        }
        guard seen.insert(tag) else { return Defect(.tagMoreThanOnce, tag, "tag \(tag) appears more than once") }
        guard FieldTable.format(of: tag).accepts(field.value) else {
            return Defect(.incorrectDataFormat, tag, "tag \(tag): '\(field.value)' has the wrong format")
        }
        if FieldTable.hasLegalValues.contains(tag), FieldTable.legalValues[tag]?.contains(field.value) == false {
            return Defect(.valueIncorrect, tag, "tag \(tag): '\(field.value)' is no legal value")
        }
        return nil
    }

    /// The group NoPartyIDs(453): PartyID(448) begins each entry, then 447 and 452, each once an entry.
    private mutating func parties(count: Int) -> Defect? {
        let members: Set<Tag> = [Tag(448), Tag(447), Tag(452)]
        var entries = 0
        var inEntry: Set<Tag> = []
        while position < fields.count, members.contains(fields[position].tag) {
            let tag = fields[position].tag
            if tag == Tag(448) {
                entries += 1
                inEntry = []
            } else if entries == 0 {
                return Defect(.groupOutOfOrder, tag, "an entry of NoPartyIDs(453) begins with 448, not \(tag)")
            }
            guard inEntry.insert(tag).inserted else {
                return Defect(.groupOutOfOrder, tag, "tag \(tag) comes twice in an entry of NoPartyIDs(453)")
            }
            guard FieldTable.format(of: tag).accepts(fields[position].value) else {
                return Defect(.incorrectDataFormat, tag, "tag \(tag) has the wrong format")
            }
            position += 1
        }
        guard entries == count else {
            return Defect(.groupCountIncorrect, .noPartyIDs, "NoPartyIDs(453) says \(count), there are \(entries)")
        }
        return nil
    }
}
