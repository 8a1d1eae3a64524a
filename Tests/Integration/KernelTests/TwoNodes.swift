import CLinux
import Glibc
import Netlink
import Sockets
import Testing
import Units

/// Whether this process may build namespaces: everything here needs it.
enum Rig {
    static let isAvailable: Bool = {
        let namespace = clinux_new_network_namespace()
        guard namespace >= 0 else { return false }
        close(namespace)
        return true
    }()
    static let reason: Comment =
        "needs CAP_NET_ADMIN and CAP_SYS_ADMIN: run as root or under 'unshare --user --map-root-user'"
}

/// One end: a network namespace without a name, gone with this process.
struct Node {
    let namespace: Descriptor
    let address: String

    func host(_ port: UInt16) -> Address {
        Address(host: Address.host(address) ?? 0, port: port)
    }

    private func socket(_ type: __socket_type) throws -> Descriptor {
        Descriptor(
            try check(
                clinux_socket_in_namespace(namespace.number, AF_INET, Int32(type.rawValue), 0), address, "socket"))
    }

    func bound(_ type: __socket_type, port: UInt16) throws -> Descriptor {
        let descriptor = try socket(type)
        _ = clinux_set_int_option(descriptor.number, SOL_SOCKET, SO_REUSEADDR, 1)
        guard withSocketAddress(host(port), { bind(descriptor.number, $0, $1) }) == 0 else {
            throw SystemError(address, "bind", code: errno)
        }
        return descriptor
    }

    func listener(port: UInt16) throws -> Descriptor {
        let descriptor = try bound(SOCK_STREAM, port: port)
        guard listen(descriptor.number, 16) == 0 else { throw SystemError(address, "listen", code: errno) }
        return descriptor
    }

    /// Connects within the limit, or says by `errno` why not (EINPROGRESS: no answer).
    func connect(to address: Address, within limit: Duration = .seconds(2)) throws -> (
        descriptor: Descriptor, code: Int32
    ) {
        let descriptor = try socket(SOCK_STREAM)
        var time = timeval(
            tv_sec: Int(limit.nanoseconds / 1_000_000_000), tv_usec: Int(limit.nanoseconds % 1_000_000_000 / 1000))
        setsockopt(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        let result = withSocketAddress(address) { Glibc.connect(descriptor.number, $0, $1) }
        return (descriptor, result == 0 ? 0 : errno)
    }

    func link() throws -> LinkControl { try LinkControl(namespace: namespace.number) }
}

/// `governor` and `broker`, joined by one cable whose ends are called `market`.
struct TwoNodes {
    let governor: Node
    let broker: Node

    init() throws {
        governor = Node(
            namespace: Descriptor(try check(clinux_new_network_namespace(), "governor", "unshare")),
            address: "198.18.0.13")
        broker = Node(
            namespace: Descriptor(try check(clinux_new_network_namespace(), "broker", "unshare")),
            address: "198.18.0.12")
        try governor.link().createVeth("market", peer: "market", peerNamespace: broker.namespace.number)
        for node in [governor, broker] {
            let link = try node.link()
            try link.addAddress("market", node.address, prefix: 24)
            try link.setUp("lo")
            try link.setUp("market")
        }
    }

    /// A connection from the governor to the broker's `port`: both ends.
    func connection(port: UInt16, listener: Descriptor) throws -> (client: Descriptor, accepted: Descriptor) {
        let client = try governor.connect(to: broker.host(port))
        guard client.code == 0 else { throw SystemError("broker:\(port)", "connect", code: client.code) }
        let accepted = accept(listener.number, nil, nil)
        guard accepted >= 0 else { throw SystemError("broker:\(port)", "accept", code: errno) }
        return (client.descriptor, Descriptor(accepted))
    }
}

/// Sends one byte and waits for something to read; `nil` when nothing came within the limit.
func read(_ descriptor: Descriptor, within limit: Duration) -> (count: Int, code: Int32)? {
    guard clinux_wait_readable(descriptor.number, -1, limit.nanoseconds) & 1 != 0 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 2048)
    let count = recv(descriptor.number, &buffer, buffer.count, 0)
    return (count, count < 0 ? errno : 0)
}

func write(_ descriptor: Descriptor, _ byte: UInt8 = 1) -> Int {
    var byte = byte
    return send(descriptor.number, &byte, 1, Int32(MSG_NOSIGNAL))
}

/// How long one datagram takes from one socket to another; `nil` when it doesn't come.
func oneWay(_ from: Descriptor, _ to: Descriptor, _ address: Address, within limit: Duration = .seconds(1))
    -> Duration?
{
    var byte: UInt8 = 7
    let sent = Instant.now
    _ = withSocketAddress(address) { sendto(from.number, &byte, 1, 0, $0, $1) }
    guard let got = read(to, within: limit), got.count == 1 else { return nil }
    return Instant.now - sent
}

/// The least of at most five one-way times, the first below `limit` ends it: a machine that stood still met the others.
func leastOneWay(_ from: Descriptor, _ to: Descriptor, _ address: Address, below limit: Duration) -> Duration? {
    var least: Duration?
    for _ in 0..<5 where least.map({ $0 >= limit }) ?? true {
        guard let took = oneWay(from, to, address) else { continue }
        least = min(least ?? took, took)
    }
    return least
}

/// Waits for a condition of the outside world, looking every 5 ms.
func eventually(within limit: Duration = .seconds(5), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Instant.now + limit
    while try !condition() {
        guard Instant.now < deadline else { return false }
        clinux_sleep_until_ns((Instant.now + .milliseconds(5)).nanoseconds)
    }
    return true
}
