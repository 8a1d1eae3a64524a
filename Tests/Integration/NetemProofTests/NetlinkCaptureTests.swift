import Testing

/// Netem messages as nlmon saw them: 250 ms, 20 ms of jitter from there upwards, 12.34 % of loss.
private enum Seen {
    static let attributes =
        "0c000a0000497f0f000000000c000b0080969800000000001000010000000000000000000000"
        + "00000c00030000000000000000000c00040000000000000000001400060000000000000000000000000000000000"
    static let fixed = "bc3400007424971f0000000000000000"
    static let ours = message(flags: 0x505, handle: 0x474E_0000, "00000000" + fixed + "00000000" + attributes)
    static let oursTold = message(flags: 2, handle: 0x474E_0000, "24fd3d00" + fixed + "5a620200" + attributes)
    static let theirsTold = message(flags: 2, handle: 0x0001_0000, "24fd3d00" + fixed + "5a620200" + attributes)

    static func message(flags: UInt16, handle: UInt32, _ options: String, kind: String = "netem") -> [UInt8] {
        let value = bytes(options)
        let name = Array(kind.utf8) + [0]
        var body = [UInt8](repeating: 0, count: 8) + little(handle) + [UInt8](repeating: 0, count: 8)
        body += little(UInt32(4 + name.count) | 1 << 16) + name + [UInt8](repeating: 0, count: -name.count & 3)
        body += little(UInt32(4 + value.count) | 2 << 16) + value
        return little(UInt32(16 + body.count)) + little(36 | UInt32(flags) << 16) + [UInt8](repeating: 0, count: 8)
            + body
    }

    static func capture(_ messages: [[UInt8]], linkType: UInt32 = 253) -> [UInt8] {
        let header = little(0xA1B2_C3D4) + [UInt8](repeating: 0, count: 16) + little(linkType)
        return messages.reduce(header) { file, message in
            let length = little(UInt32(message.count + 16))
            return file + [UInt8](repeating: 0, count: 8) + length + length + [UInt8](repeating: 0, count: 16) + message
        }
    }

    static func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }
}

@Suite struct NetlinkCaptureTests {
    private func findings(_ messages: [[UInt8]]) throws -> [String] {
        NetemComparison(try NetlinkCapture.netemMessages(Seen.capture(messages))).findings
    }

    @Test func `messages that were seen to agree have no finding`() throws {
        #expect(try findings([Seen.ours, Seen.oursTold, Seen.theirsTold]) == [])
    }

    @Test(arguments: [
        ("497f0f", "a4bf07"),  // half the delay
        ("809698", "000000"),  // no jitter
        ("7424971f", "7324971f"),  // one part in 2^32 less of loss
        ("bc340000", "e8030000"),  // netem's own limit of 1000
        ("1400060000", "1400060001"),  // a rate
    ])
    func `a request that differs in one field is found`(_ right: String, _ wrong: String) throws {
        let options = "00000000" + Seen.fixed + "00000000" + Seen.attributes
        let range = try #require(options.firstRange(of: right))
        let changed = options.replacingCharacters(in: range, with: wrong)
        let ours = Seen.message(flags: 0x505, handle: 0x474E_0000, changed)
        #expect(try findings([ours, Seen.oursTold, Seen.theirsTold]) != [])
        let told = Seen.message(flags: 2, handle: 0x474E_0000, changed)
        #expect(try findings([Seen.ours, told, Seen.theirsTold]) != [])
    }

    @Test func `a capture that misses one of the three is found`() throws {
        #expect(try findings([Seen.oursTold, Seen.theirsTold]) != [])
        #expect(try findings([Seen.ours, Seen.theirsTold]) != [])
        #expect(try findings([Seen.ours, Seen.oursTold]) != [])
        let other = Seen.message(flags: 2, handle: 0x0001_0000, Seen.fixed, kind: "tbf")
        #expect(try findings([Seen.ours, Seen.oursTold, other]) != [])
    }

    @Test func `a file that is no netlink capture is refused`() throws {
        let whole = Seen.capture([Seen.ours])
        let bad = [[], Array(whole.prefix(20)), Array(whole.dropLast(1)), Seen.capture([Seen.ours], linkType: 1)]
        for bytes in bad { #expect(throws: CaptureError.self) { try NetlinkCapture.netemMessages(bytes) } }
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(text) }.map { $0..<index($0, offsetBy: text.count) }
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
