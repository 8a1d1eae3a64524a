extension JSON {
    package enum KeyOrder: Sendable {
        /// As built: readable, for messages and history lines.
        case asBuilt
        /// By Unicode scalar: the same value is the same bytes, for verdicts.
        case sorted
    }

    /// One line, no spaces, UTF-8.
    package func bytes(_ order: KeyOrder = .asBuilt) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(256)
        write(into: &out, order, indent: nil, depth: 0)
        return out
    }

    package func text(_ order: KeyOrder = .asBuilt) -> String { String(decoding: bytes(order), as: UTF8.self) }

    /// Several lines, two spaces a level, a final newline: for files that people read.
    package func prettyBytes(_ order: KeyOrder = .sorted) -> [UInt8] {
        var out: [UInt8] = []
        write(into: &out, order, indent: 2, depth: 0)
        out.append(UInt8(ascii: "\n"))
        return out
    }

    private func write(into out: inout [UInt8], _ order: KeyOrder, indent: Int?, depth: Int) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .integer(let value): out += String(value).utf8
        case .fixed(let millionths): JSON.writeFixed(millionths, into: &out)
        case .string(let value): JSON.writeString(value, into: &out)
        case .array(let values):
            out.append(UInt8(ascii: "["))
            for (position, value) in values.enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                JSON.newline(into: &out, indent, depth + 1)
                value.write(into: &out, order, indent: indent, depth: depth + 1)
            }
            if !values.isEmpty { JSON.newline(into: &out, indent, depth) }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            let ordered =
                order == .sorted
                ? members.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) } : members
            for (position, member) in ordered.enumerated() {
                if position > 0 { out.append(UInt8(ascii: ",")) }
                JSON.newline(into: &out, indent, depth + 1)
                JSON.writeString(member.key, into: &out)
                out.append(UInt8(ascii: ":"))
                if indent != nil { out.append(UInt8(ascii: " ")) }
                member.value.write(into: &out, order, indent: indent, depth: depth + 1)
            }
            if !members.isEmpty { JSON.newline(into: &out, indent, depth) }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func newline(into out: inout [UInt8], _ indent: Int?, _ depth: Int) {
        guard let indent else { return }
        out.append(UInt8(ascii: "\n"))
        out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * depth))
    }

    private static func writeFixed(_ millionths: Int64, into out: inout [UInt8]) {
        if millionths < 0 { out.append(UInt8(ascii: "-")) }
        let magnitude = millionths.magnitude
        out += String(magnitude / 1_000_000).utf8
        var fraction = magnitude % 1_000_000
        // A real keeps its point, so that reading it back gives a real again.
        guard fraction != 0 else {
            out += ".0".utf8
            return
        }
        out.append(UInt8(ascii: "."))
        var divisor: UInt64 = 100_000
        while fraction > 0 {
            out.append(UInt8(ascii: "0") + UInt8(fraction / divisor))
            fraction %= divisor
            divisor /= 10
        }
    }

    private static func writeString(_ value: String, into out: inout [UInt8]) {
        let hex = Array("0123456789abcdef".utf8)
        out.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
            case UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
            case 0x0A: out += "\\n".utf8
            case 0x0D: out += "\\r".utf8
            case 0x09: out += "\\t".utf8
            case 0..<0x20: out += "\\u00".utf8 + [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
