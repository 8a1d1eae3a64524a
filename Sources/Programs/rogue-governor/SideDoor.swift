import FIX
import Glibc
import GovernorService
import Messages
import Redis
import Sockets
import Units

/// Ways out that an honest governor hasn't got: a write of its own to Redis, and a datagram over the control network.
final class SideDoor {
    private let redis: RedisConnection
    private let control: Address?
    private var waiting: [[String]] = []

    /// `control`: where copies of orders go; the broker's place in the other network.
    init(_ configuration: Configuration, control: Address?, on reactor: Reactor) {
        redis = RedisConnection(to: configuration.redis, on: reactor)
        self.control = control
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

    func divert(_ message: Message) {
        guard let control else { return }
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var copy = message
        copy.header.sender = "GOVERNOR"
        copy.header.target = "BROKER"
        copy.header.sendingTime = WallTime.now
        let bytes = copy.encoded()
        // Whether it arrives is nobody's business: it left, and that is the offence.
        _ = withSocketAddress(control) { address, length in
            bytes.withUnsafeBytes { sendto(descriptor, $0.baseAddress, $0.count, 0, address, length) }
        }
    }
}
