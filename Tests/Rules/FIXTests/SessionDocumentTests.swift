import Glibc
import Testing

/// `docs/fix-session.md` against the tests it names.
@Suite struct SessionDocumentTests {
    @Test func `every case of the session document names a test that exists`() throws {
        let here = #filePath.split(separator: "/").dropLast()
        let tests = here.isEmpty ? "" : "/" + here.joined(separator: "/")
        let root = try #require((1...4).lazy.map { "/" + here.dropLast($0).joined(separator: "/") }
            .first { access("\($0)/docs/fix-session.md", R_OK) == 0 })
        let claims = try swiftFiles(in: tests).reduce(into: Set<String>()) { $0.formUnion(testNames(in: $1)) }
        let page = try contents(of: "\(root)/docs/fix-session.md")
        let missing = namedTests(in: page).filter { !claims.contains($0) }
        #expect(missing.isEmpty, "docs/fix-session.md names tests that don't exist: \(missing)")
        #expect(namedTests(in: page).count > 60)
    }

    @Test func `a page that names a missing test is found out`() {
        let page = "| case | what happens | what we do | test |\n|---|---|---|---|\n| 1 | a | b | `no such test` |\n"
        #expect(namedTests(in: page) == ["no such test"])
        #expect(testNames(in: "    @Test func `something else`() {}") == ["something else"])
    }

    /// What stands in backticks in the last column of a table row.
    private func namedTests(in page: String) -> [String] {
        page.split(separator: "\n").filter { $0.hasPrefix("|") }.compactMap { row in
            let cells = row.split(separator: "|")
            guard let last = cells.last, last.hasPrefix(" `"), last.hasSuffix("` ") else { return nil }
            return String(last.dropFirst(2).dropLast(2))
        }
    }

    private func testNames(in source: String) -> Set<String> {
        Set(source.split(separator: "\n").compactMap { line in
            guard let start = line.firstRange(of: "func `") else { return nil }
            return line[start.upperBound...].split(separator: "`").first.map(String.init)
        })
    }

    private func swiftFiles(in directory: String) throws -> [String] {
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var texts: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".swift") { texts.append(try contents(of: "\(directory)/\(name)")) }
        }
        return texts
    }

    private func contents(of path: String) throws -> String {
        let file = try #require(fopen(path, "r"), "\(path) can't be read")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
