import Netlink

/// Which interface a fault may touch: it is there, it isn't loopback, nobody's way to the world goes over
/// it, and no IPv6 goes round our rules.
enum InterfaceRule {
    static func refusal(_ name: String, _ links: LinkControl) throws(NetlinkError) -> String? {
        guard let link = try links.link(named: name) else {
            let names = try links.links().map(\.name).joined(separator: ", ")
            return "interface '\(name)' is not in this network namespace; there are: \(names)"
        }
        if name == "lo" { return "loopback is never faulted" }
        if try links.routes().contains(where: { $0.isDefault && $0.interface == link.index }) {
            return "interface '\(name)' bears the default route: a fault there would cut this machine off"
        }
        if try links.hasRoutableIPv6(name) {
            return "interface '\(name)' has a routable IPv6 address: a fault of IPv4 alone would leave a way round it"
        }
        return nil
    }
}
