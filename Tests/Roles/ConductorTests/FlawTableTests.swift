import ConductorCore
import Testing

private let table = """
    [{"flaw":"flag-never","drill":"hard_kill_short","fail":["pause_flag_delay","a|b"],"inconclusive":["orders_leaked"]}]
    """

@Suite struct FlawTableTests {
    private func row() throws -> FlawTable.Row {
        try #require(try FlawTable(parsing: Array(table.utf8)).rows.first)
    }

    @Test func `exactly the expected gates red is no difference`() throws {
        let gates = ["pause_flag_delay": "fail", "a": "pass", "b": "fail", "orders_leaked": "inconclusive", "recovery": "pass"]
        #expect(try row().differences(from: gates) == [])
    }

    @Test func `a flaw that nothing caught is a difference`() throws {
        let gates = ["pause_flag_delay": "pass", "a": "pass", "b": "fail", "orders_leaked": "inconclusive"]
        #expect(try row().differences(from: gates) == ["pause_flag_delay should fail, is pass"])
    }

    @Test func `a gate that is red without reason is a difference`() throws {
        let gates = ["pause_flag_delay": "fail", "b": "fail", "orders_leaked": "inconclusive", "latch_kept": "fail"]
        #expect(try row().differences(from: gates) == ["latch_kept should pass, is fail"])
    }

    @Test(arguments: [
        ["pause_flag_delay": "inconclusive", "b": "fail", "orders_leaked": "inconclusive"],
        ["pause_flag_delay": "fail", "a": "inconclusive", "b": "pass", "orders_leaked": "inconclusive"],
        ["pause_flag_delay": "fail", "b": "fail", "orders_leaked": "inconclusive", "latch_kept": "inconclusive"],
    ])
    func `a run whose gates are at worst inconclusive leaves a flaw undecided`(_ gates: [String: String]) throws {
        #expect(try row().isUndecided(by: gates))
    }

    @Test(arguments: [
        ["pause_flag_delay": "fail", "b": "fail", "orders_leaked": "inconclusive"],
        ["pause_flag_delay": "pass", "b": "inconclusive", "orders_leaked": "inconclusive"],
        ["pause_flag_delay": "inconclusive", "b": "fail", "orders_leaked": "pass"],
        ["pause_flag_delay": "inconclusive", "b": "fail", "orders_leaked": "inconclusive", "latch_kept": "fail"],
        ["pause_flag_delay": "inconclusive", "orders_leaked": "inconclusive"],
    ])
    func `a flaw that was caught, and one that a gate or its absence contradicts, is decided`(
        _ gates: [String: String]
    ) throws {
        #expect(try !row().isUndecided(by: gates))
    }

    @Test func `a row's profile is used in short trials and left out in full ones`() throws {
        let text = #"[{"flaw":"x","drill":"flood","profile":"selftest","fail":[],"inconclusive":[]}]"#
        let row = try #require(try FlawTable(parsing: Array(text.utf8)).rows.first)
        #expect(row.title == "flood-selftest")
        #expect(row.inFull.title == "flood")
        #expect(try self.row().inFull.title == "hard_kill_governance")
    }

    @Test func `a drill that needs the whole machine says so, in a word that is true or false`() throws {
        func rows(_ alone: String) throws -> [FlawTable.Row] {
            try FlawTable(parsing: Array(#"[{"flaw":"x","drill":"y","alone":\#(alone),"fail":[],"inconclusive":[]}]"#.utf8)).rows
        }
        #expect(try rows("true").first?.isAlone == true)
        #expect(try rows("true").first?.inFull.isAlone == true)
        #expect(try self.row().isAlone == false)
        #expect(throws: (any Error).self) { try rows("\"yes\"") }
    }

    @Test func `a row without its lists is refused with the field's name`() {
        #expect(throws: (any Error).self) { try FlawTable(parsing: Array(#"[{"flaw":"x","drill":"y","fail":[]}]"#.utf8)) }
    }
}
