import Archive
import Glibc
import History
import Judging
import Messages
import Sockets
import Testing
import Units
import Verdicts

@Suite struct RunDirectoryTests {
    private let noon = WallTime(nanoseconds: 1_697_549_400_123_000_000)

    @Test func `a run is created once, named by time and seed, and latest points at it`() throws {
        let scratch = try Scratch()
        let run = try RunDirectory.create(under: "\(scratch.path)/runs", scenario: "hard_kill_short", started: noon, seed: 42)
        #expect(run.path.hasSuffix("runs/hard_kill_short/20231017T133000Z-42"))
        #expect(throws: ArchiveError.self) {
            try RunDirectory.create(under: "\(scratch.path)/runs", scenario: "hard_kill_short", started: noon, seed: 42)
        }
        let second = try RunDirectory.create(under: "\(scratch.path)/runs", scenario: "hard_kill_short", started: noon, seed: 43)
        try second.write([1], to: "x")
        #expect(try RunDirectory(existing: "\(scratch.path)/runs/latest").read("x") == [1])
    }

    @Test(arguments: ["../x", "", "a/b", "A"]) func `a scenario's name can't lead elsewhere`(_ name: String) throws {
        let scratch = try Scratch()
        #expect(throws: ArchiveError.self) { try RunDirectory.create(under: scratch.path, scenario: name, started: noon, seed: 1) }
    }

    /// A run that crashed early: a scenario and a history of a few records.
    private func crashedRun(_ scratch: Scratch) throws -> RunDirectory {
        let run = try RunDirectory.create(under: scratch.path, scenario: "hard_kill_short", started: noon, seed: 1)
        try run.write(try repositoryFile("chaos/hard_kill_short.yaml"), to: "scenario.yaml")
        try run.write(environmentFile(), to: "environment.json")
        let reactor = try Reactor()
        let file = try HistoryFile(creating: "\(run.path)/history.ndjson", on: reactor)
        for number in 0..<5 { try file.append(note(number)) }
        try file.close()
        return run
    }

    @Test func `a crashed run is readable and inconclusive, and judging again gives the same bytes`() throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        let verdict = try RunJudge.judgeAndWrite(run)
        #expect(verdict.outcome == .inconclusive)
        let first = try run.read("verdict.json")
        let again = try RunJudge.judgeAgain(run)
        #expect(again.differences == [])
        #expect(again.verdict.bytes == first)
        _ = try RunJudge.judgeAndWrite(run)
        #expect(try run.read("verdict.json") == first)
    }

    @Test(arguments: ["{}", #"{"evidence":"gauntlet.evidence/1"}"#])
    func `a run that was recorded in another form is refused, with what to do`(_ environment: String) throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        unlink("\(run.path)/environment.json")
        try run.write(Array(environment.utf8), to: "environment.json")
        let error = #expect(throws: ArchiveError.self) { try RunJudge.judge(run) }
        #expect(error?.operation == "judge")
        #expect(error?.description.contains("judge it with the version of gauntlet that recorded it") == true)
    }

    private func read(_ bytes: [UInt8]) -> HistoryReader {
        var reader = HistoryReader()
        bytes.withUnsafeBytes { reader.read($0) { _ in } }
        return reader
    }

    @Test func `every flipped byte of the history is found`() throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        let bytes = try run.read("history.ndjson")
        for position in bytes.indices {
            var flipped = bytes
            flipped[position] ^= 0x01
            let (before, after) = (read(bytes), read(flipped))
            #expect(after.failure != nil || after.facts.head != before.facts.head,
                "byte \(position)")
        }
    }

    @Test(arguments: ["history.ndjson", "scenario.yaml", "environment.json", "verdict.json", "junit.xml", "summary.md", "seal.sha256"])
    func `one changed, missing or added byte of a sealed file is found`(_ name: String) throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        _ = try RunJudge.judgeAndWrite(run)
        #expect(try RunJudge.verify(run) == [])
        let bytes = try run.read(name)
        for position in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 12)) {
            var flipped = bytes
            flipped[position] ^= 0x01
            try run.write(flipped, to: name)
            #expect(try RunJudge.verify(run) != [], "\(name) byte \(position)")
        }
        try run.write(bytes + [0x0A], to: name)
        #expect(try RunJudge.verify(run) != [])
        try run.write(Array(bytes.dropLast()), to: name)
        #expect(try RunJudge.verify(run) != [])
        unlink("\(run.path)/\(name)")
        #expect(try RunJudge.verify(run) != [])
        try run.write(bytes, to: name)
        #expect(try RunJudge.verify(run) == [])
    }

    @Test func `judging again finds a byte that has changed, beside a verdict that came out the same`() throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        try run.write([1, 2, 3], to: "logs/some.log")
        _ = try RunJudge.judgeAndWrite(run)
        try run.write([1, 2, 4], to: "logs/some.log")
        #expect(try RunJudge.judgeAgain(run).differences == ["logs/some.log was changed"])
    }

    @Test func `files are hashed alike beside other work, and one that can't be read counts first`() throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        let paths = try run.paths()
        let beside = try run.files(paths) { () throws(ArchiveError) -> Int in try run.read("scenario.yaml").count }
        #expect(try beside.files == run.files(paths))
        #expect(try beside.made == run.read("scenario.yaml").count)
        let missing = #expect(throws: ArchiveError.self) {
            try run.files(["gone"]) { () throws(ArchiveError) -> Int in throw ArchiveError("elsewhere", "read", "planted") }
        }
        #expect(missing?.path.hasSuffix("/gone") == true)
        let planted = #expect(throws: ArchiveError.self) {
            try run.files(paths) { () throws(ArchiveError) -> Int in throw ArchiveError("elsewhere", "read", "planted") }
        }
        #expect(planted?.path == "elsewhere")
    }

    @Test func `an added file is found`() throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        _ = try RunJudge.judgeAndWrite(run)
        try run.write([], to: "logs/more.log")
        #expect(try RunJudge.verify(run) == ["logs/more.log was added"])
    }

    @Test func `a broken chain is judged inconclusive and says where`() throws {
        let scratch = try Scratch()
        let run = try crashedRun(scratch)
        var bytes = try run.read("history.ndjson")
        bytes[bytes.count / 2] ^= 1
        try run.write(bytes, to: "history.ndjson")
        let verdict = try RunJudge.judge(run)
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.defects.first?.contains("history.ndjson:") == true)
    }
}
