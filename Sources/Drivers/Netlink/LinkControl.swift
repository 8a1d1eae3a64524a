// Links, addresses and routes of one network namespace, through rtnetlink.

import CLibnl
import Glibc
import Units

package final class LinkControl {
    package struct Link: Hashable, Sendable {
        package let index: Int32
        package let name: String
        /// `veth`, `bridge`, `ifb`; empty for a device that has no kind (loopback, hardware).
        package let kind: String
        package let isUp: Bool
        package let master: Int32?
    }

    private let socket: NetlinkSocket

    /// Every call acts in the namespace behind `namespace`, a descriptor; -1 is the own one.
    package init(namespace: Int32 = -1) throws(NetlinkError) {
        socket = try NetlinkSocket(NETLINK_ROUTE, namespace: namespace)
    }

    package func createBridge(_ name: String) throws(NetlinkError) { try create(name, kind: "bridge") }

    package func createIntermediateBlock(_ name: String) throws(NetlinkError) { try create(name, kind: "ifb") }

    /// A pair of cable ends: `name` here, `peer` in the namespace behind `peerNamespace` (-1: here too).
    package func createVeth(_ name: String, peer: String, peerNamespace: Int32 = -1) throws(NetlinkError) {
        var message = linkMessage(UInt16(RTM_NEWLINK), flags: NLM_F_CREATE | NLM_F_EXCL)
        message.add(IFLA_IFNAME, text: name)
        message.nest(IFLA_LINKINFO) { info in
            info.add(IFLA_INFO_KIND, Array("veth".utf8))
            info.nest(IFLA_INFO_DATA) { data in
                data.nest(1) { end in  // VETH_INFO_PEER
                    end.append(interfaceHeader())
                    end.add(IFLA_IFNAME, text: peer)
                    if peerNamespace >= 0 { end.add(IFLA_NET_NS_FD, UInt32(peerNamespace).hostBytes) }
                }
            }
        }
        try socket.request(message, name, "create veth pair with \(peer)")
    }

    package func delete(_ name: String) throws(NetlinkError) {
        let message = linkMessage(UInt16(RTM_DELLINK), index: try index(of: name))
        try socket.request(message, name, "delete link")
    }

    package func rename(_ name: String, to fresh: String) throws(NetlinkError) {
        var message = linkMessage(UInt16(RTM_NEWLINK), index: try index(of: name))
        message.add(IFLA_IFNAME, text: fresh)
        try socket.request(message, name, "rename link to \(fresh)")
    }

    package func setMaster(_ name: String, bridge: String) throws(NetlinkError) {
        var message = linkMessage(UInt16(RTM_NEWLINK), index: try index(of: name))
        message.add(IFLA_MASTER, UInt32(try index(of: bridge)).hostBytes)
        try socket.request(message, name, "put under bridge \(bridge)")
    }

    package func setUp(_ name: String) throws(NetlinkError) { try set(name, up: true) }
    package func setDown(_ name: String) throws(NetlinkError) { try set(name, up: false) }

    /// Adds `address`, dotted, with its broadcast address.
    package func addAddress(_ name: String, _ address: String, prefix: UInt8) throws(NetlinkError) {
        var raw = in_addr()
        guard inet_pton(AF_INET, address, &raw) == 1, prefix <= 32 else {
            throw NetlinkError(
                name, "add address '\(address)/\(prefix)'", code: EINVAL,
                advice: "expected a dotted IPv4 address and a prefix of 0 to 32")
        }
        let host = UInt32(bigEndian: raw.s_addr)
        let header: [UInt8] = [UInt8(AF_INET), prefix, 0, 0] + UInt32(try index(of: name)).hostBytes
        var message = NetlinkMessage(type: UInt16(RTM_NEWADDR), flags: NLM_F_CREATE | NLM_F_EXCL, header: header)
        message.add(IFA_LOCAL, host.bigBytes)
        message.add(IFA_ADDRESS, host.bigBytes)
        if prefix < 31 { message.add(IFA_BROADCAST, (host | UInt32.max >> UInt32(prefix)).bigBytes) }
        try socket.request(message, name, "add address \(address)/\(prefix)")
    }

    /// Adds an IPv6 address, without waiting for duplicate detection.
    package func addAddress(_ name: String, sixteen address: [UInt8], prefix: UInt8) throws(NetlinkError) {
        let header: [UInt8] = [UInt8(AF_INET6), prefix, UInt8(IFA_F_NODAD), 0] + UInt32(try index(of: name)).hostBytes
        var message = NetlinkMessage(type: UInt16(RTM_NEWADDR), flags: NLM_F_CREATE | NLM_F_EXCL, header: header)
        message.add(IFA_LOCAL, address)
        message.add(IFA_ADDRESS, address)
        try socket.request(message, name, "add IPv6 address")
    }

    /// Whether the link has an IPv6 address that reaches beyond it: our rules are for IPv4.
    package func hasRoutableIPv6(_ name: String) throws(NetlinkError) -> Bool {
        let index = UInt32(bitPattern: try index(of: name))
        let header: [UInt8] = [UInt8(AF_INET6)] + [UInt8](repeating: 0, count: 7)
        let message = NetlinkMessage(type: UInt16(RTM_GETADDR), flags: NLM_F_DUMP, header: header)
        // `struct ifaddrmsg`: family, prefix, flags, scope, index.
        return try socket.dump(message, name, "list IPv6 addresses").contains { reply in
            reply.type == RTM_NEWADDR && reply.payload.count >= 8 && reply.payload[0] == UInt8(AF_INET6)
                && reply.payload[3] == UInt8(RT_SCOPE_UNIVERSE.rawValue) && reply.payload.host32(4) == index
        }
    }

    /// Every link of the namespace, by index.
    package func links() throws(NetlinkError) -> [Link] {
        let replies = try socket.dump(linkMessage(UInt16(RTM_GETLINK), flags: NLM_F_DUMP), "links", "list")
        return replies.compactMap { reply -> Link? in
            guard reply.type == RTM_NEWLINK, reply.payload.count >= 16 else { return nil }
            let attributes = NetlinkAttributes(reply.payload, from: 16)
            return Link(
                index: Int32(bitPattern: reply.payload.host32(4)), name: attributes.text(IFLA_IFNAME) ?? "",
                kind: attributes.nest(IFLA_LINKINFO)?.text(IFLA_INFO_KIND) ?? "",
                isUp: reply.payload.host32(8) & UInt32(IFF_UP) != 0,
                master: attributes.host32(IFLA_MASTER).map { Int32(bitPattern: $0) })
        }
    }

    package func link(named name: String) throws(NetlinkError) -> Link? { try links().first { $0.name == name } }

    package func index(of name: String) throws(NetlinkError) -> Int32 {
        guard let link = try link(named: name) else {
            throw NetlinkError(name, "look up link", code: ENODEV, advice: "no link of this name in this namespace")
        }
        return link.index
    }

    // MARK: routes

    /// A route exactly as the kernel listed it, so that it can be put back.
    package struct Route: Hashable, Sendable {
        /// `rtmsg` and its attributes.
        package let raw: [UInt8]

        package init(raw: [UInt8]) { self.raw = raw }

        package var interface: Int32? { attributes.host32(Int(RTA_OIF.rawValue)).map { Int32(bitPattern: $0) } }
        package var isDefault: Bool { raw.count >= 12 && raw[1] == 0 && raw[0] == UInt8(AF_INET) }
        /// Put there by the kernel when an address came: it comes back by itself.
        package var isKernelMade: Bool { raw.count >= 12 && raw[5] == UInt8(RTPROT_KERNEL) }
        private var attributes: NetlinkAttributes { NetlinkAttributes(raw, from: 12) }
    }

    /// IPv4 routes of all tables.
    package func routes() throws(NetlinkError) -> [Route] {
        let header: [UInt8] = [UInt8(AF_INET)] + [UInt8](repeating: 0, count: 11)
        let message = NetlinkMessage(type: UInt16(RTM_GETROUTE), flags: NLM_F_DUMP, header: header)
        return try socket.dump(message, "routes", "list").filter { $0.type == RTM_NEWROUTE }.map {
            Route(raw: $0.payload)
        }
    }

    package func restore(_ route: Route) throws(NetlinkError) {
        var message = NetlinkMessage(
            type: UInt16(RTM_NEWROUTE), flags: NLM_F_CREATE | NLM_F_REPLACE, header: Array(route.raw.prefix(12)))
        message.append(Array(route.raw.dropFirst(12)))
        try socket.request(message, "route", "restore")
    }

    /// A default route by way of `gateway`, dotted.
    package func addDefaultRoute(by gateway: String) throws(NetlinkError) {
        var raw = in_addr()
        guard inet_pton(AF_INET, gateway, &raw) == 1 else {
            throw NetlinkError(
                "default route", "add by '\(gateway)'", code: EINVAL, advice: "expected a dotted IPv4 address")
        }
        let header: [UInt8] =
            [
                UInt8(AF_INET), 0, 0, 0, UInt8(RT_TABLE_MAIN.rawValue), UInt8(RTPROT_STATIC),
                UInt8(RT_SCOPE_UNIVERSE.rawValue), UInt8(RTN_UNICAST),
            ]
            + UInt32(0).hostBytes
        var message = NetlinkMessage(type: UInt16(RTM_NEWROUTE), flags: NLM_F_CREATE | NLM_F_EXCL, header: header)
        message.add(Int(RTA_GATEWAY.rawValue), UInt32(bigEndian: raw.s_addr).bigBytes)
        try socket.request(message, "default route", "add by \(gateway)")
    }

    // MARK: messages

    private func create(_ name: String, kind: String) throws(NetlinkError) {
        var message = linkMessage(UInt16(RTM_NEWLINK), flags: NLM_F_CREATE | NLM_F_EXCL)
        message.add(IFLA_IFNAME, text: name)
        message.nest(IFLA_LINKINFO) { $0.add(IFLA_INFO_KIND, Array(kind.utf8)) }
        try socket.request(message, name, "create \(kind)")
    }

    private func set(_ name: String, up: Bool) throws(NetlinkError) {
        let header = interfaceHeader(
            index: try index(of: name), flags: up ? UInt32(IFF_UP) : 0, change: UInt32(IFF_UP))
        try socket.request(
            NetlinkMessage(type: UInt16(RTM_NEWLINK), flags: 0, header: header), name, up ? "set up" : "set down")
    }

    private func linkMessage(_ type: UInt16, flags: Int32 = 0, index: Int32 = 0) -> NetlinkMessage {
        NetlinkMessage(type: type, flags: flags, header: interfaceHeader(index: index))
    }

    /// `struct ifinfomsg`.
    private func interfaceHeader(index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) -> [UInt8] {
        [0, 0, 0, 0] + index.hostBytes + flags.hostBytes + change.hostBytes
    }
}
