// Our own probes: fifty a second to every peer, each with its number and the instant it left.
//
// The receiver stamps after its read, not in the kernel: the kernel's stamp is taken before a packet is queued.

import CLinux
import ChaosAgentCore
import Glibc
import Sockets
import Units

final class ProbeFlow {
    static let interval = Duration.milliseconds(20)
    private static let magic: UInt64 = 0x4741_554E_5450_5231  // "GAUNTPR1"
    private static let length = 24

    private let descriptor: Descriptor
    private let peers: [Address]
    private var sequence: UInt64 = 0
    private let onSample: (UInt32, ProbeSample) -> Void

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
    }

    private func send() {
        sequence += 1
        for peer in peers {
            var words = [ProbeFlow.magic, sequence, UInt64(bitPattern: Instant.now.nanoseconds)]
            // A probe that can't leave (link down) is a lost probe: the receiver sees the gap.
            _ = withSocketAddress(peer) { sendto(descriptor.number, &words, ProbeFlow.length, 0, $0, $1) }
        }
    }

    private func receive() {
        var words = [UInt64](repeating: 0, count: 4)
        var sender = sockaddr_in()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &sender) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor.number, &words, 32, 0, $0, &length)
                }
            }
            let now = Instant.now
            guard count >= 0 else { return }
            guard count == ProbeFlow.length, words[0] == ProbeFlow.magic else { continue }
            let sent = Instant(nanoseconds: Int64(bitPattern: words[2]))
            onSample(Address(raw: sender).host, ProbeSample(sequence: words[1], sent: sent, received: now))
        }
    }
}
