import Glibc
import Processes
import Sockets
import Units

/// A program of the system, run to its end: what our code is compared with.
///
/// Started by `posix_spawn` from this thread, the cheapest way there is: a slow fork would flatter us.
struct ExternalTool {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    /// What one run of it took.
    struct Use {
        let exitCode: Int32
        let time: Duration
        let residentKiB: Int64
    }

    /// `nil` when there is no such program.
    init?(path: String) {
        guard access(path, X_OK) == 0 else { return nil }
        self.path = path
    }

    init?(_ name: String) {
        guard let path = Programs.find(name) else { return nil }
        self.path = path
    }

    /// Returns when the program has ended, with success or not at all; its output is thrown away.
    func run(_ arguments: [String]) throws(Failure) {
        let use = try use(arguments)
        guard use.exitCode == 0 else {
            throw Failure(description: "\(path) \(arguments.joined(separator: " ")): ended with \(use.exitCode)")
        }
    }

    /// Returns when the program has ended by itself; its output is thrown away.
    func use(_ arguments: [String]) throws(Failure) -> Use {
        let begin = Instant.now
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var pointers: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let started = posix_spawn(&pid, path, &actions, nil, pointers, environ)
        guard started == 0 else { throw Failure(description: "\(path): \(String(cString: strerror(started)))") }
        var status: Int32 = 0
        var usage = rusage()
        guard wait4(pid, &status, 0, &usage) == pid, status & 0x7F == 0 else {
            throw Failure(description: "\(path) \(arguments.joined(separator: " ")): ended with status \(status)")
        }
        return Use(exitCode: status >> 8 & 0xFF, time: Instant.now - begin, residentKiB: Int64(usage.ru_maxrss))
    }
}
