import CLinux
import Glibc

/// A listening socket on a reactor, TCP or Unix.
package final class Listener {
    package let fd: Int32
    /// Where it listens; the port is the kernel's choice when 0 was asked for.
    package let address: Address?
    private let path: String?
    private var isOpen = false
    /// Strong: the reactor holds its watchers weakly, so the one that is let go last is never this.
    private let reactor: Reactor

    /// Called with each accepted connection, not started yet, and the peer's uid on a Unix socket.
    package typealias Accepted = (Connection, _ uid: UInt32?) -> Void

    package init(tcp address: Address, on reactor: Reactor, _ accepted: @escaping Accepted) throws(SystemError) {
        let fd = try check(clinux_tcp_socket(), "\(address)", "socket")
        self.fd = fd
        path = nil
        self.reactor = reactor
        _ = clinux_set_int_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        let bound = withSocketAddress(address) { bind(fd, $0, $1) }
        guard bound == 0, listen(fd, 128) == 0 else {
            let code = errno
            Glibc.close(fd)
            throw SystemError("\(address)", "listen", code: code, advice: "another process may hold this port")
        }
        var raw = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &raw) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
        }
        self.address = Address(raw: raw)
        try watch(accepted)
    }

    /// The socket file is 0600; a stale one of a dead process is replaced, a live one is refused.
    package init(unix path: String, on reactor: Reactor, _ accepted: @escaping Accepted) throws(SystemError) {
        self.path = path
        self.reactor = reactor
        address = nil
        let fd = try check(
            clinux_socket_cloexec(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0), path, "socket")
        self.fd = fd
        let probe = clinux_socket_cloexec(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        if let alive = withUnixAddress(path, { Glibc.connect(probe, $0, $1) }), alive == 0 {
            Glibc.close(probe)
            Glibc.close(fd)
            throw SystemError(path, "listen", code: EADDRINUSE, advice: "another process serves this socket; stop it first")
        }
        Glibc.close(probe)
        unlink(path)
        let mask = umask(0o177)
        let bound = withUnixAddress(path) { bind(fd, $0, $1) }
        let code = errno
        umask(mask)
        guard bound == 0, listen(fd, 128) == 0 else {
            Glibc.close(fd)
            throw SystemError(path, "listen", code: code)
        }
        try watch(accepted)
    }

    private func watch(_ accepted: @escaping Accepted) throws(SystemError) {
        isOpen = true
        try reactor.watch(fd, for: .read) { [weak self] _ in
            var peer = sockaddr_storage()
            while let self, isOpen {
                let descriptor = clinux_accept(fd, &peer)
                guard descriptor >= 0 else { return }
                accept(descriptor, peer, accepted)
            }
        }
    }

    private func accept(_ descriptor: Int32, _ peer: sockaddr_storage, _ accepted: Accepted) {
        if path != nil {
            var pid: Int32 = 0
            var uid: UInt32 = 0
            let known = clinux_peer_credentials(descriptor, &pid, &uid) == 0
            return accepted(Connection(descriptor, peer: "pid \(pid)", on: reactor), known ? uid : nil)
        }
        _ = clinux_set_int_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        let address = withUnsafePointer(to: peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Address(raw: $0.pointee) }
        }
        accepted(Connection(descriptor, peer: "\(address)", on: reactor), nil)
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        reactor.unwatch(fd)
        Glibc.close(fd)
        if let path { unlink(path) }
    }

    deinit { close() }
}
