import Messages
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "[]", "{}", "-9223372036854775808", "[1,[2,[3]]]", #"{"a":1,"b":[true,null,"x"]}"#, "1.5", "-0.000001",
        #""\"\\\n\t""#,
    ])
    func `what is written reads back as the same bytes`(_ text: String) throws {
        #expect(try JSON(parsing: text).text() == text)
    }

    @Test func `sorted keys give one form whatever the order`() throws {
        let left = try JSON(parsing: #"{"b":1,"a":{"d":2,"c":3}}"#)
        let right = try JSON(parsing: #"{"a":{"c":3,"d":2},"b":1}"#)
        #expect(left.bytes(.sorted) == right.bytes(.sorted))
        #expect(left.bytes() != right.bytes())
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", "-", "tru", "\"\u{1}\"", "\"\\x\"", "[1] 2", "9223372036854775808",
        "1e400", "'a'", "\"\\ud800\"",
    ])
    func `what is no JSON is refused with the place`(_ text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test(arguments: [#"{"ab":1,"b":2,"ab":3}"#, #"{"ab":1,"\u0061b":2}"#, #"{"\u0061b":1,"ab":2}"#, #"{"\u0061b":1,"x":0,"ab":2}"#])
    func `a key that comes twice is refused, also when it is written in two ways`(_ text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test func `nesting without end is refused, not followed`() {
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 100_000)) }
    }

    @Test func `a real is rounded at the sixth decimal, and no number is null`() {
        #expect(JSON.real(0.123_456_78).text() == "0.123457")
        #expect(JSON.real(2).text() == "2.0")
        #expect(JSON.real(.nan) == .null)
        #expect(JSON.real(.infinity) == .null)
    }

    @Test func `a surrogate pair is one character`() throws {
        #expect(try JSON(parsing: #""\ud83d\ude00""#).string == "😀")
    }
}
