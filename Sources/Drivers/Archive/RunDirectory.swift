// One directory a run: `runs/<scenario>/<UTC time>-<seed>/`, created once and never reused, and `runs/latest`,
// a link that is swapped in one step so that a reader never finds it missing.

import Glibc
import History
import Units

package struct RunDirectory: Hashable, Sendable {
    /// What a verdict seals of a file.
    package struct File: Hashable, Sendable {
        /// Relative to the run directory, `/` between parts.
        package let path: String
        package let bytes: Int64
        /// Hexadecimal.
        package let sha256: String

        package init(path: String, bytes: Int64, sha256: String) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    package let path: String

    /// An existing run. `runs/latest` is followed.
    package init(existing path: String) throws(ArchiveError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw ArchiveError(path, "open", code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ArchiveError(path, "open", "not a directory; name a run: runs/SCENARIO/TIME-SEED or runs/latest")
        }
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private init(path: String) { self.path = path }

    /// Creates the directory, refuses one that exists, and points `latest` at it.
    package static func create(
        under root: String, scenario: String, started: WallTime, seed: UInt64
    ) throws(ArchiveError) -> RunDirectory {
        let legal = scenario.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
        guard legal, !scenario.isEmpty else {
            throw ArchiveError(scenario, "create", "a scenario's name has a-z, 0-9, '_' and '-' only")
        }
        try directory(root)
        try directory("\(root)/\(scenario)")
        let name = "\(started.utcFileText)-\(seed)"
        let path = "\(root)/\(scenario)/\(name)"
        guard mkdir(path, 0o755) == 0 else { throw ArchiveError(path, "create", code: errno) }
        for part in ["samples", "logs"] { try directory("\(path)/\(part)") }
        try swapLatest(under: root, to: "\(scenario)/\(name)")
        return RunDirectory(path: path)
    }

    private static func directory(_ path: String) throws(ArchiveError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw ArchiveError(path, "create", code: errno) }
    }

    private static func swapLatest(under root: String, to target: String) throws(ArchiveError) {
        let fresh = "\(root)/.latest.\(getpid())"
        unlink(fresh)
        guard symlink(target, fresh) == 0 else { throw ArchiveError(fresh, "link", code: errno) }
        guard rename(fresh, "\(root)/latest") == 0 else {
            let code = errno
            unlink(fresh)
            throw ArchiveError("\(root)/latest", "link", code: code)
        }
    }

    /// The paths of all regular files below, sorted by bytes. A link or a device in a run is refused: it can't be sealed.
    package func paths() throws(ArchiveError) -> [String] {
        var found: [String] = []
        var directories = [""]
        while let directory = directories.popLast() {
            for name in try RunDirectory.names(in: "\(path)/\(directory)") {
                let relative = directory.isEmpty ? name : "\(directory)/\(name)"
                var status = stat()
                guard lstat("\(path)/\(relative)", &status) == 0 else {
                    throw ArchiveError("\(path)/\(relative)", "list", code: errno)
                }
                switch status.st_mode & S_IFMT {
                case S_IFDIR: directories.append(relative)
                case S_IFREG: found.append(relative)
                default: throw ArchiveError("\(path)/\(relative)", "list", "not a regular file; remove it from the run")
                }
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func names(in directory: String) throws(ArchiveError) -> [String] {
        guard let stream = opendir(directory) else { throw ArchiveError(directory, "list", code: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Size and hash of each of `paths`, in their order.
    package func files(_ paths: [String]) throws(ArchiveError) -> [File] {
        var files: [File] = []
        for relative in paths {
            let (bytes, sha256) = try fileHash("\(path)/\(relative)")
            files.append(File(path: relative, bytes: bytes, sha256: sha256))
        }
        return files
    }

    /// The same, on a thread of its own while `body` goes on here. A file that can't be read counts before what
    /// `body` throws.
    package func files<Made>(
        _ paths: [String], while body: () throws(ArchiveError) -> Made
    ) throws(ArchiveError) -> (files: [File], made: Made) {
        let hashing = try HashThread(self, paths)
        let made = Result { () throws(ArchiveError) in try body() }
        return (try hashing.files(), try made.get())
    }

    package func read(_ relative: String) throws(ArchiveError) -> [UInt8] { try readFile("\(path)/\(relative)") }

    package func exists(_ relative: String) -> Bool { access("\(path)/\(relative)", F_OK) == 0 }

    /// Whole or not at all, and on the disk when this returns.
    package func write(_ bytes: [UInt8], to relative: String) throws(ArchiveError) {
        try writeFile(bytes, to: "\(path)/\(relative)")
    }
}
