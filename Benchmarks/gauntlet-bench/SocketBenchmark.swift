import CLinux
import Glibc
import Netlink
import Sockets
import Units

/// One established connection ended at its acceptor: found, destroyed and seen gone by our code; `ss -K` in turn.
struct SocketBenchmark {
    static let goalRatio = 10.0
    private static let port: UInt16 = 9878

    let rounds: Int
    let report: FigureTable

    func run() throws {
        report.begin("one socket killed, \(rounds) rounds")
        let name = "one socket killed"
        guard AnonymousNodes.isPossible else { return report.skip(name, because: AnonymousNodes.requirement) }
        guard let ss = ExternalTool("ss") else { return report.skip(name, because: "ss is not installed") }
        let nodes = try AnonymousNodes()
        let listener = try nodes.far.bound(SOCK_STREAM, port: SocketBenchmark.port)
        guard listen(listener.number, 16) == 0 else { throw SystemError("listener", "listen", code: errno) }
        try inside(nodes.far.namespace) {
            let diagnostics = try SocketDiagnostics()
            var ours = Samples()
            var theirs = Samples()
            var parts = (find: Samples(), destroy: Samples(), verify: Samples())
            for _ in 0..<rounds {
                ours.add(try killed(nodes, listener) { try SocketBenchmark.destroy(diagnostics, &parts) })
                theirs.add(
                    try killed(nodes, listener) {
                        try ss.run(["-K", "-n", "-t", "state", "established", "sport", "=", ":\(SocketBenchmark.port)"])
                    })
            }
            let ratio = theirs.median.seconds / ours.median.seconds
            report.add(
                "\(name), sock_diag, seen gone",
                "P50 \(shown(ours.median)) (find \(shown(parts.find.median)), destroy \(shown(parts.destroy.median)), "
                    + "see gone \(shown(parts.verify.median))), P99 \(shown(ours.p99)), n \(ours.count)")
            report.add(
                "\(name), exec of ss -K", "P50 \(shown(theirs.median)), P99 \(shown(theirs.p99)), n \(theirs.count)")
            report.add(
                "\(name), ss / sock_diag",
                "P50 \(rounded(ratio))×, P99 \(rounded(theirs.p99.seconds / ours.p99.seconds))×", goal: "≥ 10×",
                met: ratio >= SocketBenchmark.goalRatio)
        }
    }

    /// From the search for it to the look-up that no longer finds it. The netlink socket stays open, as it does in
    /// the agent.
    private static func destroy(
        _ diagnostics: SocketDiagnostics, _ parts: inout (find: Samples, destroy: Samples, verify: Samples)
    ) throws {
        let start = Instant.now
        let pattern = SocketDiagnostics.Pattern(localPort: port)
        let found = try diagnostics.connections(pattern)
        guard let target = found.first, found.count == 1 else {
            throw BenchmarkError("one socket", expected: "one connection", found: "\(found.count)")
        }
        let known = Instant.now
        _ = try diagnostics.destroy(target)
        let destroyed = Instant.now
        guard try diagnostics.isGone(target) else {
            throw BenchmarkError("one socket", expected: "no such socket", found: "it is still there")
        }
        parts.find.add(known - start)
        parts.destroy.add(destroyed - known)
        parts.verify.add(.now - destroyed)
    }

    /// How long `kill` takes for one fresh connection; its peer must then see a reset.
    private func killed(_ nodes: AnonymousNodes, _ listener: Descriptor, _ kill: () throws -> Void) throws -> Duration {
        let client = try nodes.near.socket(SOCK_STREAM)
        let target = nodes.far.address(SocketBenchmark.port)
        guard withSocketAddress(target, { connect(client.number, $0, $1) }) == 0 else {
            throw SystemError("\(target)", "connect", code: errno)
        }
        let accepted = Descriptor(try check(accept(listener.number, nil, nil), "\(target)", "accept"))
        let start = Instant.now
        try kill()
        let taken = Instant.now - start
        var byte: UInt8 = 0
        guard clinux_wait_readable(client.number, -1, 1_000_000_000) & 1 != 0,
            recv(client.number, &byte, 1, 0) < 0, errno == ECONNRESET
        else { throw BenchmarkError("one socket", expected: "ECONNRESET at the peer", found: "none within 1 s") }
        _ = accepted
        return taken
    }
}
