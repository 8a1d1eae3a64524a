import Archive
import Glibc
import History
import Messages
import ScratchFolders
import Sockets
import Testing
import Verdicts
import Units

/// A directory of one test's own, gone when the test is.
final class Scratch {
    let path: String

    init() throws { path = try ScratchFolder.make("archive") }

    deinit { ScratchFolder.remove(path) }
}

func note(_ number: Int, _ type: String = "note", _ source: Observation.Source = .rig) -> Observation {
    Observation(source, type, at: Instant(nanoseconds: Int64(number)), [.init("n", .integer(Int64(number)))])
}

/// The project's own files, found from this one.
func repositoryFile(_ path: String, _ file: String = #filePath) throws -> [UInt8] {
    let resolved = try #require(realpath(file, nil))
    defer { free(resolved) }
    let root = String(cString: resolved).split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    return try readFile("\(root)/\(path)")
}

/// The least that an environment says.
func environmentFile() -> [UInt8] { Array("{\"evidence\":\"\(Evidence.form)\",\"host\":\"lab\"}\n".utf8) }
