import Archive
import Glibc
import History
import Sockets
import Testing
import Units

@Suite struct HistoryFileTests {
    @Test func `what is appended is on disk within a tenth of a second, chained`() throws {
        let scratch = try Scratch()
        let reactor = try Reactor()
        let file = try HistoryFile(creating: "\(scratch.path)/history.ndjson", on: reactor)
        for number in 0..<10 { try file.append(note(number)) }
        #expect(reactor.run(until: .now + .seconds(5)) { (try? readFile(file.path).count) ?? 0 > 0 })
        let history = try History(parsing: try readFile(file.path))
        #expect(history.records.count == 10)
        #expect(history.head == file.head)
        try file.close()
    }

    @Test func `a fault record is written before append returns`() throws {
        let scratch = try Scratch()
        let reactor = try Reactor()
        let file = try HistoryFile(creating: "\(scratch.path)/history.ndjson", on: reactor)
        try file.append(note(0))
        #expect(try readFile(file.path).isEmpty)
        try file.append(note(1, "fault_requested", .chaos))
        #expect(try History(parsing: try readFile(file.path)).records.count == 2)
    }

    @Test func `an existing history is never overwritten`() throws {
        let scratch = try Scratch()
        let reactor = try Reactor()
        let path = "\(scratch.path)/history.ndjson"
        try HistoryFile(creating: path, on: reactor).close()
        #expect(throws: ArchiveError.self) { try HistoryFile(creating: path, on: reactor) }
    }

    @Test func `a history goes on where it ended, and a torn line is cut and recorded`() throws {
        let scratch = try Scratch()
        let reactor = try Reactor()
        let path = "\(scratch.path)/history.ndjson"
        let first = try HistoryFile(creating: path, on: reactor)
        for number in 0..<3 { try first.append(note(number)) }
        try first.close()
        let whole = try readFile(path)
        try writeFile(Array(whole.dropLast(5)), to: path)
        let second = try HistoryFile(continuing: path, on: reactor)
        try second.append(note(4))
        try second.close()
        let history = try History(parsing: try readFile(path))
        #expect(history.records.map(\.observation.type) == ["note", "note", "torn", "note"])
        #expect(history.tornBytes == 0)
    }

    @Test func `a broken chain is not continued`() throws {
        let scratch = try Scratch()
        let reactor = try Reactor()
        let path = "\(scratch.path)/history.ndjson"
        let file = try HistoryFile(creating: path, on: reactor)
        for number in 0..<3 { try file.append(note(number)) }
        try file.close()
        var bytes = try readFile(path)
        bytes[20] ^= 1
        try writeFile(bytes, to: path)
        #expect(throws: ArchiveError.self) { try HistoryFile(continuing: path, on: reactor) }
    }

    @Test func `a full disk is a clear error, and nothing is written after it`() throws {
        let reactor = try Reactor()
        // The kernel's own full disk.
        let link = try Scratch()
        #expect(symlink("/dev/full", "\(link.path)/history.ndjson") == 0)
        #expect(throws: ArchiveError.self) { try HistoryFile(creating: "\(link.path)/history.ndjson", on: reactor) }
        #expect(ArchiveError("x", "write", code: ENOSPC).isDiskFull)
        #expect(ArchiveError("x", "write", code: ENOSPC).description.contains("free space"))
    }
}
