import Units

/// One line of Redis' MONITOR: `1700000000.123456 [0 198.18.0.13:40000] "SET" "key" "value"`.
package struct MonitorLine: Hashable, Sendable {
    package let at: WallTime
    /// `IP:port`, `unix:PATH`, or `lua` for what a script did.
    package let client: String
    package let arguments: [[UInt8]]

    package func text(_ index: Int) -> String? {
        arguments.indices.contains(index) ? String(decoding: arguments[index], as: UTF8.self) : nil
    }

    /// `nil` for what is no line of MONITOR.
    package init?(parsing line: [UInt8]) {
        guard let space = line.firstIndex(of: 0x20), let at = MonitorLine.microseconds(line[..<space]) else {
            return nil
        }
        guard line.count > space + 2, line[space + 1] == UInt8(ascii: "["),
            let close = line[space...].firstIndex(of: UInt8(ascii: "]")),
            let inner = line[(space + 2)..<close].firstIndex(of: 0x20)
        else { return nil }
        self.at = WallTime(nanoseconds: at * 1_000)
        client = String(decoding: line[(inner + 1)..<close], as: UTF8.self)
        guard let arguments = MonitorLine.arguments(line[(close + 1)...]) else { return nil }
        self.arguments = arguments
    }

    private static let publish = Array("\"PUBLISH\" \"".utf8)
    private static let decisions = Array("governor.decisions\"".utf8)

    /// The first words of a line tell whether it matters, long before its payload is unquoted.
    package static func mayMatter(_ line: [UInt8]) -> Bool {
        guard let open = line.firstIndex(of: UInt8(ascii: "\"")) else { return false }
        // PUBLISH is nine of ten lines; of those, only decisions are looked at here.
        let head = line[open...].prefix(publish.count)
        let isPublish =
            head.count == publish.count
            && zip(head, publish).allSatisfy { $0 & 0xDF == $1 & 0xDF }
        guard isPublish else { return true }
        return line[(open + publish.count)...].starts(with: decisions)
    }

    private static func microseconds(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let point = text.firstIndex(of: UInt8(ascii: ".")), text.endIndex - point == 7,
            let seconds = Int64(String(decoding: text[..<point], as: UTF8.self)),
            let micros = Int64(String(decoding: text[(point + 1)...], as: UTF8.self))
        else { return nil }
        return seconds * 1_000_000 + micros
    }

    /// Redis' `sdscatrepr`: quotes, backslashes, `\n \r \t \a \b`, `\xHH` for all else that can't be printed.
    private static func arguments(_ text: ArraySlice<UInt8>) -> [[UInt8]]? {
        var arguments: [[UInt8]] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] != 0x20 else {
                index += 1
                continue
            }
            guard text[index] == UInt8(ascii: "\"") else { return nil }
            index += 1
            var argument: [UInt8] = []
            while index < text.endIndex, text[index] != UInt8(ascii: "\"") {
                guard text[index] == UInt8(ascii: "\\") else {
                    argument.append(text[index])
                    index += 1
                    continue
                }
                guard index + 1 < text.endIndex, let (byte, length) = escape(text[(index + 1)...]) else { return nil }
                argument.append(byte)
                index += 1 + length
            }
            guard index < text.endIndex else { return nil }
            index += 1
            arguments.append(argument)
        }
        return arguments
    }

    private static func escape(_ text: ArraySlice<UInt8>) -> (UInt8, Int)? {
        switch text.first {
        case UInt8(ascii: "n"): return (0x0A, 1)
        case UInt8(ascii: "r"): return (0x0D, 1)
        case UInt8(ascii: "t"): return (0x09, 1)
        case UInt8(ascii: "a"): return (0x07, 1)
        case UInt8(ascii: "b"): return (0x08, 1)
        case UInt8(ascii: "x"):
            guard text.count >= 3,
                let byte = UInt8(String(decoding: text.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            return (byte, 3)
        case let byte?: return (byte, 1)
        case nil: return nil
        }
    }
}
