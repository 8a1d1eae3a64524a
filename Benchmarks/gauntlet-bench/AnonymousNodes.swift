import CLinux
import Glibc
import Netlink
import Sockets
import Units

/// One end of a cable: a network namespace without a name, gone with this process.
struct AnonymousNode {
    let namespace: Descriptor
    let host: UInt32

    init(_ address: String) throws(SystemError) {
        namespace = Descriptor(try check(clinux_new_network_namespace(), address, "create network namespace"))
        guard let host = Address.host(address) else {
            throw SystemError(address, "read address", code: EINVAL)
        }
        self.host = host
    }

    func address(_ port: UInt16) -> Address { Address(host: host, port: port) }

    func socket(_ type: __socket_type) throws(SystemError) -> Descriptor {
        Descriptor(
            try check(
                clinux_socket_in_namespace(namespace.number, AF_INET, Int32(type.rawValue), 0), "\(address(0))",
                "open socket"))
    }

    func bound(_ type: __socket_type, port: UInt16) throws(SystemError) -> Descriptor {
        let socket = try socket(type)
        _ = clinux_set_int_option(socket.number, SOL_SOCKET, SO_REUSEADDR, 1)
        let result = withSocketAddress(address(port)) { bind(socket.number, $0, $1) }
        guard result == 0 else { throw SystemError("\(address(port))", "bind", code: errno) }
        return socket
    }
}

/// Two nodes joined by one cable whose ends are called `market`. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN.
struct AnonymousNodes {
    static let interface = "market"
    static let requirement = "needs root, or 'unshare --user --map-root-user'"

    let near: AnonymousNode
    let far: AnonymousNode

    static var isPossible: Bool {
        let namespace = clinux_new_network_namespace()
        guard namespace >= 0 else { return false }
        close(namespace)
        return true
    }

    init() throws {
        near = try AnonymousNode("198.18.0.13")
        far = try AnonymousNode("198.18.0.12")
        let links = try LinkControl(namespace: near.namespace.number)
        try links.createVeth(
            AnonymousNodes.interface, peer: AnonymousNodes.interface, peerNamespace: far.namespace.number)
        for (node, address) in [(near, "198.18.0.13"), (far, "198.18.0.12")] {
            let links = try LinkControl(namespace: node.namespace.number)
            try links.addAddress(AnonymousNodes.interface, address, prefix: 24)
            try links.setUp("lo")
            try links.setUp(AnonymousNodes.interface)
        }
    }
}

/// Runs `body` with this thread, and what it starts, inside a network namespace.
func inside<Result>(_ namespace: Descriptor, _ body: () throws -> Result) throws -> Result {
    let own = Descriptor(try check(clinux_open_namespace("/proc/thread-self/ns/net"), "own namespace", "open"))
    try check(clinux_enter_network_namespace(namespace.number), "network namespace", "enter")
    defer {
        let back = clinux_enter_network_namespace(own.number)
        precondition(back == 0, "can't return to the own network namespace: \(String(cString: strerror(-back)))")
    }
    return try body()
}
