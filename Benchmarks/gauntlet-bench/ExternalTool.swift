import Archive
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
        /// Largest resident set; `nil` unless it was asked for.
        let residentKiB: Int64?
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
    ///
    /// `watchingMemory` looks at the program's own high-water mark every 5 ms: what the kernel reports of a child that
    /// has ended includes what its parent held when it was started.
    func use(_ arguments: [String], watchingMemory: Bool = false) throws(Failure) -> Use {
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
        var resident: Int64?
        var ended = watchingMemory ? waitpid(pid, &status, WNOHANG) : waitpid(pid, &status, 0)
        while ended == 0 {
            resident = ExternalTool.highWaterMark(of: pid) ?? resident
            usleep(5_000)
            ended = waitpid(pid, &status, WNOHANG)
        }
        guard ended == pid, status & 0x7F == 0 else {
            throw Failure(description: "\(path) \(arguments.joined(separator: " ")): ended with status \(status)")
        }
        return Use(exitCode: status >> 8 & 0xFF, time: Instant.now - begin, residentKiB: resident)
    }

    /// KiB; `nil` once the process has let its memory go.
    private static func highWaterMark(of pid: pid_t) -> Int64? {
        // A process that has just ended has no such file: the last look counts.
        guard let status = try? readFile("/proc/\(pid)/status") else { return nil }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
    }
}
