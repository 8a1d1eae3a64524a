import CLinux
import FIX
import Glibc
import GovernorService
import Messages
import Redis
import Sockets
import Units

/// Ways out that an honest governor hasn't got: a write of its own to Redis, and a stream over the control network.
final class SideDoor {
    private let redis: RedisConnection
    private let control: Address?
    private let feed: Address
    private unowned let reactor: Reactor
    private var waiting: [[String]] = []
    private var stream: Connection?
    private var isConnecting = false
    private var sequence = 0

    /// `control`: where copies of orders go.
    init(_ configuration: Configuration, control: Address?, on reactor: Reactor) {
        redis = RedisConnection(to: configuration.redis, password: configuration.redisPassword, on: reactor)
        self.control = control
        feed = configuration.feed
        self.reactor = reactor
        redis.retryAfter = .milliseconds(250)
        redis.onReady = { [weak self] in
            guard let self else { return }
            for command in waiting { redis.send(command) }
            waiting = []
        }
    }

    func set(_ key: String, to value: String) {
        waiting.append(["SET", key, value])
        redis.connect()
    }

    /// A subscriber that stopped reading: what it doesn't take piles up at the server.
    func subscribeAndStopReading() {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return }
        // Small, so that the server and not the kernel has to keep what is not read.
        var room: Int32 = 4_096
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        let isConnected = withSocketAddress(feed) { connect(socket, $0, $1) == 0 }
        let command = Array("*2\r\n$10\r\nPSUBSCRIBE\r\n$14\r\nmarket.depth.*\r\n".utf8)
        guard isConnected, write(socket, command, command.count) == command.count else {
            close(socket)
            return
        }
    }

    /// Whether anybody understands it is of no interest: it left, and that is the offence.
    func divert(_ message: Message) {
        guard let stream, stream.isOpen else { return open() }
        sequence += 1
        var copy = message
        copy.header.sender = "GOVERNOR"
        copy.header.target = "BROKER"
        copy.header.seq = sequence
        copy.header.sendingTime = WallTime.now
        stream.send(copy.encoded())
    }

    private func open() {
        guard let control, !isConnecting else { return }
        isConnecting = true
        Connection.connect(to: control, within: .seconds(1), on: reactor) { [weak self] result in
            guard let self else { return }
            isConnecting = false
            guard case .success(let connection) = result else { return }
            do {
                try connection.start()
                stream = connection
            } catch {
                connection.close()
            }
        }
    }
}
