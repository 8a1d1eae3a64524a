import Archive
import CLinux
import Glibc
import History
import Judging
import Messages
import Sockets
import Testing
import Units
import Verdicts

/// A disk of our own that is soon full.
private final class SmallDisk {
    let path: String
    /// Held: its folder can go only after the disk in it.
    private let scratch: Scratch

    init(_ scratch: Scratch) throws {
        self.scratch = scratch
        path = "\(scratch.path)/disk"
        try #require(mkdir(path, 0o755) == 0)
        try #require(mount("tmpfs", path, "tmpfs", 0, "size=512k") == 0, "errno \(errno)")
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}

@Suite struct FullDiskTests {
    @Test(.enabled(if: geteuid() == 0, "mounting a small disk needs root"))
    func `a disk that fills up in mid-run leaves readable evidence, inconclusive, exit code 2`() throws {
        let scratch = try Scratch()
        let disk = try SmallDisk(scratch)
        let run = try RunDirectory.create(
            under: disk.path, scenario: "hard_kill_short", started: WallTime(nanoseconds: 1_697_549_400_000_000_000), seed: 1)
        try run.write(try repositoryFile("chaos/hard_kill_short.yaml"), to: "scenario.yaml")
        try run.write(environmentFile(), to: "environment.json")
        let reactor = try Reactor()
        let history = try HistoryFile(creating: "\(run.path)/history.ndjson", on: reactor)
        let samples = try SampleFiles(creating: run.path, on: reactor)
        var told: [ArchiveError] = []
        samples.onFailure = { told.append($0) }
        history.onFailure = { told.append($0) }
        var stored = 0
        do {
            // Many times what the disk holds.
            for number in 0..<100_000 {
                try history.append(note(number))
                try samples.append(.memory, at: Instant(nanoseconds: Int64(number))) { row in
                    row.text("governor")
                    row.integer(7)
                    row.integer(Int64(number))
                    row.integer(1)
                }
                stored += 1
            }
            Issue.record("the disk never filled up")
        } catch {
            #expect(error.isDiskFull && error.description.contains("free space"))
        }
        #expect(told.count == 1)
        #expect(stored > 1_000)
        #expect(throws: ArchiveError.self) { try samples.close(); try history.close() }
        let evidence = try RunJudge.evidence(run)
        #expect(evidence.history.count > 1_000)
        let verdict = try RunJudge.judge(run)
        #expect(verdict.outcome == .inconclusive && verdict.exitCode == 2)
    }
}
