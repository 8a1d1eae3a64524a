import CLinux
import Glibc

/// A network interface of the caller's own namespace.
package enum Interface {
    /// The name of the interface that bears an IPv4 address: container engines number interfaces as they like.
    /// A text that is no address is a name already.
    package static func named(_ text: String) throws(SystemError) -> String {
        guard let host = Address.host(text) else { return text }
        if let found = try addresses(for: text).first(where: { $0.host == host }) { return found.interface }
        throw SystemError(text, "find the interface with this address", code: ENODEV)
    }

    /// Its IPv4 addresses, host byte order.
    package static func addresses(of interface: String) throws(SystemError) -> Set<UInt32> {
        Set(try addresses(for: interface).filter { $0.interface == interface }.map(\.host))
    }

    private static func addresses(for subject: String) throws(SystemError) -> [(interface: String, host: UInt32)] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw SystemError(subject, "getifaddrs", code: errno) }
        defer { freeifaddrs(first) }
        var found: [(interface: String, host: UInt32)] = []
        var next = first
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else {
                continue
            }
            let host = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Address(raw: $0.pointee).host }
            found.append((String(cString: entry.pointee.ifa_name), host))
        }
        return found
    }
}
