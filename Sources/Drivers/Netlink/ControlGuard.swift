// The wall on the governor's control interface: scrapes come in, their answers go out, nothing else.

import Sockets
import Units

extension Nftables {
    package static let guardTable = "gauntlet_guard"
    private static let guardMark = "guard"

    /// Drops everything on `interface` but TCP to the local `port` and its answers, and TCP that starts here to one of
    /// `peers` (the rig's own agent reports to the observer from inside the node). Stateless; ARP isn't touched.
    package static func installControlGuard(
        namespace: Int32 = -1, interface: String = "control", port: UInt16 = 8000, peers: [Address] = []
    ) throws(NetlinkError) {
        let guardRules = Nftables(namespace: namespace, node: guardMark, table: guardTable)
        try guardRules.refuseForeign()
        let tcp: [NftExpression] = [.loadMeta(.transportProtocol), .equals([6])]
        let incoming: [NftExpression] = [.loadMeta(.inputInterface), .equals(interfaceName(interface))]
        let outgoing: [NftExpression] = [.loadMeta(.outputInterface), .equals(interfaceName(interface))]
        var changes: [Change] = [
            .table, .removeTable, .table, .chain("input", hook: .input, priority: -300),
            .chain("output", hook: .output, priority: -300),
            .rule(chain: "input", owner: guardMark, incoming + tcp + destinationPort(port) + [.counter, .accept]),
            .rule(chain: "output", owner: guardMark, outgoing + tcp + sourcePort(port) + [.counter, .accept]),
        ]
        for peer in peers {
            let from: [NftExpression] = [.loadPayload(.network, offset: 12, length: 4), .equals(peer.host.bigBytes)]
            let to: [NftExpression] = [.loadPayload(.network, offset: 16, length: 4), .equals(peer.host.bigBytes)]
            changes += [
                .rule(
                    chain: "input", owner: guardMark,
                    incoming + tcp + from + sourcePort(peer.port) + [.counter, .accept]),
                .rule(
                    chain: "output", owner: guardMark,
                    outgoing + tcp + to + destinationPort(peer.port) + [.counter, .accept]),
            ]
        }
        changes += [
            .rule(chain: "input", owner: guardMark, incoming + [.counter, .drop]),
            .rule(chain: "output", owner: guardMark, outgoing + [.counter, .drop]),
        ]
        try guardRules.apply(changes, "install the control guard")
    }

    /// Packets that the wall has stopped on their way out: somebody behind it tried a second path.
    package static func stoppedByControlGuard(namespace: Int32 = -1) throws(NetlinkError) -> UInt64 {
        let rules = try Nftables(namespace: namespace, node: guardMark, table: guardTable).rules()
        return rules.last { $0.chain == "output" }?.packets ?? 0
    }

    package static func removeControlGuard(namespace: Int32 = -1) throws(NetlinkError) {
        try Nftables(namespace: namespace, node: guardMark, table: guardTable).remove()
    }

    private static func sourcePort(_ port: UInt16) -> [NftExpression] {
        [.loadPayload(.transport, offset: 0, length: 2), .equals(port.bigBytes)]
    }

    private static func destinationPort(_ port: UInt16) -> [NftExpression] {
        [.loadPayload(.transport, offset: 2, length: 2), .equals(port.bigBytes)]
    }

    /// Interface names are compared whole: 16 bytes, zero filled.
    package static func interfaceName(_ name: String) -> [UInt8] {
        let bytes = Array(name.utf8.prefix(15))
        return bytes + [UInt8](repeating: 0, count: 16 - bytes.count)
    }
}
