import Testing

/// Rows of `docs/coverage.md`: area, row, rule, test, planted bug, last measured.
private func rows(_ text: String) -> [[String]] {
    text.split(separator: "\n").filter { $0.hasPrefix("|") && !$0.hasPrefix("|--") && !$0.hasPrefix("| area") && !$0.hasPrefix("|:-") }
        .map { $0.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { cell in
            String(cell).trimmingPrefix(while: { $0 == " " }).description
        } }
}

/// Names in backticks: `` `a paused governor sends nothing` ``.
private func quoted(_ cell: String) -> [String] {
    cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
}

/// The names of all functions in sources: what stands between `func` and its parameters, without backticks.
private func functions(in sources: String) -> Set<String> {
    Set(sources.split(separator: "func ").dropFirst().map { after in
        String(after.first == "`" ? after.dropFirst().prefix { $0 != "`" } : after.prefix { $0 != "(" && $0 != "<" })
    })
}

/// What is wrong with the table: a text a row.
private func mistakes(in table: String, tests: String) -> [String] {
    let known = functions(in: tests)
    var found: [String] = []
    for row in rows(table) {
        guard row.count == 6 else {
            found.append("not six cells: \(row)")
            continue
        }
        let names = quoted(row[3])
        if names.isEmpty, !row[3].contains("*not built*") { found.append("'\(row[1])': names no test and is not marked as not built") }
        for name in names where !name.contains("/") && !known.contains(name) {
            found.append("'\(row[1])': no test `\(name)`")
        }
    }
    return found
}

@Suite struct CoverageTests {
    @Test func `every row of the coverage table names a test that exists, or says that it is not built`() throws {
        let table = try #require(Repository.text("docs/coverage.md"), "docs/coverage.md is missing")
        let tests = Repository.files(below: "Tests", endings: ["swift"]).map(\.text).joined()
        #expect(rows(table).count > 20)
        #expect(mistakes(in: table, tests: tests) == [])
    }

    @Test func `a row without a test, and one with a test that is gone, are noticed`() {
        let table = """
            | area | row | rule | test | planted bug | last measured |
            |---|---|---|---|---|---|
            | a | one | r | `this test exists` | p | today |
            | a | two | r | `this test is gone` | p | today |
            | a | three | r |  | p | today |
            | a | four | r | *not built* | | |
            """
        #expect(mistakes(in: table, tests: "@Test func `this test exists`() {").count == 2)
    }
}
