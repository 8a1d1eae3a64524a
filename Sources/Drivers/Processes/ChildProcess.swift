// A child of this process, known by a pidfd: a signal never reaches another process that got its number.

import CLinux
import Glibc
import Sockets
import Units

package final class ChildProcess {
    package let name: String
    package let pid: Int32
    /// Exit code, or 128 + signal; `nil` while it runs.
    package private(set) var status: Int32?
    private let handle: Descriptor
    private var onExit: [(Int32) -> Void] = []
    /// Strong: the reactor holds its watchers weakly, so the one that is let go last is never this.
    private let reactor: Reactor

    package var isRunning: Bool { status == nil }

    /// Starts the program; its output goes to `output`, a descriptor that stays the caller's.
    package init(_ name: String, _ command: Command, input: Int32? = nil, output: Int32, on reactor: Reactor)
        throws(ProcessError)
    {
        self.name = name
        self.reactor = reactor
        let started = ChildProcess.spawn(command, input: input, output: output)
        guard started > 0 else {
            throw ProcessError(command.path, "start \(name)", detail: String(cString: strerror(-started)))
        }
        pid = started
        let number = clinux_pidfd_open(started)
        guard number >= 0 else {
            kill(started, SIGKILL)
            throw ProcessError(command.path, "watch \(name)", detail: String(cString: strerror(-number)))
        }
        handle = Descriptor(number)
        do {
            try reactor.watch(number, for: .read) { [weak self] _ in self?.reap() }
        } catch {
            kill(started, SIGKILL)
            throw ProcessError(command.path, "watch \(name)", detail: error.description)
        }
    }

    package func signal(_ number: Int32) {
        guard isRunning else { return }
        _ = clinux_pidfd_signal(handle.number, number)
    }

    /// Called once, with the status, on the reactor; at once when it has ended already.
    package func whenEnded(_ handler: @escaping (Int32) -> Void) {
        if let status { handler(status) } else { onExit.append(handler) }
    }

    /// SIGTERM, then SIGKILL when it has not ended within `grace`.
    package func stop(grace: Duration) {
        signal(SIGTERM)
        reactor.after(grace) { [weak self] in self?.signal(SIGKILL) }
    }

    private func reap() {
        var code: Int32 = 0
        guard clinux_wait(pid, &code, 1) == pid else { return }
        reactor.unwatch(handle.number)
        status = code
        for handler in onExit { handler(code) }
        onExit = []
    }

    private static func spawn(_ command: Command, input: Int32?, output: Int32) -> Int32 {
        withCStrings([command.path] + command.arguments) { arguments in
            withCStrings(command.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) {
                environment in
                command.path.withCString { path in
                    withOptionalCString(command.directory) { directory in
                        var what = clinux_spawn_request(
                            path: path, argv: arguments, envp: environment, namespace_fd: command.namespace ?? -1,
                            stdin_fd: input ?? -1, output_fd: output, uid: command.user?.uid ?? .max,
                            gid: command.user?.gid ?? .max, directory: directory,
                            keep_capabilities: command.keepsCapabilities ? 1 : 0, ends_with_us: command.endsWithUs ? 1 : 0)
                        return clinux_spawn(&what)
                    }
                }
            }
        }
    }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}

/// A NULL-terminated array of C strings, for as long as `body` runs.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else {
            preconditionFailure("an array that holds its terminator has an address")
        }
        return body(base)
    }
}
