import Messages
import Units

/// Draws that a seed repeats (SplitMix64, Steele et al. 2014).
struct Draws: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func pick<Element>(_ values: [Element]) -> Element { values[Int(next() % UInt64(values.count))] }
}

/// Lines that a hostile or broken client would send. None of them may have an effect, whoever sends them.
enum HostileRequest {
    private static let words = [
        "inject", "heal", "list", "stop", "shutdown", "eval", "../inject", "inject\u{0}", "INJECT", "hello", "watch ",
    ]
    private static let injections = [
        "; rm -rf /", "$(reboot)", "`id`", "../../etc/passwd", "%s%s%n", "' OR 1=1 --", "\u{202E}slow", "a b", "{{7*7}}",
        "<script>", "\u{7}\u{1B}[2J", String(repeating: "A", count: 4_000), "", "gauntlet\n",
    ]

    /// A line without its end, at most 60 kB.
    static func line(_ draws: inout Draws) -> [UInt8] {
        switch draws.next() % 8 {
        case 0: noise(&draws)
        case 1: Array(badFault(&draws).utf8)
        case 2: Array(#"{"id":1,"command":\#(value(&draws, 3).text())}"#.utf8)
        case 3: Array(#"{"id":1,"command":"inject","fault":\#(value(&draws, 4).text())}"#.utf8)
        case 4: Array(#"{"id":1,"command":"heal","fault":\#(draws.pick(["5", "true", "{}", "[1]", "\"nobody\""]))}"#.utf8)
        case 5: Array((String(repeating: "[", count: Int(draws.next() % 30_000)) + "1").utf8)
        case 6: torn(&draws)
        default: Array("GET /\(draws.pick(injections).filter { $0 != "\n" }) HTTP/1.1".utf8)
        }
    }

    private static func noise(_ draws: inout Draws) -> [UInt8] {
        (0...Int(draws.next() % 300)).map { _ in UInt8(truncatingIfNeeded: draws.next()) }.filter { $0 != 0x0A } + [0x01]
    }

    /// An order to inject that breaks at least one rule: its name is none.
    private static func badFault(_ draws: inout Draws) -> String {
        let fault: JSON = .object([
            .init("id", .string(draws.pick(injections) + " ")), .init("kind", .string(draws.pick(["latency", "partition", "kill"]))),
            .init("from", [.string(draws.pick(["198.18.0.12", "127.0.0.1", "0.0.0.0", "1.2.3", "::1"]))]),
            .init("delay_ns", .integer(Int64(bitPattern: draws.next()))), .init("pid", .integer(Int64(draws.next() % 4))),
            .init("duration_ns", .integer(draws.pick([-1, 0, 1, 10_000_000_000, .max]))),
        ])
        return JSON.object([.init("id", 7), .init("command", "inject"), .init("fault", fault)]).text()
    }

    /// Any JSON; as a fault it lacks a name, as a command it is no word of ours.
    private static func value(_ draws: inout Draws, _ depth: Int) -> JSON {
        switch draws.next() % (depth > 0 ? 7 : 5) {
        case 0: .null
        case 1: .bool(draws.next() % 2 == 0)
        case 2: .integer(Int64(bitPattern: draws.next()) | 1)
        case 3: .string("x" + draws.pick(injections))
        case 4: .fixed(millionths: Int64(truncatingIfNeeded: draws.next() >> 8))
        case 5: .array((0..<Int(draws.next() % 5)).map { _ in value(&draws, depth - 1) })
        default:
            .object((0..<Int(draws.next() % 5)).map { .init("key\($0)", value(&draws, depth - 1)) })
        }
    }

    private static func torn(_ draws: inout Draws) -> [UInt8] {
        let whole = Array(#"{"id":1,"command":"\#(words[Int(draws.next() % 4)])","fault":{"id":"torn","kind":"latency"}}"#.utf8)
        return Array(whole.prefix(1 + Int(draws.next() % UInt64(whole.count - 2))))
    }

    /// An inject that breaks no rule: what it lacks is authority.
    static let wellFormed =
        #"{"id":1,"command":"inject","fault":{"id":"stolen","kind":"partition","from":["198.18.0.12"],"duration_ns":60000000000}}"#

    /// What a TCP client that doesn't know the token may try first.
    static func withoutToken(_ draws: inout Draws) -> [UInt8] {
        let token = RunningAgent.token
        switch draws.next() % 7 {
        case 0: return Array(wellFormed.utf8)
        case 1: return Array(#"{"id":0,"command":"hello","token":"\#(token.dropLast())"}"#.utf8)
        case 2: return Array(#"{"id":0,"command":"hello","token":"\#(token)x"}"#.utf8)
        case 3: return Array(#"{"id":0,"command":"hello","token":["\#(token)"]}"#.utf8)
        case 4: return Array(#"{"id":0,"command":"hello","token":\#(token)}"#.utf8)
        case 5: return Array(#"{"id":0,"command":"hello","token":""}"#.utf8)
        default: return line(&draws)
        }
    }
}
