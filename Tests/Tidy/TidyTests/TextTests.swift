import Testing

private let lengthMaximum = 400
private let widthMaximum = 130

@Suite struct TextTests {
    @Test func `no file is longer than 400 lines`() {
        let long = Repository.swift.filter { $0.lines.count > lengthMaximum + 1 }.map { "\($0.path): \($0.lines.count)" }
        #expect(long == [])
    }

    @Test func `no line is wider than the page`() {
        let wide = Repository.swift.filter { $0.parts.first == "Sources" }.flatMap { source in
            source.lines.enumerated().filter { $0.element.count > widthMaximum }.map { "\(source.path):\($0.offset + 1)" }
        }
        #expect(wide == [])
    }

    @Test func `a file is named after what it holds, never after nothing`() {
        let empty = ["Util", "Helper", "Manager", "Common", "Misc", "Base", "Impl"]
        // A baseline is what figures are compared with: the field's own word.
        let named = Repository.swift.map { $0.path.replacing("Baseline", with: "") }.filter { path in
            empty.contains { path.contains($0) }
        }
        #expect(named == [])
    }

    @Test func `nothing unfinished or unchecked is in the sources`() {
        let banned = ["try!", "fatalError()", "TO" + "DO", "FIX" + "ME", "as!", "not impl" + "emented"]
        let found = Repository.swift.filter { $0.parts.first == "Sources" }.flatMap { source in
            source.lines.enumerated().compactMap { line in
                banned.first { line.element.contains($0) }.map { "\(source.path):\(line.offset + 1): \($0)" }
            }
        }
        #expect(found == [])
    }

    @Test func `tests wait for conditions, never for time`() {
        let sleeping = ["Task." + "sleep", "Thread." + "sleep", "us" + "leep("]
        let found = Repository.swift.filter { $0.parts.first == "Tests" }.flatMap { source in
            source.lines.enumerated().compactMap { line in
                sleeping.first { line.element.contains($0) }.map { "\(source.path):\(line.offset + 1): \($0)" }
            }
        }
        #expect(found == [])
    }

    @Test func `no network tool is run where netlink is the way`() {
        let tools = ["\"tc\"", "\"nft\"", "\"iptables\"", "\"ss\"", "\"ip\"", "/sbin/tc", "/sbin/ip"]
        let found = Repository.files(below: "Sources", endings: ["swift", "c"]).filter { source in
            tools.contains { source.text.contains($0) }
        }.map(\.path)
        #expect(found == [])
    }

    @Test func `what a test starts ends with the test`() {
        #expect(startedForGood(in: Repository.swift) == [])
        let planted = [
            Repository.Source(path: "Tests/A.swift", text: "try ChildProcess(name, Command(path, []), output: 2)\n"),
            Repository.Source(path: "Tests/B.swift", text: "try ChildProcess(name, Command(path, [], endsWithUs: true))\n"),
        ]
        #expect(startedForGood(in: planted) == ["Tests/A.swift"])
    }

    /// A runner that is killed would leave it behind.
    private func startedForGood(in sources: [Repository.Source]) -> [String] {
        sources.filter { source in
            source.parts.first == "Tests" && source.parts.last != "TextTests.swift"
                && source.text.contains("try ChildProcess(") && !source.text.contains("endsWithUs")
        }.map(\.path)
    }

    @Test func `scripts stay short`() {
        let long = Repository.files(below: "scripts", endings: [""]).filter { $0.lines.count > 31 }.map(\.path)
        #expect(long == [])
    }
}
