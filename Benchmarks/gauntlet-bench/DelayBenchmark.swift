import CLinux
import Glibc
import Netlink
import Sockets
import Units

/// 250 ms asked of a packet queue at the receiver's ingress: what a datagram's round trip gains.
///
/// One thread sends, answers and receives, so its own lateness is in the baseline as much as in the measurement.
struct DelayBenchmark {
    static let asked = Duration.milliseconds(250)
    static let goal = Duration.microseconds(249_500)...Duration.microseconds(251_000)
    private static let port: UInt16 = 7020
    private static let number: UInt16 = 41_000
    private static let spacing = Duration.milliseconds(5)
    /// Above whatever else this process does, below the queue's own thread.
    private static let priority: Int32 = 40

    let probes: Int
    let report: FigureTable

    func run() throws {
        report.begin("250 ms through a packet queue, \(probes) probes")
        let name = "250 ms asked: added round trip"
        guard AnonymousNodes.isPossible else { return report.skip(name, because: AnonymousNodes.requirement) }
        let nodes = try AnonymousNodes()
        guard clinux_thread_fifo(DelayBenchmark.priority) == 0 else {
            return report.skip(name, because: "SCHED_FIFO is not allowed here", goal: "249.5–251 ms")
        }
        defer {
            var ordinary = sched_param()
            sched_setscheduler(0, SCHED_OTHER, &ordinary)
        }
        _ = clinux_timer_slack_ns(1)
        let flow = try ProbeLoop(nodes, port: DelayBenchmark.port, spacing: DelayBenchmark.spacing)
        let baseline = try flow.roundTrips(probes)
        let table = try delay(at: nodes.far)
        defer { table.queue.stop() }
        let delayed = try flow.roundTrips(probes)
        let realtime = table.queue.statistics.isRealtime
        let (low, middle, high) = (
            delayed.quantile(0.01) - baseline.median, delayed.median - baseline.median, delayed.p99 - baseline.median
        )
        report.add(
            "round trip without a fault",
            "P50 \(shown(baseline.median)), P99 \(shown(baseline.p99)), n \(baseline.count)")
        report.add(
            name,
            "P1 \(shown(low)), P50 \(shown(middle)), P99 \(shown(high)), largest "
                + "\(shown(delayed.maximum - baseline.median)), n \(delayed.count), lost \(probes - delayed.count), "
                + "holder \(realtime ? "SCHED_FIFO" : "at normal priority")",
            goal: "249.5–251 ms at P99", met: DelayBenchmark.goal.contains(low) && DelayBenchmark.goal.contains(high))
    }

    private func delay(at node: AnonymousNode) throws -> (queue: PacketQueue, rules: Nftables) {
        let queue = try PacketQueue(
            DelayBenchmark.number, dose: .init(delay: DelayBenchmark.asked), seed: 1, namespace: node.namespace.number)
        let rules = Nftables(namespace: node.namespace.number, node: "bench")
        func apply(_ expression: NftExpression) throws(NetlinkError) {
            try rules.apply([
                .table, .chain("queue", hook: .prerouting, priority: -310),
                .rule(
                    chain: "queue", owner: "bench",
                    [
                        .loadMeta(.inputInterface), .equals(Nftables.interfaceName(AnonymousNodes.interface)),
                        .loadMeta(.transportProtocol), .equals([17]), .counter, expression
                    ])
            ])
        }
        do {
            try apply(.queue(DelayBenchmark.number))
        } catch {
            try apply(.queueTarget(DelayBenchmark.number))
        }
        return (queue, rules)
    }
}

/// Datagrams to and fro at fixed times, whether or not the earlier ones are back.
final class ProbeLoop {
    private let near: Descriptor
    private let far: Descriptor
    private let target: Address
    private let spacing: Duration
    private static let patience = Duration.seconds(2)

    init(_ nodes: AnonymousNodes, port: UInt16, spacing: Duration) throws(SystemError) {
        near = try nodes.near.bound(SOCK_DGRAM, port: port)
        far = try nodes.far.bound(SOCK_DGRAM, port: port)
        target = nodes.far.address(port)
        self.spacing = spacing
    }

    func roundTrips(_ count: Int) throws -> Samples {
        var samples = Samples()
        var sent = 0
        var next = Instant.now + spacing
        while samples.count < count {
            let deadline = sent < count ? next : next + ProbeLoop.patience
            let wait = max(.zero, deadline - .now)
            let ready = clinux_wait_readable(near.number, far.number, wait.nanoseconds)
            if ready & 2 != 0 { answer() }
            if ready & 1 != 0, let trip = receive() { samples.add(trip) }
            guard ready == 0, Instant.now >= deadline else { continue }
            guard sent < count else { break }
            send()
            sent += 1
            next = next + spacing
        }
        return samples
    }

    private func send() {
        var stamp = Instant.now.nanoseconds
        _ = withSocketAddress(target) { sendto(near.number, &stamp, 8, 0, $0, $1) }
    }

    private func answer() {
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var stamp: Int64 = 0
        withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard recvfrom(far.number, &stamp, 8, 0, address, &length) == 8 else { return }
                _ = sendto(far.number, &stamp, 8, 0, address, length)
            }
        }
    }

    private func receive() -> Duration? {
        var stamp: Int64 = 0
        guard recv(near.number, &stamp, 8, 0) == 8 else { return nil }
        return Instant.now - Instant(nanoseconds: stamp)
    }
}
