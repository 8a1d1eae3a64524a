import Units

/// One packet as a tap handed it over, link header included.
package struct Packet: Sendable {
    package enum Direction: String, Hashable, Sendable { case inbound, outbound }

    package let stamp: WallTime
    /// The interface's name in the tapped namespace.
    package let interface: String
    package let direction: Direction
    /// Where the IP header begins.
    package let networkOffset: Int
    package let bytes: [UInt8]
    /// Longer than `bytes` when the capture had to cut.
    package let originalLength: Int

    package init(
        stamp: WallTime, interface: String, direction: Direction, networkOffset: Int, bytes: [UInt8],
        originalLength: Int? = nil
    ) {
        self.stamp = stamp
        self.interface = interface
        self.direction = direction
        self.networkOffset = networkOffset
        self.bytes = bytes
        self.originalLength = max(originalLength ?? bytes.count, bytes.count)
    }
}

/// What a packet carries, as far as the tap must understand it.
enum Carried {
    case segment(Segment)
    case datagram(Datagram)
    /// ARP, ICMP, IGMP, neighbour discovery: can't carry an order.
    case ignored
    /// Could carry an order, and the tap can't read it: a fragment, IPv6, a transport that nobody here speaks.
    case undecodable
}

struct Segment {
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let fin = Flags(rawValue: 1)
        static let syn = Flags(rawValue: 2)
        static let rst = Flags(rawValue: 4)
        static let ack = Flags(rawValue: 16)
    }

    let source: Endpoint
    let destination: Endpoint
    let sequence: UInt32
    let acknowledgement: UInt32
    let flags: Flags
    let payload: ArraySlice<UInt8>
    /// What the IP header says: longer than `payload` when the capture cut the packet.
    let length: Int
}

struct Datagram {
    let source: Endpoint
    let destination: Endpoint
    let payload: ArraySlice<UInt8>
}

extension Packet {
    /// IEEE 802.1Q, 802.1ad and its older spelling: four bytes before the type of what follows.
    private static let tags: Set<UInt16> = [0x8100, 0x88A8, 0x9100]
    /// What may carry IP inside: PPPoE, MPLS, MACsec, provider backbone, TRILL, NSH.
    private static let carriers: Set<UInt16> = [0x8864, 0x8847, 0x8848, 0x88E5, 0x88E7, 0x22F3, 0x894F]
    /// Tags one behind the other that are looked through; nobody stacks more.
    private static let tagsMaximum = 4

    /// RFC 791, RFC 793, RFC 768. Checksums are not looked at: with offload they are partial at the tap.
    func carried() -> Carried {
        guard bytes.count > networkOffset else { return .ignored }
        var ip = networkOffset
        if networkOffset >= 14 {
            var type = sixteen(ip - 2)
            // The kernel usually keeps a tag beside the packet; one that it left inside is looked through.
            while Packet.tags.contains(type) {
                guard bytes.count >= ip + 4, ip < networkOffset + 4 * Packet.tagsMaximum else { return .undecodable }
                type = sixteen(ip + 2)
                ip += 4
            }
            guard type == 0x0800 || type == 0x86DD else {
                return Packet.carriers.contains(type) ? .undecodable : .ignored
            }
            guard bytes.count > ip else { return .ignored }
        }
        switch bytes[ip] >> 4 {
        case 4: return carriedByFour(ip)
        case 6: return carriedBySix(ip)
        default: return .ignored
        }
    }

    private func carriedByFour(_ ip: Int) -> Carried {
        guard bytes.count >= ip + 20 else { return .ignored }
        let transport = ip + Int(bytes[ip] & 15) * 4
        let number = bytes[ip + 9]
        guard number != 1, number != 2 else { return .ignored }
        guard number == 6 || number == 17, sixteen(ip + 6) & 0x3FFF == 0 else { return .undecodable }
        var end = ip + Int(sixteen(ip + 2))
        if end == ip {
            // BIG TCP writes 0 when the length doesn't fit in sixteen bits; any other zero is no length.
            guard originalLength - ip > Int(UInt16.max) else { return .undecodable }
            end = originalLength
        }
        return number == 6 ? segment(ip, transport, end: end) : datagram(ip, transport, end: end)
    }

    private func carriedBySix(_ ip: Int) -> Carried {
        guard bytes.count >= ip + 40 else { return .ignored }
        // Nothing that is sent to a group (ff00::/8) reaches a broker.
        if bytes[ip + 24] == 0xFF { return .ignored }
        // Hop-by-hop options precede neighbour and listener messages, and the segments of BIG TCP.
        let hasOptions = bytes[ip + 6] == 0
        guard !hasOptions || bytes.count > ip + 40 else { return .undecodable }
        return bytes[hasOptions ? ip + 40 : ip + 6] == 58 ? .ignored : .undecodable
    }

    private func segment(_ ip: Int, _ transport: Int, end: Int) -> Carried {
        guard bytes.count >= transport + 20 else { return .undecodable }
        let start = transport + Int(bytes[transport + 12] >> 4) * 4
        guard start <= end, start >= transport + 20 else { return .undecodable }
        return .segment(
            Segment(
                source: Endpoint(host: thirtyTwo(ip + 12), port: sixteen(transport)),
                destination: Endpoint(host: thirtyTwo(ip + 16), port: sixteen(transport + 2)),
                sequence: thirtyTwo(transport + 4), acknowledgement: thirtyTwo(transport + 8),
                flags: Segment.Flags(rawValue: bytes[transport + 13]),
                payload: bytes[min(start, bytes.count)..<max(min(start, bytes.count), min(end, bytes.count))],
                length: end - start))
    }

    private func datagram(_ ip: Int, _ transport: Int, end: Int) -> Carried {
        guard bytes.count >= transport + 8, end >= transport + 8 else { return .undecodable }
        return .datagram(
            Datagram(
                source: Endpoint(host: thirtyTwo(ip + 12), port: sixteen(transport)),
                destination: Endpoint(host: thirtyTwo(ip + 16), port: sixteen(transport + 2)),
                payload: bytes[(transport + 8)..<max(transport + 8, min(end, bytes.count))]))
    }

    private func sixteen(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }
    private func thirtyTwo(_ offset: Int) -> UInt32 {
        UInt32(sixteen(offset)) << 16 | UInt32(sixteen(offset + 2))
    }
}
