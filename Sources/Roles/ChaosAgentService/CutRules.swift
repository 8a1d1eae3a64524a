// The rules of the faults that make packets vanish.

import ChaosAgentCore
import Netlink
import Units

extension FaultTable {
    private static let tcp: [NftExpression] = [.loadMeta(.transportProtocol), .equals([6])]

    private static func flags(_ mask: UInt8, are value: UInt8) -> [NftExpression] {
        [.loadPayload(.transport, offset: 13, length: 1), .mask([mask]), .equals([value])]
    }

    private static func source(in set: String) -> [NftExpression] {
        [.loadPayload(.network, offset: 12, length: 4), .lookup(set: set)]
    }
    private static func destination(in set: String) -> [NftExpression] {
        [.loadPayload(.network, offset: 16, length: 4), .lookup(set: set)]
    }
    private static func sourcePort(in set: String) -> [NftExpression] {
        [.loadPayload(.transport, offset: 0, length: 2), .lookup(set: set)]
    }
    private static func destinationPort(in set: String) -> [NftExpression] {
        [.loadPayload(.transport, offset: 2, length: 2), .lookup(set: set)]
    }

    static func from(_ interface: String) -> [NftExpression] {
        [.loadMeta(.inputInterface), .equals(Nftables.interfaceName(interface))]
    }
    private static func to(_ interface: String) -> [NftExpression] {
        [.loadMeta(.outputInterface), .equals(Nftables.interfaceName(interface))]
    }

    /// What a partition, a disconnect or a half-open needs; `nil` for the other kinds. `own` is this node's address.
    func cut(_ request: FaultRequest, interface: String, own: UInt32) -> Entry? {
        var entry = Entry(owner: request.id, sets: [], rules: [], timeout: request.duration)
        switch request.kind {
        case .partition:
            let set = nextSetName()
            let keys = request.from.isEmpty ? [own] : request.from
            let match = request.from.isEmpty ? FaultTable.destination(in: set) : FaultTable.source(in: set)
            entry.sets = [(set, .address, keys.map { octets($0) })]
            let expressions = FaultTable.from(interface) + match + [.counter, .drop]
            entry.rules = [(.cut, expressions), (.cutAgain, expressions)]
        case .disconnect:
            // A SYN without ACK: what opens a connection.
            let match = ports(&entry, request) {
                FaultTable.destinationPort(in: $0)
            } peers: {
                FaultTable.source(in: $0)
            }
            let end: [NftExpression] = [.counter, request.mode == .refuse ? .resetTCP : .drop]
            let expressions =
                FaultTable.from(interface) + FaultTable.tcp + match + FaultTable.flags(0x12, are: 0x02) + end
            entry.rules = [(.cut, expressions), (.cutAgain, expressions)]
        case .halfOpen:
            // Our resets don't get out, so the peer goes on believing in its connection.
            let match = ports(&entry, request) {
                FaultTable.sourcePort(in: $0)
            } peers: {
                FaultTable.destination(in: $0)
            }
            entry.rules = [
                (
                    .answer,
                    FaultTable.to(interface) + FaultTable.tcp + match + FaultTable.flags(0x04, are: 0x04) + [
                        .counter, .drop,
                    ]
                )
            ]
        default:
            return nil
        }
        return entry
    }

    private func ports(
        _ entry: inout Entry, _ request: FaultRequest, _ portMatch: (String) -> [NftExpression],
        peers peerMatch: (String) -> [NftExpression]
    ) -> [NftExpression] {
        let set = nextSetName()
        let port = request.port ?? 0
        entry.sets.append((set, .port, [[UInt8(port >> 8), UInt8(port & 255)]]))
        guard !request.from.isEmpty else { return portMatch(set) }
        let peers = nextSetName()
        entry.sets.append((peers, .address, request.from.map { octets($0) }))
        return portMatch(set) + peerMatch(peers)
    }

    /// The rule that hands the senders of one share to their queue.
    func queueEntry(_ share: DosePlan.Share, number: UInt16, backend: Backend, interface: String, at now: Instant)
        -> Entry
    {
        let set = nextSetName()
        let action: NftExpression = backend == .nativeQueue ? .queue(number) : .queueTarget(number)
        return Entry(
            owner: DelayQueues.owner(of: share), sets: [(set, .address, share.senders.map { octets($0) })],
            rules: [(.queue, FaultTable.from(interface) + FaultTable.source(in: set) + [.counter, action])],
            timeout: share.until - now)
    }

    /// The rule that sends the senders of one share by way of the device `index`.
    func detourEntry(_ share: DosePlan.Share, to index: UInt32, at now: Instant) -> Entry {
        let set = nextSetName()
        // What isn't IPv4 (ARP) goes straight on.
        let isIPv4: [NftExpression] = [.loadMeta(.networkProtocol), .equals([0x08, 0x00])]
        return Entry(
            owner: DelayQueues.owner(of: share), sets: [(set, .address, share.senders.map { octets($0) })],
            rules: [(.detour, isIPv4 + FaultTable.source(in: set) + [.counter, .forward(interface: index)])],
            timeout: share.until - now)
    }
}

func octets(_ host: UInt32) -> [UInt8] {
    [UInt8(host >> 24), UInt8(host >> 16 & 255), UInt8(host >> 8 & 255), UInt8(host & 255)]
}
