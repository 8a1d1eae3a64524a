// A byte stream on a reactor: TCP or Unix. Never blocks, says once that it has closed.

import CLinux
import Glibc
import Units

package final class Connection {
    package enum Ending: Sendable, Hashable, CustomStringConvertible {
        /// The peer closed its side in order.
        case endOfStream
        /// `errno` of the failing call: ECONNRESET, ECONNABORTED, ETIMEDOUT, EPIPE.
        case failed(Int32)
        /// `close()` or `abort()` was called here.
        case closedHere

        package var description: String {
            switch self {
            case .endOfStream: "the peer closed"
            case .failed(let code): String(cString: strerror(code))
            case .closedHere: "closed here"
            }
        }
    }

    /// Outgoing bytes beyond this end the connection: a peer that doesn't read must not eat our memory.
    package static let outgoingMaximum = 64 << 20

    package var onBytes: (ArraySlice<UInt8>) -> Void = { _ in }
    package var onClose: (Ending) -> Void = { _ in }

    package let fd: Int32
    package let peer: String
    package private(set) var isOpen = true
    /// Strong: the reactor holds its watchers weakly, so the one that is let go last is never this.
    private let reactor: Reactor
    private var outgoing: [UInt8] = []
    private var outgoingStart = 0

    /// Takes over a connected, non-blocking descriptor. Set the callbacks, then call `start()`.
    package init(_ fd: Int32, peer: String, on reactor: Reactor) {
        self.fd = fd
        self.peer = peer
        self.reactor = reactor
    }

    package func start() throws(SystemError) {
        try reactor.watch(fd, for: .read) { [weak self] ready in self?.ready(ready) }
    }

    /// Bytes that `send` has taken and the kernel has not.
    package var waitingBytes: Int { outgoing.count - outgoingStart }

    /// Handed to the kernel and not yet transmitted (SIOCOUTQNSD).
    package var unsentBytes: Int { isOpen ? max(0, Int(clinux_unsent_bytes(fd))) + waitingBytes : 0 }

    /// Handed to the kernel and not yet acknowledged by the peer (SIOCOUTQ).
    package var unacknowledgedBytes: Int { isOpen ? max(0, Int(clinux_unacknowledged_bytes(fd))) + waitingBytes : 0 }

    package func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        if waitingBytes > 0 {
            outgoing += bytes
        } else {
            let written = bytes.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if written == bytes.count { return }
            if written < 0 && errno != EAGAIN && errno != EINTR { return end(.failed(errno)) }
            outgoing = Array(bytes[max(0, written)...])
            outgoingStart = 0
            reactor.change(fd, to: [.read, .write])
        }
        if waitingBytes > Connection.outgoingMaximum { end(.failed(ENOBUFS)) }
    }

    package func close() { end(.closedHere) }

    /// Closes with a RST: nothing that the kernel still holds will leave.
    package func abort() {
        guard isOpen else { return }
        _ = clinux_linger_abort(fd)
        end(.closedHere)
    }

    private func ready(_ interest: Reactor.Interest) {
        if interest.contains(.write) { flush() }
        guard isOpen, !interest.isDisjoint(with: [.read, .failure]) else { return }
        receive()
    }

    private func flush() {
        while waitingBytes > 0 {
            let written = outgoing[outgoingStart...].withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if written < 0 {
                if errno == EAGAIN || errno == EINTR { return }
                return end(.failed(errno))
            }
            outgoingStart += written
        }
        outgoing.removeAll(keepingCapacity: outgoing.capacity < 1 << 20)
        outgoingStart = 0
        reactor.change(fd, to: .read)
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // A bounded number of reads a turn, so that one busy peer can't starve the timers.
        for _ in 0..<8 {
            let count = recv(fd, &buffer, buffer.count, 0)
            if count > 0 {
                onBytes(buffer[..<count])
                guard isOpen, count == buffer.count else { return }
            } else if count == 0 {
                return end(.endOfStream)
            } else if errno == EAGAIN || errno == EINTR {
                return
            } else {
                return end(.failed(errno))
            }
        }
    }

    private func end(_ ending: Ending) {
        guard isOpen else { return }
        isOpen = false
        reactor.unwatch(fd)
        Glibc.close(fd)
        onClose(ending)
    }

    deinit {
        if isOpen {
            reactor.unwatch(fd)
            Glibc.close(fd)
        }
    }
}
