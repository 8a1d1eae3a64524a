import CLinux
import Glibc
import Units

extension Connection {
    /// Connects over TCP with TCP_NODELAY; one attempt, at most `limit` long, never the kernel's SYN backoff.
    /// Calls `done` once, on the reactor, with a connection that is not started yet, or with why not.
    package static func connect(
        to address: Address, within limit: Duration, on reactor: Reactor,
        _ done: @escaping (Result<Connection, SystemError>) -> Void
    ) {
        let fd = clinux_tcp_socket()
        guard fd >= 0 else { return done(.failure(SystemError("\(address)", "socket", code: -fd))) }
        func fail(_ code: Int32) {
            reactor.unwatch(fd)
            Glibc.close(fd)
            done(.failure(SystemError("\(address)", "connect", code: code)))
        }
        _ = clinux_set_int_option(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        let result = withSocketAddress(address) { Glibc.connect(fd, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { return fail(errno) }
        let deadline = reactor.after(limit) { fail(ETIMEDOUT) }
        do {
            try reactor.watch(fd, for: .write) { _ in
                deadline.cancel()
                var code: Int32 = 0
                var length = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length)
                guard code == 0 else { return fail(code) }
                reactor.unwatch(fd)
                done(.success(Connection(fd, peer: "\(address)", on: reactor)))
            }
        } catch {
            deadline.cancel()
            fail(error.code)
        }
    }

    /// Connects to a Unix socket; local, so it is there at once or not at all.
    package static func connect(unix path: String, on reactor: Reactor) throws(SystemError) -> Connection {
        let fd = try check(
            clinux_socket_cloexec(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0), path, "socket")
        guard let result = withUnixAddress(path, { Glibc.connect(fd, $0, $1) }), result == 0 else {
            let code = errno
            Glibc.close(fd)
            throw SystemError(path, "connect", code: code)
        }
        return Connection(fd, peer: path, on: reactor)
    }
}

/// `nil` when the path is longer than a Unix address can hold (107 bytes).
package func withUnixAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
    var raw = sockaddr_un()
    raw.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: raw.sun_path) else {
        errno = ENAMETOOLONG
        return nil
    }
    withUnsafeMutableBytes(of: &raw.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &raw) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
