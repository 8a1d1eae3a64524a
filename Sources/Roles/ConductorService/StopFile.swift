// The global stop: a file in the directory of a run. Whoever can write there may end the drill: everything is healed
// and the run is aborted, so its verdict is inconclusive.

import Archive
import Glibc
import Sockets
import Units

package enum StopFile {
    package static let name = "stop"
    /// How often the conductor looks.
    static let interval = Duration.milliseconds(20)
    private static let textMaximum = 200

    /// Who asked for the stop, and how; `nil` when nobody did. Its first line is repeated, of any content.
    static func reason(in directory: String) -> String? {
        let path = "\(directory)/\(name)"
        guard access(path, F_OK) == 0 else { return nil }
        // A file that can't be read is a stop all the same.
        let bytes = (try? readFile(path)) ?? []
        let line = String(decoding: bytes.prefix { $0 != 0x0A }.prefix(textMaximum), as: UTF8.self)
        return "stopped by an operator\(line.isEmpty ? ", through the file '\(name)'" : ": \(line)")"
    }

    /// - Throws: the run is over, or its directory can't be written.
    package static func write(in directory: String, because reason: String) throws {
        guard access("\(directory)/history.ndjson", F_OK) == 0 || access("\(directory)/scenario.yaml", F_OK) == 0 else {
            throw ConductorError(.usage, directory, "is no run's directory")
        }
        guard access("\(directory)/verdict.json", F_OK) != 0 else {
            throw ConductorError(.usage, directory, "this run is over: it has its verdict")
        }
        try replaceFile("\(directory)/\(name)", "\(reason)\n", mode: 0o644)
    }
}
