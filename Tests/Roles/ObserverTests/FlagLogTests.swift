import Messages
import Testing
import Units

@testable import ObserverCore

@Suite struct FlagLogTests {
    private var log = FlagLog(governor: "198.18.0.13", conductor: "198.18.1.16")

    private mutating func take(_ client: String, _ words: String...) -> [FlagLog.Event] {
        let quoted = words.map { "\"\($0)\"" }.joined(separator: " ")
        guard let line = MonitorLine(parsing: Array("1700000000.123456 [0 \(client)] \(quoted)".utf8)) else {
            return []
        }
        return log.receive(line).map(\.event)
    }

    @Test func `a line of MONITOR is read to the byte, escapes included`() {
        let text = #"1700000000.123456 [0 198.18.0.13:40000] "SET" "a\"b\\c\n\r\t\a\b\x00\xff" "{\"x\":1}""#
        let line = MonitorLine(parsing: Array(text.utf8))
        #expect(line?.at == WallTime(nanoseconds: 1_700_000_000_123_456_000))
        #expect(line?.client == "198.18.0.13:40000")
        #expect(
            line?.arguments == [
                Array("SET".utf8), Array("a\"b\\c\n\r\t\u{7}\u{8}\0".utf8) + [0xFF], Array(#"{"x":1}"#.utf8)
            ])
    }

    @Test(arguments: [
        "OK", "", "1700000000.123 [0 1.2.3.4:5] \"GET\"", "1700000000.123456 0 \"GET\"",
        "1700000000.123456 [0 lua] \"GET", "1700000000.123456 [0 lua] GET", "x.123456 [0 lua] \"GET\""
    ])
    func `what is no line of MONITOR is refused`(_ text: String) {
        #expect(MonitorLine(parsing: Array(text.utf8)) == nil)
    }

    @Test func `of published messages only decisions are unquoted`() {
        func matters(_ text: String) -> Bool { MonitorLine.mayMatter(Array(text.utf8)) }
        #expect(!matters(#"1700000000.123456 [0 1.2.3.4:5] "PUBLISH" "market.depth.NVDA" "{}""#))
        #expect(matters(#"1700000000.123456 [0 1.2.3.4:5] "publish" "governor.decisions" "{}""#))
        #expect(matters(#"1700000000.123456 [0 1.2.3.4:5] "SET" "governor.pause" "true""#))
    }

    @Test mutating func `a flag's writer is the governor, the operator, or the address it came from`() {
        #expect(
            take("198.18.0.13:1", "SET", "governor.critical_pause", "true")
                == [.flag(key: "critical_pause", value: "true", by: "governor", command: "SET")])
        #expect(
            take("198.18.1.16:2", "set", "governor.pause", "false")
                == [.flag(key: "pause", value: "false", by: "operator", command: "SET")])
        #expect(
            take("198.18.0.99:3", "SET", "governor.pause", "no")
                == [.flag(key: "pause", value: "no", by: "198.18.0.99:3", command: "SET")])
    }

    @Test mutating func `what a script writes is its caller's act`() {
        _ = take("198.18.0.13:1", "EVALSHA", "abc", "0")
        #expect(
            take("lua", "SET", "governor.critical_pause", "true")
                == [.flag(key: "critical_pause", value: "true", by: "governor", command: "SET")])
        #expect(
            take("lua", "HSET", "governor.state", "state", "PAUSED", "epoch", "7")
                == [.state(["state": "PAUSED", "epoch": "7"], by: "governor")])
    }

    @Test mutating func `a conditional write that changes nothing is no event`() {
        log.begin(flag: "governor.pause", value: "true")
        #expect(take("198.18.0.13:1", "SET", "governor.pause", "false", "NX").isEmpty)
        #expect(take("198.18.0.13:1", "SETNX", "governor.pause", "false").isEmpty)
        #expect(take("198.18.0.13:1", "SET", "governor.critical_pause", "false", "XX").isEmpty)
        #expect(take("198.18.0.13:1", "SET", "governor.pause", "false", "XX").count == 1)
    }

    @Test(arguments: ["DEL", "UNLINK", "GETDEL", "FLUSHALL", "FLUSHDB"])
    mutating func `a flag that is removed is absent, and absent is paused`(_ command: String) {
        log.begin(flag: "governor.pause", value: "false")
        log.begin(flag: "governor.critical_pause", value: "false")
        #expect(!log.isPaused)
        let events =
            command.hasPrefix("FLUSH") ? take("1.2.3.4:5", command) : take("1.2.3.4:5", command, "governor.pause")
        #expect(events.contains(.flag(key: "pause", value: "absent", by: "1.2.3.4:5", command: command)))
        #expect(log.isPaused)
    }

    @Test mutating func `expiry has no command and is known from the keyspace`() {
        log.begin(flag: "governor.pause", value: "false")
        let (entries, ask) = log.keyspace(key: "governor.pause", event: "expired", at: WallTime(nanoseconds: 5))
        #expect(entries.map(\.event) == [.flag(key: "pause", value: "absent", by: "redis", command: "expired")])
        #expect(!ask)
        #expect(log.keyspace(key: "governor.pause", event: "rename_to", at: WallTime(nanoseconds: 6)).ask)
    }

    @Test mutating func `decisions, commands and states are recorded with their writer`() {
        #expect(
            take("198.18.0.13:1", "PUBLISH", "governor.decisions", "{}") == [
                .decision(Array("{}".utf8), by: "governor")
            ])
        #expect(take("198.18.1.16:1", "SET", "governor.command", "flatten") == [.command("flatten", by: "operator")])
        _ = take("198.18.0.13:1", "HSET", "governor.state", "state", "ACTIVE", "epoch", "2")
        #expect(
            take("198.18.0.13:1", "HINCRBY", "governor.state", "epoch", "1")
                == [.state(["state": "ACTIVE", "epoch": "3"], by: "governor")])
    }
}
