/// One line of MONITOR: what the server executed, when, and for whom.
///
///     1700000000.123456 [0 127.0.0.1:5000] "SET" "k" "v"
///
/// Source of the format: `replicationFeedMonitors` and `sdscatrepr` of Redis 7.0. An expiry or an eviction has no
/// line, and a line doesn't tell whether the command succeeded.
package struct MonitorLine: Hashable, Sendable {
    package enum Client: Hashable, Sendable {
        /// `127.0.0.1:5000`.
        case address(String)
        /// Called from a script: the caller's own EVAL line comes before it.
        case script
        /// `unix:/run/redis.sock`, the path only: all clients of that socket look alike.
        case unix(String)
    }

    /// The server's realtime clock, nanoseconds since the Unix epoch, in steps of 1,000.
    package let wallNanoseconds: Int64
    package let database: Int
    package let client: Client
    package let arguments: [[UInt8]]

    /// `nil` for anything that isn't such a line, whole.
    package init?(parsing line: String) { self.init(parsing: Array(line.utf8)) }

    package init?(parsing line: [UInt8]) {
        var rest = line[...]
        guard let seconds = MonitorLine.number(&rest, until: UInt8(ascii: ".")),
            let microseconds = MonitorLine.number(&rest, until: UInt8(ascii: " "), digits: 6),
            rest.popFirst() == UInt8(ascii: "["),
            let database = MonitorLine.number(&rest, until: UInt8(ascii: " ")),
            let end = rest.firstIndex(of: UInt8(ascii: "]"))
        else { return nil }
        let (scaled, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = scaled.addingReportingOverflow(microseconds * 1_000)
        guard !overflowed, !carried else { return nil }
        wallNanoseconds = sum
        self.database = Int(database)
        client = MonitorLine.client(String(decoding: rest[..<end], as: UTF8.self))
        guard let arguments = MonitorLine.arguments(rest[(end + 1)...]), !arguments.isEmpty else { return nil }
        self.arguments = arguments
    }

    /// The command in capitals: `SET`.
    package var command: String { String(decoding: arguments[0], as: UTF8.self).uppercased() }

    private static func client(_ text: String) -> Client {
        if text == "lua" { return .script }
        if text.hasPrefix("unix:") { return .unix(String(text.dropFirst(5))) }
        return .address(text)
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, until end: UInt8, digits: Int? = nil) -> Int64? {
        guard let position = rest.firstIndex(of: end) else { return nil }
        let text = rest[..<position]
        guard !text.isEmpty, text.allSatisfy({ (48...57).contains($0) }), digits ?? text.count == text.count
        else { return nil }
        rest = rest[(position + 1)...]
        return Int64(String(decoding: text, as: UTF8.self))
    }

    private static func arguments(_ text: ArraySlice<UInt8>) -> [[UInt8]]? {
        var rest = text
        var found: [[UInt8]] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: " "), rest.popFirst() == UInt8(ascii: "\""), let argument = quoted(&rest)
            else { return nil }
            found.append(argument)
        }
        return found
    }

    /// What stands before the closing quote, with its escapes undone. `nil` when the quote never closes.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return bytes
            case UInt8(ascii: "\\"):
                guard let plain = escaped(&rest) else { return nil }
                bytes.append(plain)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private static func escaped(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        switch rest.popFirst() {
        case UInt8(ascii: "\\"): return UInt8(ascii: "\\")
        case UInt8(ascii: "\""): return UInt8(ascii: "\"")
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "a"): return 7
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "x"):
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit)
            else { return nil }
            return high << 4 | low
        default: return nil
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        case 65...70: byte - 55
        default: nil
        }
    }
}
