// A real server for a test, private to it: own directory, own port, gone when the test process is gone.
//
// A shell stands between: it starts the server, then reads from a socket that only this process holds open. When we
// close it, or die by whatever signal, the shell ends the server and removes the directory. No pattern kills.

import CLinux
import Glibc
import ScratchFolders
import Sockets
import Units

package struct LiveServerError: Error, CustomStringConvertible {
    package let server: String
    package let detail: String
    package var description: String { "\(server): \(detail)" }
}

package final class LiveServer {
    package let directory: String
    private let name: String
    private let guardian: Int32
    private var lifeline: Descriptor?

    private static let guardianScript = """
        directory=$1 signal=$2; shift 2
        "$@" </dev/null & server=$!
        echo $server >"$directory/server.pid"
        read -r never
        kill -CONT $server; kill -"$signal" $server; wait $server; rm -rf "$directory"
        """

    /// - Parameters:
    ///   - stopSignal: what ends the server in order: `TERM`, `INT`.
    ///   - user: the uid and gid to run as; `nil`: ours.
    init(
        _ name: String, _ command: [String], in directory: String, stopSignal: String, user: (UInt32, UInt32)? = nil
    ) throws {
        self.name = name
        self.directory = directory
        var ends: [Int32] = [0, 0]
        // A socket pair, for it is born close-on-exec: no other child can hold our end open.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw LiveServerError(server: name, detail: "no lifeline")
        }
        let reading = Descriptor(ends[0])
        lifeline = Descriptor(ends[1])
        let shell = ["/bin/sh", "-c", LiveServer.guardianScript, "guardian", directory, stopSignal] + command
        guardian = try spawn(shell, in: directory, input: reading.number, user: user)
    }

    /// Waits until `isReady`, at most 30 s; throws with the server's log otherwise.
    func wait(until isReady: () -> Bool) throws {
        let deadline = Instant.now + .seconds(30)
        while !isReady() {
            var status: Int32 = 0
            guard Instant.now < deadline, clinux_wait(guardian, &status, 1) == 0,
                kill(serverIdentifier ?? getpid(), 0) == 0
            else { throw LiveServerError(server: name, detail: "not ready; its log: \(log)") }
            clinux_sleep_until_ns((Instant.now + .milliseconds(5)).nanoseconds)
        }
    }

    /// The server's own process id, for tests that stop, continue or kill it.
    package var serverIdentifier: Int32? {
        contents(of: "\(directory)/server.pid").flatMap { Int32($0.prefix { $0.isNumber }) }
    }

    package var log: String { contents(of: "\(directory)/log") ?? "" }

    package func signal(_ signal: Int32) {
        if let serverIdentifier { kill(serverIdentifier, signal) }
    }

    /// Ends the server and waits for its end.
    package func stop() {
        guard lifeline != nil else { return }
        lifeline = nil
        var status: Int32 = 0
        _ = clinux_wait(guardian, &status, 0)
    }

    deinit { stop() }
}

/// A fresh directory under the temporary one, 0755.
func freshDirectory(_ name: String) throws -> String {
    let made = try ScratchFolder.make(name)
    guard chmod(made, 0o755) == 0 else { throw SystemError(made, "chmod", code: errno) }
    return made
}

func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
}

/// A port that was free a moment ago: the kernel chose it.
package func freePort() throws -> UInt16 {
    let reactor = try Reactor()
    let listener = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { connection, _ in
        connection.close()
    }
    defer { listener.close() }
    return listener.address?.port ?? 0
}

/// Starts a program with its output in `directory/log`; returns its process id.
func spawn(_ command: [String], in directory: String, input: Int32 = -1, user: (UInt32, UInt32)?) throws -> Int32 {
    let log = open("\(directory)/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    defer { close(log) }
    var arguments = (command.map { strdup($0) } as [UnsafeMutablePointer<CChar>?]) + [nil]
    var environment = [strdup("PATH=/usr/bin:/bin"), strdup("LC_ALL=C.UTF-8"), nil]
    defer { for text in arguments + environment { free(text) } }
    let pid = arguments.withUnsafeMutableBufferPointer { argv in
        environment.withUnsafeMutableBufferPointer { envp in
            directory.withCString { directory in
                var request = clinux_spawn_request()
                request.path = UnsafePointer(argv[0])
                request.argv = argv.baseAddress.map { UnsafePointer($0) }
                request.envp = envp.baseAddress.map { UnsafePointer($0) }
                request.namespace_fd = -1
                request.stdin_fd = input
                request.output_fd = log
                request.uid = user?.0 ?? .max
                request.gid = user?.1 ?? .max
                request.directory = directory
                return clinux_spawn(&request)
            }
        }
    }
    guard pid > 0 else { throw LiveServerError(server: command[0], detail: String(cString: strerror(-pid))) }
    return pid
}
