import Archive
import Glibc
import History
import Judging
import Messages
import Sockets
import Testing
import Units
import Verdicts

@Suite struct SampleFilesTests {
    private func memory(_ number: Int) -> Observation {
        Observation(
            .scrape, "memory", at: Instant(nanoseconds: Int64(number)),
            [.init("name", "governor"), .init("pid", 7), .init("rss_kb", .integer(Int64(number))), .init("anon_kb", 1)])
    }

    @Test func `rows are in the file within a tenth of a second, and the seal has their number and hash`() throws {
        let scratch = try Scratch()
        let reactor = try Reactor()
        let files = try SampleFiles(creating: scratch.path, on: reactor)
        let path = "\(scratch.path)/\(SampleStream.memory.file)"
        let header = try readFile(path).count
        for number in 0..<1_000 {
            let isWhole = try files.append(.memory, memory(number))
            #expect(isWhole)
        }
        #expect(reactor.run(until: .now + .seconds(5)) { (try? readFile(path).count) ?? 0 > header })
        let seals = try files.close()
        #expect(seals.map(\.file) == SampleStream.allCases.map(\.file))
        let seal = try #require(seals.first { $0.file == SampleStream.memory.file })
        let bytes = try readFile(path)
        #expect(seal.rows == 1_000 && seal.bytes == Int64(bytes.count) && seal.sha256 == SHA256.hash(bytes).hexadecimal)
    }

    @Test func `a file that exists is never overwritten`() throws {
        let scratch = try Scratch()
        let reactor = try Reactor()
        _ = try SampleFiles(creating: scratch.path, on: reactor).close()
        #expect(throws: ArchiveError.self) { try SampleFiles(creating: scratch.path, on: reactor) }
    }

    /// A run whose observer closed in order; nothing happened in it.
    private func quietRun(_ scratch: Scratch) throws -> RunDirectory {
        let run = try RunDirectory.create(
            under: scratch.path, scenario: "hard_kill_short", started: WallTime(nanoseconds: 1_697_549_400_000_000_000), seed: 1)
        try run.write(try repositoryFile("chaos/hard_kill_short.yaml"), to: "scenario.yaml")
        try run.write(environmentFile(), to: "environment.json")
        let reactor = try Reactor()
        let history = try HistoryFile(creating: "\(run.path)/history.ndjson", on: reactor)
        let samples = try SampleFiles(creating: run.path, on: reactor)
        for number in 0..<20 { _ = try samples.append(.memory, memory(number)) }
        for seal in try samples.close() {
            try history.append(
                Observation(
                    .rig, "samples", at: Instant(nanoseconds: 9),
                    [
                        .init("file", .string(seal.file)), .init("rows", .integer(Int64(seal.rows))),
                        .init("sha256", .string(seal.sha256)),
                    ]))
        }
        try history.close()
        return run
    }

    private func complaint(_ run: RunDirectory) throws -> String {
        try RunJudge.judge(run).gate(.evidenceComplete)?.reason ?? ""
    }

    @Test func `one changed, removed or added byte of a sample file makes it differ from what the chain says`() throws {
        let scratch = try Scratch()
        let run = try quietRun(scratch)
        let name = SampleStream.memory.file
        #expect(!(try complaint(run)).contains("samples/"))
        let bytes = try run.read(name)
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 1
            try run.write(changed, to: name)
            #expect(try complaint(run).contains(name), "byte \(position)")
        }
        for damaged in [Array(bytes.dropLast()), bytes + [0x0A], bytes + Array(bytes.suffix(20)), []] {
            try run.write(damaged, to: name)
            #expect(try complaint(run).contains(name))
        }
        unlink("\(run.path)/\(name)")
        #expect(try complaint(run).contains("no \(name)"))
        try run.write(bytes, to: name)
        #expect(!(try complaint(run)).contains("samples/"))
    }
}
