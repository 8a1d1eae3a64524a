import Archive
import Foundation
import Glibc
import Messages
import Processes
import Sockets
import Testing
import Units

/// `gauntlet` as a user starts it: the built program, in a directory of its own.
final class Rig {
    static let programs: String = {
        // The test bundle lies beside the programs.
        var path = Programs.ownDirectory
        for _ in 0..<6 where access("\(path)/gauntlet", X_OK) != 0 { path = URL(filePath: path).deletingLastPathComponent().path }
        if access("\(path)/gauntlet", X_OK) == 0 { return path }
        return "\(root)/.build/release"
    }()

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    let reactor: Reactor
    let runs: String
    private(set) var output = ""

    init() throws {
        reactor = try Reactor()
        let directory = "\(NSTemporaryDirectory())gauntlet-drill-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        runs = directory
    }

    deinit { try? FileManager.default.removeItem(atPath: runs) }  // A directory below /tmp: left over at worst.

    /// Starts `gauntlet` with these arguments; its output goes to a file beside the runs.
    func start(_ arguments: [String], program: String = "gauntlet") throws -> ChildProcess {
        let log = open("\(runs)/output-\(UInt32.random(in: 0...UInt32.max)).txt", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
        try #require(log >= 0)
        defer { close(log) }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try ChildProcess(
            program,
            Command(
                "\(Rig.programs)/\(program)", arguments, environment: ["PATH": path], directory: Rig.root,
                keepsCapabilities: true, endsWithUs: true),
            output: log, on: reactor)
    }

    func text() -> String {
        let names = Programs.entries(of: runs).filter { $0.hasPrefix("output-") }
        return names.map { String(decoding: ProcessTable.contents("\(runs)/\($0)"), as: UTF8.self) }.joined()
    }

    @discardableResult
    func wait(_ what: String, within limit: Duration, until condition: () -> Bool) -> Bool {
        let holds = reactor.run(until: Instant.now + limit, or: {
            condition()
        })
        if !holds { Issue.record("\(what): not within \(limit.written). Output:\n\(text())") }
        return holds
    }

    /// Looks again every 50 ms: for conditions that no descriptor announces.
    @discardableResult
    func poll(_ what: String, within limit: Duration, until condition: () -> Bool) -> Bool {
        let deadline = Instant.now + limit
        while Instant.now < deadline {
            if condition() { return true }
            _ = reactor.run(until: Instant.now + .milliseconds(50), or: { false })
        }
        if condition() { return true }
        Issue.record("\(what): not within \(limit.written). Output:\n\(text())")
        return false
    }

    var latest: String { "\(runs)/latest" }

    var runID: String? { json("environment.json")?["run"]?.string }

    func json(_ file: String) -> JSON? {
        guard let bytes = try? readFile("\(latest)/\(file)") else { return nil }  // Not there yet.
        return try? JSON(parsing: bytes)
    }

    /// Whether the history has a line with this text.
    func historyHas(_ text: String) -> Bool {
        guard let bytes = try? readFile("\(latest)/history.ndjson") else { return false }  // Not there yet.
        return String(decoding: bytes, as: UTF8.self).contains(text)
    }

    func processes(named name: String? = nil) -> [ProcessTable.Entry] {
        guard let runID else { return [] }
        return ProcessTable.entries().filter { $0.run == runID && (name == nil || $0.name == name) }
    }
}
