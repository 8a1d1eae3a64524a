// One netlink message as bytes: a header, a protocol's own header, and nested attributes.

import CLibnl
import Units

struct NetlinkMessage {
    static let headerLength = 16

    let type: UInt16
    let flags: UInt16
    private(set) var bytes: [UInt8]

    /// `header` is the fixed structure of the protocol: ifinfomsg, nfgenmsg, inet_diag_req_v2.
    init(type: UInt16, flags: Int32, header: [UInt8]) {
        self.type = type
        self.flags = UInt16(flags | NLM_F_REQUEST)
        bytes = [UInt8](repeating: 0, count: NetlinkMessage.headerLength)
        bytes += header
        pad()
    }

    mutating func add(_ attribute: Int, _ data: [UInt8]) {
        bytes += UInt16(4 + data.count).hostBytes + UInt16(attribute).hostBytes + data
        pad()
    }

    mutating func add(_ attribute: Int, text: String) { add(attribute, Array(text.utf8) + [0]) }

    mutating func nest(_ attribute: Int, _ build: (inout NetlinkMessage) -> Void) {
        let start = bytes.count
        bytes += [0, 0] + UInt16(attribute | Int(NLA_F_NESTED)).hostBytes
        build(&self)
        bytes.replaceSubrange(start..<start + 2, with: UInt16(bytes.count - start).hostBytes)
    }

    mutating func append(_ raw: [UInt8]) {
        bytes += raw
        pad()
    }

    /// The bytes to send, with length, type, flags and sequence number filled in.
    func finished(sequence: UInt32, acknowledge: Bool) -> [UInt8] {
        var out = bytes
        let flags = acknowledge ? self.flags | UInt16(NLM_F_ACK) : self.flags
        let header =
            UInt32(bytes.count).hostBytes + type.hostBytes + flags.hostBytes + sequence.hostBytes
            + UInt32(0).hostBytes
        out.replaceSubrange(0..<NetlinkMessage.headerLength, with: header)
        return out
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }
}

/// A message that the kernel sent.
struct NetlinkReply: Sendable {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    /// What follows the netlink header.
    let payload: [UInt8]

    /// Cuts what one receive call brought into messages.
    static func parse(_ bytes: [UInt8]) -> [NetlinkReply] {
        var replies: [NetlinkReply] = []
        var position = 0
        while position + NetlinkMessage.headerLength <= bytes.count {
            let length = Int(bytes.host32(position))
            guard length >= NetlinkMessage.headerLength, position + length <= bytes.count else { break }
            replies.append(
                NetlinkReply(
                    type: bytes.host16(position + 4), flags: bytes.host16(position + 6),
                    sequence: bytes.host32(position + 8),
                    payload: Array(bytes[position + NetlinkMessage.headerLength..<position + length])))
            position += (length + 3) & ~3
        }
        return replies
    }
}

/// The attributes of a message or of a nest, in order.
struct NetlinkAttributes {
    struct Attribute {
        let type: Int
        let data: [UInt8]
    }

    private(set) var all: [Attribute] = []

    init(_ bytes: [UInt8], from start: Int = 0) {
        var position = start
        while position + 4 <= bytes.count {
            let length = Int(bytes.host16(position))
            guard length >= 4, position + length <= bytes.count else { return }
            let type = Int(bytes.host16(position + 2)) & 0x3FFF
            all.append(Attribute(type: type, data: Array(bytes[position + 4..<position + length])))
            position += (length + 3) & ~3
        }
    }

    subscript(type: Int) -> [UInt8]? { all.first { $0.type == type }?.data }
    func nest(_ type: Int) -> NetlinkAttributes? { self[type].map { NetlinkAttributes($0) } }
    func text(_ type: Int) -> String? { self[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
    func big32(_ type: Int) -> UInt32? { self[type].flatMap { $0.count >= 4 ? $0.big32(0) : nil } }
    func big64(_ type: Int) -> UInt64? { self[type].flatMap { $0.count >= 8 ? $0.big64(0) : nil } }
    func host32(_ type: Int) -> UInt32? { self[type].flatMap { $0.count >= 4 ? $0.host32(0) : nil } }
}

extension FixedWidthInteger {
    var hostBytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
    var bigBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

extension Array where Element == UInt8 {
    func host16(_ at: Int) -> UInt16 { UInt16(self[at]) | UInt16(self[at + 1]) << 8 }
    func host32(_ at: Int) -> UInt32 { UInt32(host16(at)) | UInt32(host16(at + 2)) << 16 }
    func big16(_ at: Int) -> UInt16 { UInt16(self[at]) << 8 | UInt16(self[at + 1]) }
    func big32(_ at: Int) -> UInt32 { UInt32(big16(at)) << 16 | UInt32(big16(at + 2)) }
    func big64(_ at: Int) -> UInt64 { UInt64(big32(at)) << 32 | UInt64(big32(at + 4)) }
}
