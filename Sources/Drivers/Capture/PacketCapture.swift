// pcapng, as Wireshark reads it: draft-ietf-opsawg-pcapng. Little-endian, nanoseconds.

import Units

/// Encodes one section of a pcapng file. Pure: the bytes go wherever the caller writes them.
package struct PacketCapture: Sendable {
    /// LINKTYPE_ETHERNET and LINKTYPE_RAW of the tcpdump registry.
    package enum Link: UInt16, Sendable {
        case ethernet = 1
        case rawInternetProtocol = 101
    }

    private var interfaces: [UInt32: UInt32] = [:]

    package init() {}

    /// The section header block: the first bytes of the file.
    package static func header(application: String) -> [UInt8] {
        var body: [UInt8] = []
        append(0x1A2B_3C4D as UInt32, to: &body)
        append(1 as UInt16, to: &body)
        append(0 as UInt16, to: &body)
        append(UInt64.max, to: &body)
        append(option: 4, Array(application.utf8), to: &body)
        append(0 as UInt32, to: &body)
        return block(0x0A0D_0D0A, body)
    }

    /// The packet's block, behind its interface's block when this is the interface's first packet.
    package mutating func encode(_ packet: TapPacket, interfaceName: @autoclosure () -> String) -> [UInt8] {
        let isEthernet = packet.hardware == 1 || packet.hardware == 772
        let bytes = isEthernet ? packet.bytes[...] : packet.bytes.dropFirst(packet.networkOffset)
        var out: [UInt8] = []
        let number: UInt32
        if let known = interfaces[packet.interface] {
            number = known
        } else {
            number = UInt32(interfaces.count)
            interfaces[packet.interface] = number
            out = PacketCapture.interface(interfaceName(), isEthernet ? .ethernet : .rawInternetProtocol)
        }
        let cut = packet.bytes.count - bytes.count
        return out + PacketCapture.packet(packet, number, bytes, original: packet.originalLength - cut)
    }

    private static func interface(_ name: String, _ link: Link) -> [UInt8] {
        var body: [UInt8] = []
        append(link.rawValue, to: &body)
        append(0 as UInt16, to: &body)
        append(0 as UInt32, to: &body)
        append(option: 2, Array(name.utf8), to: &body)
        // if_tsresol: powers of ten, 10^-9.
        append(option: 9, [9], to: &body)
        append(0 as UInt32, to: &body)
        return block(1, body)
    }

    private static func packet(_ packet: TapPacket, _ interface: UInt32, _ bytes: ArraySlice<UInt8>, original: Int)
        -> [UInt8]
    {
        var body: [UInt8] = []
        body.reserveCapacity(bytes.count + 48)
        let stamp = UInt64(bitPattern: packet.stamp.nanoseconds)
        append(interface, to: &body)
        append(UInt32(truncatingIfNeeded: stamp >> 32), to: &body)
        append(UInt32(truncatingIfNeeded: stamp), to: &body)
        append(UInt32(bytes.count), to: &body)
        append(UInt32(original), to: &body)
        body += bytes
        pad(&body)
        // epb_flags: the lowest two bits are the direction, 1 in, 2 out.
        var flags: [UInt8] = []
        append(packet.isOutgoing ? 2 : 1 as UInt32, to: &flags)
        append(option: 2, flags, to: &body)
        append(0 as UInt32, to: &body)
        return block(6, body)
    }

    private static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 12)
        let length = UInt32(body.count + 12)
        append(type, to: &out)
        append(length, to: &out)
        out += body
        append(length, to: &out)
        return out
    }

    private static func append(option code: UInt16, _ value: [UInt8], to out: inout [UInt8]) {
        append(code, to: &out)
        append(UInt16(value.count), to: &out)
        out += value
        pad(&out)
    }

    private static func append(_ value: some FixedWidthInteger, to out: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { out += $0 }
    }

    private static func pad(_ out: inout [UInt8]) { while out.count % 4 != 0 { out.append(0) } }
}
