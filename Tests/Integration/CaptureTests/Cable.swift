import CLinux
import Glibc
import Netlink
import Sockets
import Units

/// Two fresh network namespaces and a cable between them: `market` in the one, `far` in the other.
final class Cable {
    static let nearAddress = "198.18.0.13"
    static let farAddress = "198.18.0.12"

    let near: Descriptor
    let far: Descriptor

    /// Whether this machine lets the test make namespaces.
    static var isAllowed: Bool {
        let namespace = clinux_new_network_namespace()
        if namespace >= 0 { close(namespace) }
        return namespace >= 0
    }

    init() throws {
        near = Descriptor(try check(clinux_new_network_namespace(), "namespace", "create"))
        far = Descriptor(try check(clinux_new_network_namespace(), "namespace", "create"))
        let nearLinks = try LinkControl(namespace: near.number)
        let farLinks = try LinkControl(namespace: far.number)
        try nearLinks.createVeth("market", peer: "far", peerNamespace: far.number)
        try nearLinks.addAddress("market", Cable.nearAddress, prefix: 24)
        try farLinks.addAddress("far", Cable.farAddress, prefix: 24)
        for (links, name) in [(nearLinks, "market"), (farLinks, "far"), (nearLinks, "lo")] { try links.setUp(name) }
    }

    /// What `Tap` opens.
    var nearPath: String { "/proc/self/fd/\(near.number)" }

    /// A TCP connection from near to far, both ends blocking.
    func connect(port: UInt16) throws -> (near: Descriptor, far: Descriptor) {
        let listener = Descriptor(
            try check(clinux_socket_in_namespace(far.number, AF_INET, Int32(SOCK_STREAM.rawValue), 0), "far", "socket"))
        guard let host = Address.host(Cable.farAddress) else { throw SystemError("far", "address", code: EINVAL) }
        let address = Address(host: host, port: port)
        guard withSocketAddress(address, { bind(listener.number, $0, $1) }) == 0, listen(listener.number, 8) == 0 else {
            throw SystemError("\(address)", "listen", code: errno)
        }
        let client = Descriptor(
            try check(
                clinux_socket_in_namespace(near.number, AF_INET, Int32(SOCK_STREAM.rawValue), 0), "near", "socket"))
        guard withSocketAddress(address, { Glibc.connect(client.number, $0, $1) }) == 0 else {
            throw SystemError("\(address)", "connect", code: errno)
        }
        let accepted = accept(listener.number, nil, nil)
        guard accepted >= 0 else { throw SystemError("\(address)", "accept", code: errno) }
        return (client, Descriptor(accepted))
    }
}

/// Sends all of `bytes` while it reads them at the other end, on this one thread.
func pump(_ bytes: [UInt8], from sender: Descriptor, to receiver: Descriptor) {
    var sent = 0
    var received = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while received < bytes.count {
        if sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(sender.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            sent += max(0, count)
        }
        let count = recv(receiver.number, &buffer, buffer.count, sent < bytes.count ? Int32(MSG_DONTWAIT) : 0)
        if count == 0 { return }
        received += max(0, count)
    }
}

func fixOrder(_ number: Int) -> [UInt8] {
    let separator = "\u{1}"
    let body = "35=D|34=\(number)|11=O\(number)|526=I\(number)|55=NVDA|54=1|38=100|40=2|44=450.12|"
        .split(separator: "|").map { $0 + separator }.joined()
    let bytes = Array("8=FIX.4.4\(separator)9=\(body.utf8.count)\(separator)\(body)".utf8)
    let digits = String(bytes.reduce(UInt8(0)) { $0 &+ $1 })
    return bytes + Array("10=\(String(repeating: "0", count: 3 - digits.count))\(digits)\(separator)".utf8)
}
