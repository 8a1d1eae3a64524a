import Redis
import Testing

struct MonitorLineTests {
    @Test func `a line gives time in nanoseconds, database, client and arguments`() throws {
        let line = try #require(MonitorLine(parsing: #"1700000000.123456 [3 127.0.0.1:5000] "SET" "k" "v""#))
        #expect(line.wallNanoseconds == 1_700_000_000_123_456_000)
        #expect(line.database == 3)
        #expect(line.client == .address("127.0.0.1:5000"))
        #expect(line.arguments == ["SET", "k", "v"].map { Array($0.utf8) })
    }

    @Test func `scripts and Unix sockets are told from addresses`() throws {
        #expect(MonitorLine(parsing: #"1.000001 [0 lua] "GET" "k""#)?.client == .script)
        #expect(MonitorLine(parsing: #"1.000001 [0 unix:/run/r.sock] "GET" "k""#)?.client == .unix("/run/r.sock"))
    }

    @Test func `every escape of the server is undone`() throws {
        let line = try #require(MonitorLine(parsing: #"1.000001 [0 lua] "SET" "" "\"\\\n\r\t\a\b\x00\xfF ""#))
        #expect(line.arguments[1] == [])
        #expect(line.arguments[2] == [34, 92, 10, 13, 9, 7, 8, 0, 255, 32])
    }

    @Test(arguments: [
        "", "OK", "1.5 [0 lua] \"GET\"", "1.000001 0 lua \"GET\"", "1.000001 [0 lua]", "1.000001 [0 lua] GET",
        "1.000001 [0 lua] \"GET", "1.000001 [0 lua] \"GE\\T\"", "1.000001 [0 lua] \"\\x0\"",
        "1.000001 [0 lua] \"a\"\"b\"",
        "x.000001 [0 lua] \"GET\"", "99999999999999999999.000001 [0 lua] \"GET\"",
        "9999999999999.000001 [0 lua] \"GET\"",
        "1.000001 [0 lua] \"GET\" ", "1.000001 [0 lua \"GET\"",
    ])
    func `a line that is not whole is refused`(line: String) {
        #expect(MonitorLine(parsing: line) == nil)
    }
}
