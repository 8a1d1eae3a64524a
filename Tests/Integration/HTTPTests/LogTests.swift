import Telemetry
import Testing

struct LogTests {
    @Test func `a record is one line, whatever its values hold`() {
        let line = Log.line(
            microseconds: 1_700_000_000_123_456, level: .warning, message: "the session ended",
            metadata: ["endpoint": "198.18.0.12:9878", "reason": "a \"b\"\nc=d", "empty": "", "tab": "\t"])
        #expect(
            line == "2023-11-14T22:13:20.123456Z warning the session ended endpoint=198.18.0.12:9878 "
                + #"reason="a \"b\"\nc=d" empty="" tab="\u{9}""# + "\n")
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_735_689_599_999_999, "2024-12-31T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func `dates are right on leap days, at year ends and in 2100`(microseconds: Int64, expected: String) {
        #expect(
            Log.line(microseconds: microseconds, level: .info, message: "m", metadata: [:]) == "\(expected) info m\n")
    }
}
