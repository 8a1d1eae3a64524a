// Our own probes: fifty a second to every peer, each with its number and the instant it left.
//
// The receiver stamps after its read, not in the kernel: the kernel's stamp is taken before a packet is queued.
// Besides, trains of four big packets twice a second, to a peer that asks for them: a limit of the rate shows in
// their spacing. Nobody asks while no such fault is in force.

import CLinux
import ChaosAgentCore
import Glibc
import Sockets
import Units

final class ProbeFlow {
    static let interval = Duration.milliseconds(20)
    private static let magic: UInt64 = 0x4741_554E_5450_5231  // "GAUNTPR1"
    private static let trainMagic: UInt64 = 0x4741_554E_5454_5231  // "GAUNTTR1"
    private static let askMagic: UInt64 = 0x4741_554E_5441_5331  // "GAUNTAS1"
    private static let length = 24
    /// Without the headers of Ethernet, IP and UDP.
    private static let trainBytes = ProbeTrain.packetBytes - 42
    private static let trainInterval = Duration.milliseconds(500)
    /// How long one request for trains holds; it is made again with every train that is due.
    private static let askedFor = Duration.seconds(2)

    private let descriptor: Descriptor
    private let peers: [Address]
    private var sequence: UInt64 = 0
    private let onSample: (UInt32, ProbeSample) -> Void
    private var asked: [UInt32: Instant] = [:]
    private var trains: UInt64 = 0
    private var assembly = TrainAssembly()
    var onTrain: (UInt32, ProbeTrain) -> Void = { _, _ in }
    /// The peers whose trains are wanted.
    var wanted: () -> [UInt32] = { [] }

    init(
        at address: Address, to peers: [Address], on reactor: Reactor,
        _ onSample: @escaping (UInt32, ProbeSample) -> Void
    ) throws(SystemError) {
        self.peers = peers
        self.onSample = onSample
        let fd = try check(
            clinux_socket_cloexec(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0),
            "\(address)", "socket")
        descriptor = Descriptor(fd)
        guard withSocketAddress(address, { bind(fd, $0, $1) }) == 0 else {
            throw SystemError(
                "\(address)", "bind probe socket", code: errno, advice: "the probe address must be one of this node's"
            )
        }
        try reactor.watch(fd, for: .read) { [unowned self] _ in receive() }
        reactor.every(ProbeFlow.interval) { [unowned self] in send() }
        reactor.every(ProbeFlow.trainInterval) { [unowned self] in askAndAnswer() }
    }

    private func send() {
        sequence += 1
        for peer in peers {
            var words = [ProbeFlow.magic, sequence, UInt64(bitPattern: Instant.now.nanoseconds)]
            // A probe that can't leave (link down) is a lost probe: the receiver sees the gap.
            _ = withSocketAddress(peer) { sendto(descriptor.number, &words, ProbeFlow.length, 0, $0, $1) }
        }
    }

    private func askAndAnswer() {
        let now = Instant.now
        let wanted = wanted()
        for peer in peers {
            if wanted.contains(peer.host) { send([ProbeFlow.askMagic, 0, 0], bytes: ProbeFlow.length, to: peer) }
            guard let until = asked[peer.host], until > now else { continue }
            trains += 1
            for packet in 0..<UInt64(ProbeTrain.length) {
                var words = [UInt64](repeating: 0, count: ProbeFlow.trainBytes / 8)
                words[0] = ProbeFlow.trainMagic
                words[1] = trains << 8 | packet
                words[2] = UInt64(bitPattern: now.nanoseconds)
                send(words, bytes: ProbeFlow.trainBytes, to: peer)
            }
        }
    }

    private func send(_ words: [UInt64], bytes: Int, to peer: Address) {
        var words = words
        // One that can't leave is one that doesn't come.
        _ = withSocketAddress(peer) { sendto(descriptor.number, &words, bytes, 0, $0, $1) }
    }

    private func receive() {
        var words = [UInt64](repeating: 0, count: 256)
        var sender = sockaddr_in()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &sender) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor.number, &words, 2_048, 0, $0, &length)
                }
            }
            let now = Instant.now
            guard count >= 0 else { return }
            let host = Address(raw: sender).host
            let sent = Instant(nanoseconds: Int64(bitPattern: words[2]))
            switch (words[0], count) {
            case (ProbeFlow.magic, ProbeFlow.length):
                onSample(host, ProbeSample(sequence: words[1], sent: sent, received: now))
            case (ProbeFlow.trainMagic, ProbeFlow.trainBytes):
                let train = assembly.receive(
                    from: host, train: words[1] >> 8, packet: words[1] & 0xFF, sent: sent, at: now)
                if let train { onTrain(host, train) }
            case (ProbeFlow.askMagic, ProbeFlow.length):
                asked[host] = now + ProbeFlow.askedFor
            default: continue
            }
        }
    }
}
