// Tables, chains, sets and rules of nf_tables: each change is one batch, taken whole or not at all.
//
// Our objects bear a mark in their user data. A table with our name and without our mark belongs to
// somebody else and is refused, never flushed.

import CLibnl
import Glibc
import Units

package final class Nftables {
    package enum Family: UInt8, Sendable {
        case ip = 2
        case netdev = 5
    }
    package enum Hook: UInt32, Sendable {
        case prerouting = 0
        case input = 1
        case output = 3

        /// In family netdev the first hook is the ingress of a device.
        package static let ingress = Hook.prerouting
    }
    package enum KeyType: UInt32, Sendable {
        case address = 7
        case port = 13
        var length: UInt32 { self == .address ? 4 : 2 }
    }

    package enum Change: Sendable {
        case table
        /// A base chain with policy accept. `device` only in `netdev`.
        case chain(String, hook: Hook, priority: Int32, device: String? = nil)
        /// A set whose members carry their own time-out.
        case set(String, KeyType)
        case elements(set: String, [[UInt8]], timeout: Duration)
        case removeElements(set: String, [[UInt8]])
        case rule(chain: String, owner: String, [NftExpression])
        case removeRule(chain: String, handle: UInt64)
        case removeSet(String)
        case removeTable
    }

    package static let tableName = "gauntlet"

    package let table: String
    package let family: Family
    private let node: String
    private let namespace: Int32

    /// `node` goes into the mark of the table.
    package init(namespace: Int32 = -1, node: String, table: String = Nftables.tableName, family: Family = .ip) {
        self.namespace = namespace
        self.node = node
        self.table = table
        self.family = family
    }

    /// All changes at once, or none.
    package func apply(_ changes: [Change], _ operation: String = "change rules") throws(NetlinkError) {
        guard !changes.isEmpty else { return }
        let socket = try NetlinkSocket(NETLINK_NETFILTER, namespace: namespace)
        let begin = batchMessage(UInt16(NFNL_MSG_BATCH_BEGIN))
        let end = batchMessage(UInt16(NFNL_MSG_BATCH_END))
        try socket.transact(
            changes.enumerated().map { message($1, $0) }, begin: begin, end: end, "table \(table)", operation)
    }

    package enum Presence: Hashable, Sendable {
        case absent
        /// Ours; the mark says of which node.
        case ours(node: String)
        case foreign
    }

    package func presence() throws(NetlinkError) -> Presence {
        let replies = try dump(NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE) { _ in }
        for reply in replies {
            let attributes = NetlinkAttributes(reply, from: 4)
            guard reply[0] == family.rawValue, attributes.text(Int(NFTA_TABLE_NAME.rawValue)) == table else {
                continue
            }
            let mark = NftMark.read(attributes[Int(NFTA_TABLE_USERDATA.rawValue)] ?? [])
            return mark.isEmpty ? .foreign : .ours(node: mark)
        }
        return .absent
    }

    /// Throws when a table of our name isn't ours.
    package func refuseForeign() throws(NetlinkError) {
        guard try presence() == .foreign else { return }
        throw NetlinkError(
            "table \(table)", "belongs to somebody else", code: 0,
            advice: "it bears our name and not our mark: it is left alone; delete it or run elsewhere")
    }

    package func rules() throws(NetlinkError) -> [NftRule] {
        let table = table
        let replies = try dump(NFT_MSG_GETRULE, NFT_MSG_NEWRULE) {
            $0.add(Int(NFTA_RULE_TABLE.rawValue), text: table)
        }
        return replies.filter {
            NetlinkAttributes($0, from: 4).text(Int(NFTA_RULE_TABLE.rawValue)) == table && $0[0] == family.rawValue
        }.compactMap { NftRule($0) }
    }

    package func elements(of set: String) throws(NetlinkError) -> [NftElement] {
        let table = table
        let replies = try dump(NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM) { message in
            message.add(Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), text: table)
            message.add(Int(NFTA_SET_ELEM_LIST_SET.rawValue), text: set)
        }
        return replies.flatMap { NftElement.list($0) }
    }

    /// Deletes the whole table if it is there and ours.
    package func remove() throws(NetlinkError) {
        guard case .ours = try presence() else { return }
        try apply([.removeTable], "remove")
    }

    private func dump(
        _ request: nf_tables_msg_types, _ answer: nf_tables_msg_types, _ build: (inout NetlinkMessage) -> Void
    ) throws(NetlinkError) -> [[UInt8]] {
        let socket = try NetlinkSocket(NETLINK_NETFILTER, namespace: namespace)
        var message = tableMessage(request, flags: NLM_F_DUMP)
        build(&message)
        let expected = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(answer.rawValue)
        return try socket.dump(message, "table \(table)", "list").filter { $0.type == expected }.map(\.payload)
    }

    // MARK: messages

    private func batchMessage(_ type: UInt16) -> NetlinkMessage {
        NetlinkMessage(
            type: type, flags: 0,
            header: [UInt8(AF_UNSPEC), UInt8(NFNETLINK_V0)] + UInt16(NFNL_SUBSYS_NFTABLES).bigBytes)
    }

    private func tableMessage(_ type: nf_tables_msg_types, flags: Int32) -> NetlinkMessage {
        NetlinkMessage(
            type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue), flags: flags,
            header: [family.rawValue, UInt8(NFNETLINK_V0), 0, 0])
    }

    private func message(_ change: Change, _ position: Int) -> NetlinkMessage {
        switch change {
        case .table:
            var message = tableMessage(NFT_MSG_NEWTABLE, flags: NLM_F_CREATE)
            message.add(Int(NFTA_TABLE_NAME.rawValue), text: table)
            message.add(Int(NFTA_TABLE_USERDATA.rawValue), NftMark.bytes(node))
            return message
        case .removeTable:
            var message = tableMessage(NFT_MSG_DELTABLE, flags: 0)
            message.add(Int(NFTA_TABLE_NAME.rawValue), text: table)
            return message
        case .chain(let name, let hook, let priority, let device):
            return chainMessage(name, hook, priority, device)
        case .set(let name, let type):
            return setMessage(name, type, position)
        case .removeSet(let name):
            var message = tableMessage(NFT_MSG_DELSET, flags: 0)
            message.add(Int(NFTA_SET_TABLE.rawValue), text: table)
            message.add(Int(NFTA_SET_NAME.rawValue), text: name)
            return message
        case .elements(let set, let keys, let timeout):
            return elementMessage(NFT_MSG_NEWSETELEM, NLM_F_CREATE, set, keys, timeout)
        case .removeElements(let set, let keys):
            return elementMessage(NFT_MSG_DELSETELEM, 0, set, keys, nil)
        case .rule(let chain, let owner, let expressions):
            var message = tableMessage(NFT_MSG_NEWRULE, flags: NLM_F_CREATE | NLM_F_APPEND)
            message.add(Int(NFTA_RULE_TABLE.rawValue), text: table)
            message.add(Int(NFTA_RULE_CHAIN.rawValue), text: chain)
            message.nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { list in
                for expression in expressions { expression.encode(into: &list) }
            }
            message.add(Int(NFTA_RULE_USERDATA.rawValue), NftMark.bytes(owner))
            return message
        case .removeRule(let chain, let handle):
            var message = tableMessage(NFT_MSG_DELRULE, flags: 0)
            message.add(Int(NFTA_RULE_TABLE.rawValue), text: table)
            message.add(Int(NFTA_RULE_CHAIN.rawValue), text: chain)
            message.add(Int(NFTA_RULE_HANDLE.rawValue), handle.bigBytes)
            return message
        }
    }

    private func chainMessage(_ name: String, _ hook: Hook, _ priority: Int32, _ device: String?) -> NetlinkMessage {
        var message = tableMessage(NFT_MSG_NEWCHAIN, flags: NLM_F_CREATE)
        message.add(Int(NFTA_CHAIN_TABLE.rawValue), text: table)
        message.add(Int(NFTA_CHAIN_NAME.rawValue), text: name)
        message.nest(Int(NFTA_CHAIN_HOOK.rawValue)) { nest in
            nest.add(Int(NFTA_HOOK_HOOKNUM.rawValue), hook.rawValue.bigBytes)
            nest.add(Int(NFTA_HOOK_PRIORITY.rawValue), priority.bigBytes)
            if let device { nest.add(Int(NFTA_HOOK_DEV.rawValue), text: device) }
        }
        message.add(Int(NFTA_CHAIN_POLICY.rawValue), UInt32(NF_ACCEPT).bigBytes)
        message.add(Int(NFTA_CHAIN_TYPE.rawValue), text: "filter")
        return message
    }

    private func setMessage(_ name: String, _ type: KeyType, _ position: Int) -> NetlinkMessage {
        var message = tableMessage(NFT_MSG_NEWSET, flags: NLM_F_CREATE)
        message.add(Int(NFTA_SET_TABLE.rawValue), text: table)
        message.add(Int(NFTA_SET_NAME.rawValue), text: name)
        message.add(Int(NFTA_SET_FLAGS.rawValue), UInt32(NFT_SET_TIMEOUT.rawValue).bigBytes)
        message.add(Int(NFTA_SET_KEY_TYPE.rawValue), type.rawValue.bigBytes)
        message.add(Int(NFTA_SET_KEY_LEN.rawValue), type.length.bigBytes)
        message.add(Int(NFTA_SET_ID.rawValue), UInt32(position + 1).bigBytes)
        return message
    }

    private func elementMessage(
        _ type: nf_tables_msg_types, _ flags: Int32, _ set: String, _ keys: [[UInt8]], _ timeout: Duration?
    ) -> NetlinkMessage {
        var message = tableMessage(type, flags: flags)
        message.add(Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), text: table)
        message.add(Int(NFTA_SET_ELEM_LIST_SET.rawValue), text: set)
        message.nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { list in
            for key in keys {
                list.nest(Int(NFTA_LIST_ELEM.rawValue)) { element in
                    element.nest(Int(NFTA_SET_ELEM_KEY.rawValue)) { $0.add(Int(NFTA_DATA_VALUE.rawValue), key) }
                    if let timeout {
                        let milliseconds = UInt64(max(1, timeout.nanoseconds / 1_000_000))
                        element.add(Int(NFTA_SET_ELEM_TIMEOUT.rawValue), milliseconds.bigBytes)
                    }
                }
            }
        }
        return message
    }
}
