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

    package init(stamp: WallTime, interface: String, direction: Direction, networkOffset: Int, bytes: [UInt8]) {
        self.stamp = stamp
        self.interface = interface
        self.direction = direction
        self.networkOffset = networkOffset
        self.bytes = bytes
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
    /// RFC 791, RFC 793, RFC 768. Checksums are not looked at: with offload they are partial at the tap.
    func carried() -> Carried {
        let ip = networkOffset
        guard bytes.count > ip else { return .ignored }
        let version = bytes[ip] >> 4
        if networkOffset >= 14, !isInternetProtocol { return .ignored }
        if version == 6 { return carriedBySix(ip) }
        guard version == 4, bytes.count >= ip + 20 else { return .ignored }
        let transport = ip + Int(bytes[ip] & 15) * 4
        let number = bytes[ip + 9]
        guard number != 1, number != 2 else { return .ignored }
        guard number == 6 || number == 17, sixteen(ip + 6) & 0x3FFF == 0 else { return .undecodable }
        // BIG TCP writes 0 when the length does not fit in sixteen bits.
        let total = sixteen(ip + 2)
        let end = total == 0 ? bytes.count : ip + Int(total)
        return number == 6 ? segment(ip, transport, end: end) : datagram(ip, transport, end: end)
    }

    private var isInternetProtocol: Bool {
        let type = sixteen(networkOffset - 2)
        return type == 0x0800 || type == 0x86DD
    }

    private func carriedBySix(_ ip: Int) -> Carried {
        guard bytes.count >= ip + 40 else { return .ignored }
        // Hop-by-hop options precede multicast listener reports; nothing that is sent to a group (ff00::/8) reaches
        // a broker.
        let isHarmless = bytes[ip + 6] == 58 || bytes[ip + 6] == 0 || bytes[ip + 24] == 0xFF
        return isHarmless ? .ignored : .undecodable
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
