import CLinux
import Glibc

/// An IPv4 address and a TCP or UDP port: `198.18.0.12:9878`.
package struct Address: Hashable, Sendable, CustomStringConvertible {
    /// Host byte order: 127.0.0.1 is 0x7F000001.
    package let host: UInt32
    package let port: UInt16

    package init(host: UInt32, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `HOST:PORT`, the host dotted or `localhost`. `nil` for anything else: names are not looked up here.
    package init?(written text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        guard let host = Address.host(String(text[..<colon])) else { return nil }
        self.init(host: host, port: port)
    }

    package static func host(_ text: String) -> UInt32? {
        if text == "localhost" { return 0x7F00_0001 }
        var raw = in_addr()
        return inet_pton(AF_INET, text, &raw) == 1 ? UInt32(bigEndian: raw.s_addr) : nil
    }

    /// Looks a host name up with the system's resolver (compose service names). Blocks: for start-up only.
    package static func resolving(_ text: String) -> Address? {
        if let address = Address(written: text) { return address }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(String(text[..<colon]), nil, &hints, &found) == 0, let first = found else { return nil }
        defer { freeaddrinfo(found) }
        guard let raw = first.pointee.ai_addr else { return nil }
        let host = raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
        return Address(host: host, port: port)
    }

    package var hostText: String {
        "\(host >> 24).\(host >> 16 & 255).\(host >> 8 & 255).\(host & 255)"
    }
    package var description: String { "\(hostText):\(port)" }

    package var raw: sockaddr_in {
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = port.bigEndian
        raw.sin_addr.s_addr = host.bigEndian
        return raw
    }

    package init(raw: sockaddr_in) {
        self.init(host: UInt32(bigEndian: raw.sin_addr.s_addr), port: UInt16(bigEndian: raw.sin_port))
    }
}

/// Calls `body` with the address as the system calls want it.
package func withSocketAddress<Result>(
    _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var raw = address.raw
    return withUnsafePointer(to: &raw) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}
