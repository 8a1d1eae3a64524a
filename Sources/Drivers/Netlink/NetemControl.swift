// Delay by netem, on an intermediate device (IFB) behind the ingress of an interface.
//
// An IFB of our own: replacing or deleting its root qdisc disturbs nobody else's traffic. Its name starts with our
// prefix, which is the mark: `heal` removes exactly these, and the ingress qdisc that leads to them.

import CLibnl
import Glibc
import Units

package final class NetemControl {
    package static let prefix = "gnt"
    private static let ingressHandle: UInt32 = 0xFFFF_0000
    private static let ingressParent: UInt32 = 0xFFFF_FFF1
    private static let rootParent: UInt32 = 0xFFFF_FFFF
    /// Major number of our root qdiscs: "GN".
    private static let rootHandle: UInt32 = 0x474E_0000

    private let socket: NetlinkSocket
    private let links: LinkControl

    package init(namespace: Int32 = -1) throws(NetlinkError) {
        socket = try NetlinkSocket(NETLINK_ROUTE, namespace: namespace)
        links = try LinkControl(namespace: namespace)
    }

    /// Creates the device `gntNUMBER` with netem as its root.
    package func createDevice(_ number: Int, _ settings: Settings) throws(NetlinkError) -> String {
        let name = "\(NetemControl.prefix)\(number)"
        try links.createIntermediateBlock(name)
        try links.setUp(name)
        var message = try trafficMessage(
            UInt16(RTM_NEWQDISC), NLM_F_CREATE | NLM_F_REPLACE, name, NetemControl.rootHandle, NetemControl.rootParent
        )
        message.add(Int(TCA_KIND), text: "netem")
        message.nest(Int(TCA_OPTIONS)) { settings.encode(into: &$0) }
        do {
            try socket.request(message, name, "add netem")
        } catch {
            try links.delete(name)
            throw error
        }
        return name
    }

    package func deleteDevice(_ name: String) throws(NetlinkError) { try links.delete(name) }

    /// Throws when the interface has an ingress qdisc already: it is somebody else's.
    package func addIngress(_ interface: String) throws(NetlinkError) {
        var message = try trafficMessage(
            UInt16(RTM_NEWQDISC), NLM_F_CREATE | NLM_F_EXCL, interface, NetemControl.ingressHandle,
            NetemControl.ingressParent)
        message.add(Int(TCA_KIND), text: "ingress")
        do {
            try socket.request(message, interface, "add ingress qdisc")
        } catch  where error.code == EEXIST {
            throw NetlinkError(
                interface, "add ingress qdisc", code: EEXIST, advice: "it belongs to somebody else and is left alone")
        }
    }

    package func removeIngress(_ interface: String) throws(NetlinkError) {
        let message = try trafficMessage(
            UInt16(RTM_DELQDISC), 0, interface, NetemControl.ingressHandle, NetemControl.ingressParent)
        try requestRemoval(message, interface, "remove ingress qdisc")
    }

    /// What a guardian has removed before us is removed; anything else that is refused is an error.
    private func requestRemoval(_ message: NetlinkMessage, _ interface: String, _ operation: String)
        throws(NetlinkError)
    {
        do {
            try socket.request(message, interface, operation)
        } catch where error.code == ENOENT || error.code == EINVAL {
            guard try !hasIngress(interface) else { throw error }
        }
    }

    private func hasIngress(_ interface: String) throws(NetlinkError) -> Bool {
        let index = UInt32(bitPattern: try links.index(of: interface))
        return try qdiscs(interface).contains { reply in
            reply.payload.host32(4) == index && reply.payload.host32(12) == NetemControl.ingressParent
        }
    }

    private func qdiscs(_ subject: String) throws(NetlinkError) -> [NetlinkReply] {
        let message = NetlinkMessage(
            type: UInt16(RTM_GETQDISC), flags: NLM_F_DUMP, header: [UInt8](repeating: 0, count: 20))
        return try socket.dump(message, subject, "list qdiscs").filter { $0.payload.count >= 20 }
    }

    /// Sends what comes from `sender` to the device. Filters of one device share its priority.
    package func redirect(_ interface: String, from sender: UInt32, to device: String, priority: UInt16)
        throws(NetlinkError)
    {
        let index = UInt32(bitPattern: try links.index(of: device))
        let information = UInt32(priority) << 16 | UInt32(UInt16(0x0800).bigEndian)
        var message = try trafficMessage(
            UInt16(RTM_NEWTFILTER), NLM_F_CREATE | NLM_F_EXCL, interface, 0, NetemControl.ingressHandle, information)
        message.add(Int(TCA_KIND), text: "u32")
        message.nest(Int(TCA_OPTIONS)) { nest in
            // struct tc_u32_sel: terminal, one key; then the key: mask, value, offset of the source address.
            let selector: [UInt8] = [1, 0, 1, 0] + [UInt8](repeating: 0, count: 12)
            nest.add(
                Int(TCA_U32_SEL),
                selector + UInt32.max.bigBytes + sender.bigBytes + UInt32(12).hostBytes + UInt32(0).hostBytes)
            nest.nest(Int(TCA_U32_ACT)) { actions in
                actions.nest(1) { action in
                    action.add(Int(TCA_ACT_KIND), text: "mirred")
                    action.nest(Int(TCA_ACT_OPTIONS)) { options in
                        // struct tc_mirred: index, capabilities, TC_ACT_STOLEN, two counts, TCA_EGRESS_REDIR, device.
                        let fields: [UInt32] = [0, 0, 4, 0, 0, 1, index]
                        options.add(Int(TCA_MIRRED_PARMS), fields.flatMap(\.hostBytes))
                    }
                }
            }
        }
        try socket.request(message, interface, "redirect to \(device)")
    }

    package func removeRedirects(_ interface: String, priority: UInt16) throws(NetlinkError) {
        let information = UInt32(priority) << 16 | UInt32(UInt16(0x0800).bigEndian)
        let message = try trafficMessage(
            UInt16(RTM_DELTFILTER), 0, interface, 0, NetemControl.ingressHandle, information)
        try requestRemoval(message, interface, "remove redirects")
    }

    /// What netem on a device has in force, what it has sent and what it has dropped.
    package struct Found: Hashable, Sendable {
        package let settings: Settings
        package let packets: UInt64
        package let bytes: UInt64
        package let dropped: UInt64
        /// Packets that it holds now.
        package let waiting: UInt32
    }

    /// `nil` when there is no netem on `device`.
    package func readBack(_ device: String) throws(NetlinkError) -> Found? {
        let index = UInt32(bitPattern: try links.index(of: device))
        for reply in try qdiscs(device) where reply.payload.host32(4) == index {
            let attributes = NetlinkAttributes(reply.payload, from: 20)
            guard attributes.text(Int(TCA_KIND)) == "netem", let options = attributes[Int(TCA_OPTIONS)],
                options.count >= 24
            else { continue }
            let settings = Settings(options)
            // TCA_STATS2 holds gnet_stats_basic: bytes (64 bit), packets (32 bit); and gnet_stats_queue: length,
            // backlog, drops, all of 32 bits.
            let statistics = attributes.nest(Int(TCA_STATS2))
            let basic = statistics?[Int(TCA_STATS_BASIC)] ?? []
            let queue = statistics?[Int(TCA_STATS_QUEUE)] ?? []
            let bytes = basic.count >= 12 ? UInt64(basic.host32(0)) | UInt64(basic.host32(4)) << 32 : 0
            return Found(
                settings: settings, packets: basic.count >= 12 ? UInt64(basic.host32(8)) : 0, bytes: bytes,
                dropped: queue.count >= 12 ? UInt64(queue.host32(8)) : 0,
                waiting: queue.count >= 12 ? queue.host32(0) : 0)
        }
        return nil
    }

    /// Our devices in this namespace.
    package func devices() throws(NetlinkError) -> [String] {
        try links.links().filter { $0.kind == "ifb" && $0.name.hasPrefix(NetemControl.prefix) }.map(\.name)
    }

    /// Removes our devices and, when it leads to them, the ingress qdisc of `interface`. Where a rule of nf_tables led to
    /// them, an ingress qdisc is somebody else's.
    @discardableResult
    package func removeAll(interface: String, andIngress isOurs: Bool) throws(NetlinkError) -> [String] {
        let found = try devices()
        guard !found.isEmpty else { return [] }
        if isOurs { try removeIngress(interface) }
        for name in found { try links.delete(name) }
        return found
    }

    /// What the kernel calls the device.
    package func index(of device: String) throws(NetlinkError) -> UInt32 {
        UInt32(bitPattern: try links.index(of: device))
    }

    /// `struct tcmsg` in front.
    private func trafficMessage(
        _ type: UInt16, _ flags: Int32, _ device: String, _ handle: UInt32, _ parent: UInt32,
        _ information: UInt32 = 0
    ) throws(NetlinkError) -> NetlinkMessage {
        let index = try links.index(of: device)
        let header = [0, 0, 0, 0] + index.hostBytes + handle.hostBytes + parent.hostBytes + information.hostBytes
        return NetlinkMessage(type: type, flags: flags, header: header)
    }
}
