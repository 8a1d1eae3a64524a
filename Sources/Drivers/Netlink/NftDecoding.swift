// From the kernel's dumps back to expressions. What we never send decodes as text that equals nothing of ours.

import CLibnl
import Glibc
import Units

/// A rule as the kernel has it.
package struct NftRule: Hashable, Sendable {
    package let chain: String
    package let handle: UInt64
    /// Our mark: the fault that it belongs to; empty for a rule that isn't ours.
    package let owner: String
    package let packets: UInt64
    package let bytes: UInt64
    /// The steps as text, counters without their values.
    package let text: String
}

/// A member of a set as the kernel has it.
package struct NftElement: Hashable, Sendable {
    package let key: [UInt8]
    /// What was asked for, and what is left.
    package let timeout: Duration
    package let left: Duration
}

extension NftRule {
    init?(_ payload: [UInt8]) {
        let attributes = NetlinkAttributes(payload, from: 4)
        guard let chain = attributes.text(Int(NFTA_RULE_CHAIN.rawValue)),
            let handle = attributes.big64(Int(NFTA_RULE_HANDLE.rawValue))
        else { return nil }
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var texts: [String] = []
        for element in attributes.nest(Int(NFTA_RULE_EXPRESSIONS.rawValue))?.all ?? [] {
            let expression = NetlinkAttributes(element.data)
            let name = expression.text(Int(NFTA_EXPR_NAME.rawValue)) ?? "?"
            let data = expression.nest(Int(NFTA_EXPR_DATA.rawValue)) ?? NetlinkAttributes([])
            if name == "counter" {
                packets = data.big64(Int(NFTA_COUNTER_PACKETS.rawValue)) ?? 0
                bytes = data.big64(Int(NFTA_COUNTER_BYTES.rawValue)) ?? 0
            }
            texts.append(NftExpression.text(name, data))
        }
        self.init(
            chain: chain, handle: handle, owner: NftMark.read(attributes[Int(NFTA_RULE_USERDATA.rawValue)] ?? []),
            packets: packets, bytes: bytes, text: texts.joined(separator: " "))
    }
}

extension NftExpression {
    /// `fwd` comes as two expressions: the device's index put into a register, and the use of it.
    static func text(_ name: String, _ data: NetlinkAttributes) -> String {
        if name == "fwd", data.big32(Int(NFTA_FWD_SREG_DEV.rawValue)) == UInt32(NFT_REG_1.rawValue) { return "fwd" }
        if name == "immediate", let index = value(data, Int(NFTA_IMMEDIATE_DATA.rawValue)), index.count == 4 {
            return "device \(index.host32(0))"
        }
        return decode(name, data)?.description ?? "unknown expression \(name)"
    }

    static func decode(_ name: String, _ data: NetlinkAttributes) -> NftExpression? {
        switch name {
        case "meta": data.big32(Int(NFTA_META_KEY.rawValue)).flatMap(Meta.init(rawValue:)).map { .loadMeta($0) }
        case "payload": decodePayload(data)
        case "bitwise": value(data, Int(NFTA_BITWISE_MASK.rawValue)).map { .mask($0) }
        case "cmp":
            data.big32(Int(NFTA_CMP_OP.rawValue)) == UInt32(NFT_CMP_EQ.rawValue)
                ? value(data, Int(NFTA_CMP_DATA.rawValue)).map { .equals($0) } : nil
        case "lookup": data.text(Int(NFTA_LOOKUP_SET.rawValue)).map { .lookup(set: $0) }
        case "counter": .counter
        case "immediate": decodeVerdict(data)
        case "reject":
            data.big32(Int(NFTA_REJECT_TYPE.rawValue)) == UInt32(NFT_REJECT_TCP_RST.rawValue) ? .resetTCP : nil
        case "queue":
            data[Int(NFTA_QUEUE_FLAGS.rawValue)] == UInt16(NFT_QUEUE_FLAG_BYPASS).bigBytes
                ? data[Int(NFTA_QUEUE_NUM.rawValue)].map { .queue($0.big16(0)) } : nil
        case "target": decodeTarget(data)
        default: nil
        }
    }

    private static func value(_ data: NetlinkAttributes, _ type: Int) -> [UInt8]? {
        data.nest(type)?[Int(NFTA_DATA_VALUE.rawValue)]
    }

    private static func decodePayload(_ data: NetlinkAttributes) -> NftExpression? {
        guard let base = data.big32(Int(NFTA_PAYLOAD_BASE.rawValue)).flatMap(Base.init(rawValue:)),
            let offset = data.big32(Int(NFTA_PAYLOAD_OFFSET.rawValue)),
            let length = data.big32(Int(NFTA_PAYLOAD_LEN.rawValue))
        else { return nil }
        return .loadPayload(base, offset: offset, length: length)
    }

    private static func decodeVerdict(_ data: NetlinkAttributes) -> NftExpression? {
        let verdict = data.nest(Int(NFTA_IMMEDIATE_DATA.rawValue))?.nest(Int(NFTA_DATA_VERDICT.rawValue))
        switch verdict?.big32(Int(NFTA_VERDICT_CODE.rawValue)) {
        case UInt32(NF_DROP): return .drop
        case UInt32(NF_ACCEPT): return .accept
        default: return nil
        }
    }

    private static func decodeTarget(_ data: NetlinkAttributes) -> NftExpression? {
        guard data.text(Int(NFTA_TARGET_NAME.rawValue)) == "NFQUEUE", let info = data[Int(NFTA_TARGET_INFO.rawValue)],
            info.count >= 6, info.host16(4) & UInt16(NFQ_FLAG_BYPASS) != 0
        else { return nil }
        return .queueTarget(info.host16(0))
    }
}

extension NftElement {
    static func list(_ payload: [UInt8]) -> [NftElement] {
        let elements = NetlinkAttributes(payload, from: 4).nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue))?.all ?? []
        return elements.compactMap { element in
            let attributes = NetlinkAttributes(element.data)
            guard let key = attributes.nest(Int(NFTA_SET_ELEM_KEY.rawValue))?[Int(NFTA_DATA_VALUE.rawValue)] else {
                return nil
            }
            let timeout = attributes.big64(Int(NFTA_SET_ELEM_TIMEOUT.rawValue)) ?? 0
            let left = attributes.big64(Int(NFTA_SET_ELEM_EXPIRATION.rawValue)) ?? 0
            return NftElement(key: key, timeout: .milliseconds(timeout), left: .milliseconds(left))
        }
    }
}

/// The mark that our objects bear in their user data, in the form that `nft` shows as a comment.
enum NftMark {
    static let prefix = "gauntlet:"

    static func bytes(_ text: String) -> [UInt8] {
        let value = Array((prefix + text).utf8.prefix(120)) + [0]
        return [0, UInt8(value.count)] + value
    }

    /// What follows our prefix; empty when the object isn't ours.
    static func read(_ data: [UInt8]) -> String {
        guard data.count > 2, data[0] == 0, data.count >= 2 + Int(data[1]) else { return "" }
        let text = String(decoding: data[2..<2 + Int(data[1])].prefix { $0 != 0 }, as: UTF8.self)
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : ""
    }
}
