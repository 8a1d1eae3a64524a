import CLinux
import Glibc

/// A network interface of the caller's own namespace.
package enum Interface {
    /// The name of the interface that bears an IPv4 address: container engines number interfaces as they like.
    /// A text that is no address is a name already.
    package static func named(_ text: String) throws(SystemError) -> String {
        guard let host = Address.host(text) else { return text }
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw SystemError(text, "getifaddrs", code: errno) }
        defer { freeifaddrs(first) }
        var next = first
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else {
                continue
            }
            let found = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Address(raw: $0.pointee).host }
            if found == host { return String(cString: entry.pointee.ifa_name) }
        }
        throw SystemError(text, "find the interface with this address", code: ENODEV)
    }
}
