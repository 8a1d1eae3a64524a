// Netlink messages out of a capture of an nlmon device (pcap, link type 253), as far as netem needs them.

struct CaptureError: Error, CustomStringConvertible {
    let offset: Int
    let detail: String
    var description: String { "netlink capture, byte \(offset): \(detail)" }
}

/// One message about a netem qdisc.
struct NetemMessage: Sendable {
    /// Whether a program asked for it; otherwise the kernel tells.
    let isRequest: Bool
    let handle: UInt32
    /// The value of TCA_OPTIONS: `struct tc_netem_qopt`, then attributes.
    let options: [UInt8]

    private static let optionsLength = 24

    /// `limit`, `loss`, `gap` and `duplicate`: what the fixed structure says. Its delay and jitter are in ticks, and
    /// the 64-bit attributes are there instead.
    var fixed: [UInt8] {
        Array(options.prefix(NetemMessage.optionsLength).dropFirst(4).prefix(16))
    }

    /// The attributes behind the fixed structure, by type.
    var attributes: [Int: [UInt8]] {
        NetlinkCapture.attributes(Array(options.dropFirst(NetemMessage.optionsLength)))
    }
}

enum NetlinkCapture {
    private static let newQdisc = 36
    private static let kind = 1
    private static let options = 2
    private static let linkTypeNetlink: UInt32 = 253

    static func netemMessages(_ bytes: [UInt8]) throws(CaptureError) -> [NetemMessage] {
        guard bytes.count >= 24 else {
            throw CaptureError(offset: 0, detail: "expected a header of 24 bytes, found \(bytes.count)")
        }
        guard [0xA1B2_C3D4, 0xA1B2_3C4D].contains(word(bytes, 0)), word(bytes, 20) == linkTypeNetlink else {
            throw CaptureError(
                offset: 0,
                detail: "expected pcap of link type 253, found magic \(word(bytes, 0)), type \(word(bytes, 20))")
        }
        var messages: [NetemMessage] = []
        var position = 24
        while position < bytes.count {
            guard position + 16 <= bytes.count, position + 16 + Int(word(bytes, position + 8)) <= bytes.count else {
                throw CaptureError(offset: position, detail: "the record is cut off")
            }
            let end = position + 16 + Int(word(bytes, position + 8))
            // A pseudo header of 16 bytes comes before the messages.
            messages += netem(Array(bytes[min(position + 32, end)..<end]))
            position = end
        }
        return messages
    }

    private static func netem(_ bytes: [UInt8]) -> [NetemMessage] {
        var messages: [NetemMessage] = []
        var position = 0
        while position + 16 <= bytes.count {
            let length = Int(word(bytes, position))
            guard length >= 16, position + length <= bytes.count else { break }
            // struct nlmsghdr, struct tcmsg, attributes.
            if Int(word(bytes, position + 4)) & 0xFFFF == newQdisc, length >= 36 {
                let found = attributes(Array(bytes[position + 36..<position + length]))
                if let name = found[kind], name.starts(with: Array("netem".utf8)), let value = found[options] {
                    let flags = word(bytes, position + 4) >> 16
                    messages.append(
                        NetemMessage(isRequest: flags & 1 != 0, handle: word(bytes, position + 24), options: value))
                }
            }
            position += (length + 3) & ~3
        }
        return messages
    }

    static func attributes(_ bytes: [UInt8]) -> [Int: [UInt8]] {
        var found: [Int: [UInt8]] = [:]
        var position = 0
        while position + 4 <= bytes.count {
            let length = Int(word(bytes, position) & 0xFFFF)
            guard length >= 4, position + length <= bytes.count else { break }
            found[Int(word(bytes, position) >> 16 & 0x3FFF)] = Array(bytes[position + 4..<position + length])
            position += (length + 3) & ~3
        }
        return found
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
    }
}

/// What we send against what `tc` makes the kernel tell, for the same settings.
struct NetemComparison {
    /// Major numbers of the handles: ours, and the one given to `tc`.
    static let ours: UInt32 = 0x474E_0000
    static let theirs: UInt32 = 0x0001_0000

    let findings: [String]

    init(_ messages: [NetemMessage]) {
        let sent = messages.last { $0.isRequest && $0.handle == NetemComparison.ours }
        let told = messages.last { !$0.isRequest && $0.handle == NetemComparison.ours }
        let expected = messages.last { !$0.isRequest && $0.handle == NetemComparison.theirs }
        guard let sent, let told, let expected else {
            findings = [
                "expected our request and two answers of the kernel, found "
                    + "\(sent == nil ? "no request" : "a request"), \(told == nil ? "nothing" : "ours") and "
                    + "\(expected == nil ? "nothing" : "tc's")"
            ]
            return
        }
        var findings: [String] = []
        if told.options != expected.options {
            findings.append("the kernel tells of ours \(told.options), of tc's \(expected.options)")
        }
        if sent.fixed != expected.fixed {
            findings.append("limit, loss, gap, duplicate: expected \(expected.fixed), sent \(sent.fixed)")
        }
        for (type, value) in expected.attributes.sorted(by: { $0.key < $1.key }) where sent.attributes[type] != value {
            findings.append("attribute \(type): expected \(value), sent \(sent.attributes[type] ?? [])")
        }
        self.findings = findings
    }
}
