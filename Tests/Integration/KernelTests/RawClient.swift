import CLinux
import Glibc
import Sockets
import Units

/// A client of a command socket that says whatever it likes, in bytes, and reads what comes back.
final class RawClient {
    private let descriptor: Descriptor
    private(set) var received: [UInt8] = []
    /// The other end has closed.
    private(set) var isCutOff = false

    init(unix path: String) throws {
        let fd = try check(clinux_socket_cloexec(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0), path, "socket")
        descriptor = Descriptor(fd)
        guard withUnixAddress(path, { Glibc.connect(fd, $0, $1) }) == 0 else {
            throw SystemError(path, "connect", code: errno)
        }
    }

    init(from node: Node, to address: Address) throws {
        let connection = try node.connect(to: address)
        guard connection.code == 0 else { throw SystemError("\(address)", "connect", code: connection.code) }
        descriptor = connection.descriptor
    }

    /// Sends all of it, reading meanwhile so that neither side waits for the other for ever.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        let deadline = Instant.now + .seconds(5)
        while sent < bytes.count, !isCutOff, Instant.now < deadline {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 { sent += count } else if errno != EAGAIN { isCutOff = true }
            if count < 0 { read(within: .milliseconds(1)) }
        }
    }

    /// Sends and never looks at what comes back.
    func sendUnread(_ bytes: [UInt8]) {
        var sent = 0
        let deadline = Instant.now + .milliseconds(200)
        while sent < bytes.count, !isCutOff, Instant.now < deadline {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 { sent += count } else if errno != EAGAIN { isCutOff = true }
        }
    }

    func send(_ line: String) { send(Array(line.utf8) + [0x0A]) }

    private func read(within limit: Duration) {
        guard clinux_wait_readable(descriptor.number, -1, limit.nanoseconds) & 1 != 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { received += buffer[..<count] } else if count == 0 || errno != EAGAIN { isCutOff = true }
    }

    /// Reads until so many lines have come, the other end has closed, or the limit has passed.
    func lines(_ count: Int, within limit: Duration = .seconds(5)) -> [String] {
        let deadline = Instant.now + limit
        while received.count(where: { $0 == 0x0A }) < count, !isCutOff, Instant.now < deadline {
            read(within: .milliseconds(20))
        }
        return received.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Waits until the other end closes.
    func isClosed(within limit: Duration) -> Bool {
        let deadline = Instant.now + limit
        while !isCutOff, Instant.now < deadline { read(within: .milliseconds(20)) }
        return isCutOff
    }
}
