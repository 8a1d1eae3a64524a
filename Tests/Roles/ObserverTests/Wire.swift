import Units

@testable import ObserverCore

/// Random numbers from a seed, so that a failing case can be run again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A FIX message with its length and checksum, `|` for the separator.
func fixMessage(_ body: String) -> [UInt8] {
    let content = Array(body.utf8).map { $0 == UInt8(ascii: "|") ? 1 : $0 }
    var bytes = Array("8=FIX.4.4\u{1}9=\(content.count)\u{1}".utf8) + content
    let sum = bytes.reduce(UInt8(0)) { $0 &+ $1 }
    let digits = String(sum)
    bytes += Array("10=\(String(repeating: "0", count: 3 - digits.count))\(digits)\u{1}".utf8)
    return bytes
}

func newOrder(_ number: Int, extra: String = "") -> [UInt8] {
    fixMessage(
        "35=D|34=\(number)|49=GOVERNOR|56=BROKER|11=O\(number)|526=I\(number)|55=NVDA|54=1|38=100|40=2|44=450.12|"
            + extra
    )
}

func bulkArray(_ words: String...) -> [UInt8] {
    var text = "*\(words.count)\r\n"
    for word in words { text += "$\(word.utf8.count)\r\n\(word)\r\n" }
    return Array(text.utf8)
}

/// Packets of one TCP connection between governor and a peer, sequence numbers kept.
struct Dialogue {
    static let governor = Endpoint(host: 0xC612_000D, port: 40_000)
    static let broker = Endpoint(host: 0xC612_000C, port: 9_878)
    static let redis = Endpoint(host: 0xC612_000E, port: 6_379)

    var local = Dialogue.governor
    var remote = Dialogue.broker
    var interface = "market"
    var sent: UInt32 = 1_000
    var heard: UInt32 = 5_000
    /// Microseconds of the next packet.
    var clock: Int64 = 0

    mutating func stamp() -> WallTime {
        clock += 10
        return WallTime(nanoseconds: 1_700_000_000_000_000_000 + clock * 1_000)
    }

    mutating func handshake() -> [Packet] {
        let packets = [
            segment(.outbound, [], sequence: sent, flags: 2),
            segment(.inbound, [], sequence: heard, flags: 18, acknowledges: sent &+ 1)
        ]
        sent &+= 1
        heard &+= 1
        return packets
    }

    mutating func send(_ bytes: [UInt8]) -> Packet {
        defer { sent &+= UInt32(bytes.count) }
        return segment(.outbound, bytes, sequence: sent)
    }

    mutating func hear(_ bytes: [UInt8]) -> Packet {
        defer { heard &+= UInt32(bytes.count) }
        return segment(.inbound, bytes, sequence: heard)
    }

    mutating func segment(
        _ direction: Packet.Direction, _ payload: [UInt8], sequence: UInt32, flags: UInt8 = 16,
        acknowledges: UInt32? = nil
    ) -> Packet {
        let isOut = direction == .outbound
        let ends = isOut ? (local, remote) : (remote, local)
        var tcp = sixteen(ends.0.port) + sixteen(ends.1.port) + thirtyTwo(sequence)
        tcp += thirtyTwo(acknowledges ?? (isOut ? heard : sent)) + [0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]
        return packet(direction, protocolNumber: 6, ends, tcp + payload)
    }

    mutating func datagram(_ direction: Packet.Direction, _ payload: [UInt8]) -> Packet {
        let ends = direction == .outbound ? (local, remote) : (remote, local)
        let udp = sixteen(ends.0.port) + sixteen(ends.1.port) + sixteen(UInt16(payload.count + 8)) + [0, 0]
        return packet(direction, protocolNumber: 17, ends, udp + payload)
    }

    mutating func packet(
        _ direction: Packet.Direction, protocolNumber: UInt8, _ ends: (Endpoint, Endpoint), _ transport: [UInt8],
        fragment: UInt16 = 0
    ) -> Packet {
        var bytes = [UInt8](repeating: 0, count: 12) + [0x08, 0x00]
        bytes +=
            [0x45, 0] + sixteen(UInt16(truncatingIfNeeded: 20 + transport.count)) + [0, 0] + sixteen(fragment) + [64, protocolNumber, 0, 0]
        bytes += thirtyTwo(ends.0.host) + thirtyTwo(ends.1.host) + transport
        return Packet(stamp: stamp(), interface: interface, direction: direction, networkOffset: 14, bytes: bytes)
    }

    private func sixteen(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
    private func thirtyTwo(_ value: UInt32) -> [UInt8] {
        sixteen(UInt16(value >> 16)) + sixteen(UInt16(truncatingIfNeeded: value))
    }
}

extension TapDecoder {
    static func tested(rig: Set<Endpoint> = []) -> TapDecoder {
        TapDecoder(Configuration(brokerPort: 9_878, rig: rig))
    }

    /// Takes packets in order and returns all that was seen.
    mutating func take(_ packets: [Packet]) -> [Sighting] { packets.flatMap { receive($0).sightings } }
}

extension Sighting {
    var order: Order? { if case .order(let order) = event { order } else { nil } }
    var tcp: String? { if case .tcp(let what) = event { what } else { nil } }
    var logout: String? { if case .logout(let reason) = event { reason } else { nil } }
    var secondPath: String? { if case .secondPath(let what) = event { what } else { nil } }
    var isLogon: Bool { if case .logon = event { true } else { false } }
}

extension Packet {
    /// The same packet with other bytes.
    func altered(_ change: (inout [UInt8]) -> Void) -> Packet {
        var bytes = bytes
        change(&bytes)
        return Packet(
            stamp: stamp, interface: interface, direction: direction, networkOffset: networkOffset, bytes: bytes)
    }
}
