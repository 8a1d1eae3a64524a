// The nf_tables expressions that our rules are made of: encoded for the kernel, decoded from its dumps,
// and written as text, so that what was asked for and what is in force can be compared.

import CLibnl
import Glibc
import Units

/// One step of a rule. Loads go to register 1; a comparison that does not hold ends the rule.
package enum NftExpression: Hashable, Sendable {
    package enum Meta: UInt32, Sendable {
        case networkProtocol = 1
        case inputInterface = 6
        case outputInterface = 7
        case transportProtocol = 16
    }
    package enum Base: UInt32, Sendable { case network = 1, transport = 2 }

    case loadMeta(Meta)
    case loadPayload(Base, offset: UInt32, length: UInt32)
    case mask([UInt8])
    case equals([UInt8])
    case lookup(set: String)
    case counter
    case drop
    case accept
    case resetTCP
    case forward(interface: UInt32)
    /// The kernel's own `queue` expression, with bypass.
    case queue(UInt16)
    /// The same through the `NFQUEUE` target of x_tables, where the kernel has no `queue` expression.
    case queueTarget(UInt16)

    var name: String {
        switch self {
        case .loadMeta: "meta"
        case .loadPayload: "payload"
        case .mask: "bitwise"
        case .equals: "cmp"
        case .lookup: "lookup"
        case .counter: "counter"
        case .drop, .accept: "immediate"
        case .resetTCP: "reject"
        case .forward: "fwd"
        case .queue: "queue"
        case .queueTarget: "target"
        }
    }

    func encode(into list: inout NetlinkMessage) {
        if case .forward(let interface) = self {
            // `fwd` reads the device's index from a register.
            NftExpression.element(&list, "immediate") { data in
                data.add(Int(NFTA_IMMEDIATE_DREG.rawValue), NftExpression.register)
                data.nest(Int(NFTA_IMMEDIATE_DATA.rawValue)) {
                    $0.add(Int(NFTA_DATA_VALUE.rawValue), interface.hostBytes)
                }
            }
        }
        NftExpression.element(&list, name) { encodeData(into: &$0) }
    }

    private static func element(_ list: inout NetlinkMessage, _ name: String, _ data: (inout NetlinkMessage) -> Void)
    {
        list.nest(Int(NFTA_LIST_ELEM.rawValue)) { element in
            element.add(Int(NFTA_EXPR_NAME.rawValue), text: name)
            element.nest(Int(NFTA_EXPR_DATA.rawValue), data)
        }
    }

    private static let register = UInt32(NFT_REG_1.rawValue).bigBytes

    private func encodeData(into data: inout NetlinkMessage) {
        let register = NftExpression.register
        switch self {
        case .loadMeta(let key):
            data.add(Int(NFTA_META_KEY.rawValue), key.rawValue.bigBytes)
            data.add(Int(NFTA_META_DREG.rawValue), register)
        case .loadPayload(let base, let offset, let length):
            data.add(Int(NFTA_PAYLOAD_DREG.rawValue), register)
            data.add(Int(NFTA_PAYLOAD_BASE.rawValue), base.rawValue.bigBytes)
            data.add(Int(NFTA_PAYLOAD_OFFSET.rawValue), offset.bigBytes)
            data.add(Int(NFTA_PAYLOAD_LEN.rawValue), length.bigBytes)
        case .mask(let mask):
            data.add(Int(NFTA_BITWISE_SREG.rawValue), register)
            data.add(Int(NFTA_BITWISE_DREG.rawValue), register)
            data.add(Int(NFTA_BITWISE_LEN.rawValue), UInt32(mask.count).bigBytes)
            data.nest(Int(NFTA_BITWISE_MASK.rawValue)) { $0.add(Int(NFTA_DATA_VALUE.rawValue), mask) }
            let zero = [UInt8](repeating: 0, count: mask.count)
            data.nest(Int(NFTA_BITWISE_XOR.rawValue)) { $0.add(Int(NFTA_DATA_VALUE.rawValue), zero) }
        case .equals(let value):
            data.add(Int(NFTA_CMP_SREG.rawValue), register)
            data.add(Int(NFTA_CMP_OP.rawValue), UInt32(NFT_CMP_EQ.rawValue).bigBytes)
            data.nest(Int(NFTA_CMP_DATA.rawValue)) { $0.add(Int(NFTA_DATA_VALUE.rawValue), value) }
        case .lookup(let set):
            data.add(Int(NFTA_LOOKUP_SET.rawValue), text: set)
            data.add(Int(NFTA_LOOKUP_SREG.rawValue), register)
        case .counter:
            data.add(Int(NFTA_COUNTER_BYTES.rawValue), UInt64(0).bigBytes)
            data.add(Int(NFTA_COUNTER_PACKETS.rawValue), UInt64(0).bigBytes)
        case .drop, .accept:
            data.add(Int(NFTA_IMMEDIATE_DREG.rawValue), UInt32(NFT_REG_VERDICT.rawValue).bigBytes)
            data.nest(Int(NFTA_IMMEDIATE_DATA.rawValue)) { value in
                value.nest(Int(NFTA_DATA_VERDICT.rawValue)) { verdict in
                    verdict.add(Int(NFTA_VERDICT_CODE.rawValue), UInt32(self == .drop ? NF_DROP : NF_ACCEPT).bigBytes)
                }
            }
        case .resetTCP:
            data.add(Int(NFTA_REJECT_TYPE.rawValue), UInt32(NFT_REJECT_TCP_RST.rawValue).bigBytes)
            data.add(Int(NFTA_REJECT_ICMP_CODE.rawValue), [0])
        case .forward:
            data.add(Int(NFTA_FWD_SREG_DEV.rawValue), register)
        case .queue(let number):
            data.add(Int(NFTA_QUEUE_NUM.rawValue), number.bigBytes)
            data.add(Int(NFTA_QUEUE_TOTAL.rawValue), UInt16(1).bigBytes)
            data.add(Int(NFTA_QUEUE_FLAGS.rawValue), UInt16(NFT_QUEUE_FLAG_BYPASS).bigBytes)
        case .queueTarget(let number):
            data.add(Int(NFTA_TARGET_NAME.rawValue), text: "NFQUEUE")
            data.add(Int(NFTA_TARGET_REV.rawValue), UInt32(3).bigBytes)
            // struct xt_NFQ_info_v3, padded to 8 bytes.
            data.add(
                Int(NFTA_TARGET_INFO.rawValue),
                number.hostBytes + UInt16(1).hostBytes + UInt16(NFQ_FLAG_BYPASS).hostBytes + [0, 0])
        }
    }
}

extension NftExpression: CustomStringConvertible {
    package var description: String {
        switch self {
        case .loadMeta(.networkProtocol): "protocol"
        case .loadMeta(.inputInterface): "iifname"
        case .loadMeta(.outputInterface): "oifname"
        case .loadMeta(.transportProtocol): "l4proto"
        case .loadPayload(let base, let offset, let length): "@\(base == .network ? "nh" : "th"),\(offset),\(length)"
        case .mask(let mask): "& 0x\(hexadecimal(mask))"
        case .equals(let value): "== 0x\(hexadecimal(value))"
        case .lookup(let set): "@\(set)"
        case .counter: "counter"
        case .drop: "drop"
        case .accept: "accept"
        case .resetTCP: "reject with tcp reset"
        case .forward(let interface): "device \(interface) fwd"
        case .queue(let number): "queue \(number) bypass"
        case .queueTarget(let number): "NFQUEUE \(number) bypass"
        }
    }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
