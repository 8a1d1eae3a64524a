import Glibc
import Sockets

/// A directory of one test's own below the temporary one.
package enum ScratchFolder {
    /// Its path; only its owner may look into it.
    package static func make(_ name: String) throws(SystemError) -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/gauntlet-\(name)-XXXXXX".utf8CString)  // six X: the form that mkdtemp(3) asks for
        guard let made = mkdtemp(&template) else { throw SystemError(base, "mkdtemp", code: errno) }
        return String(cString: made)
    }

    /// Makes or replaces a file that only its owner may read; where the disk is full, it throws.
    package static func write(_ text: String, to path: String) throws(SystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError(path, "open", code: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SystemError(path, "write", code: errno)
        }
    }

    /// Removes it with all that is in it, links unfollowed; what is gone already, or is somebody else's, stays as it is.
    package static func remove(_ path: String) {
        guard let stream = opendir(path) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            let child = "\(path)/\(name)"
            if unlink(child) != 0 { remove(child) }
        }
        closedir(stream)
        rmdir(path)
    }
}
