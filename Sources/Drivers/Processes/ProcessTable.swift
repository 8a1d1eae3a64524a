import Glibc

/// What `/proc` says about the processes of this machine that we may look at.
package enum ProcessTable {
    package struct Entry: Hashable, Sendable {
        package let pid: Int32
        package let name: String
        /// Effective user; `nil` when it is gone.
        package let owner: uid_t?
        /// Inode of its network namespace; `nil` when we may not look.
        package let networkNamespace: UInt64?
        /// Value of `GAUNTLET_RUN` in its environment.
        package let run: String?
    }

    package static func entries() -> [Entry] {
        Programs.entries(of: "/proc").compactMap { Int32($0) }.map { pid in
            let environment = contents("/proc/\(pid)/environ").split(separator: 0)
            let prefix = Array("GAUNTLET_RUN=".utf8)
            let run = environment.first { $0.starts(with: prefix) }.map {
                String(decoding: $0.dropFirst(prefix.count), as: UTF8.self)
            }
            let name = String(decoding: contents("/proc/\(pid)/comm").prefix { $0 != 10 }, as: UTF8.self)
            return Entry(pid: pid, name: name, owner: owner(pid), networkNamespace: namespace(pid), run: run)
        }
    }

    /// The arguments of a process; empty when we may not look.
    package static func arguments(of pid: Int32) -> [String] {
        contents("/proc/\(pid)/cmdline").split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A socket in a process's hands.
    package struct Held: Hashable, Sendable {
        package let pid: Int32
        /// Of the descriptor, there.
        package let number: Int32
    }

    /// Who holds a socket; the lowest pid of several, and `nil` when it is nobody whose `/proc/PID/fd` we may read.
    ///
    /// - Parameter inode: of the socket, as in `/proc/net/tcp` and in inet_diag's answers.
    package static func holder(ofSocket inode: UInt64) -> Held? {
        let name = Array("socket:[\(inode)]".utf8)
        var target = [CChar](repeating: 0, count: 64)
        for pid in Programs.entries(of: "/proc").compactMap({ Int32($0) }).sorted() {
            for entry in Programs.entries(of: "/proc/\(pid)/fd") {
                let count = readlink("/proc/\(pid)/fd/\(entry)", &target, target.count)
                guard count == name.count, target.prefix(count).elementsEqual(name.lazy.map { CChar(bitPattern: $0) }),
                    let number = Int32(entry)
                else { continue }
                return Held(pid: pid, number: number)
            }
        }
        return nil
    }

    private static func owner(_ pid: Int32) -> uid_t? {
        var status = stat()
        return stat("/proc/\(pid)", &status) == 0 ? status.st_uid : nil
    }

    private static func namespace(_ pid: Int32) -> UInt64? {
        var status = stat()
        return stat("/proc/\(pid)/ns/net", &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// A small file of `/proc`, whole; empty when it is gone or closed to us.
    package static func contents(_ path: String) -> [UInt8] {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return [] }
        defer { close(fd) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(fd, &buffer, buffer.count)
            guard count > 0, bytes.count < 1 << 20 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
