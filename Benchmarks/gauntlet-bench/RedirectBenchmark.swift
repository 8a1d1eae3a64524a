import Netlink
import Units

/// The way into an intermediate device, and netem behind it where the kernel has it: netlink against `tc`, in turn.
struct RedirectBenchmark {
    static let goalRatio = 10.0
    static let goalMedian = Duration.milliseconds(3)
    private static let device = "bench0"

    let rounds: Int
    let report: FigureTable

    func run() throws {
        report.begin("ingress redirect and netem, \(rounds) rounds")
        let name = "ingress qdisc and redirect to an IFB"
        guard AnonymousNodes.isPossible else { return report.skip(name, because: AnonymousNodes.requirement) }
        guard let tc = ExternalTool("tc") else { return report.skip(name, because: "tc is not installed") }
        let nodes = try AnonymousNodes()
        try inside(nodes.far.namespace) {
            let links = try LinkControl()
            do {
                try links.createIntermediateBlock(RedirectBenchmark.device)
            } catch {
                return report.skip(name, because: "this kernel has no IFB (\(error))")
            }
            var ours = Samples()
            var theirs = Samples()
            let control = try NetemControl()
            for _ in 0..<rounds {
                ours.add(try roundOfOurs(control, nodes.near.host))
                theirs.add(try round(of: tc))
            }
            let ratio = theirs.median.seconds / ours.median.seconds
            report.add("\(name), netlink", "P50 \(shown(ours.median)), P99 \(shown(ours.p99)), n \(ours.count)")
            report.add(
                "\(name), exec of tc", "P50 \(shown(theirs.median)), P99 \(shown(theirs.p99)), n \(theirs.count)")
            report.add(
                "\(name), tc / netlink", "P50 \(rounded(ratio))×", goal: "≥ 10×",
                met: ratio >= RedirectBenchmark.goalRatio)
            try measureNetem(control, tc)
        }
    }

    private func roundOfOurs(_ control: NetemControl, _ sender: UInt32) throws -> Duration {
        let start = Instant.now
        try control.addIngress(AnonymousNodes.interface)
        try control.redirect(AnonymousNodes.interface, from: sender, to: RedirectBenchmark.device, priority: 1)
        let taken = Instant.now - start
        try control.removeIngress(AnonymousNodes.interface)
        return taken
    }

    private func round(of tc: ExternalTool) throws -> Duration {
        let interface = AnonymousNodes.interface
        let start = Instant.now
        try tc.run(["qdisc", "add", "dev", interface, "ingress"])
        try tc.run(
            ["filter", "add", "dev", interface, "parent", "ffff:", "protocol", "ip", "prio", "1", "u32"]
                + ["match", "ip", "src", "198.18.0.13/32", "action", "mirred", "egress", "redirect"]
                + ["dev", RedirectBenchmark.device])
        let taken = Instant.now - start
        try tc.run(["qdisc", "del", "dev", interface, "ingress"])
        return taken
    }

    private func measureNetem(_ control: NetemControl, _ tc: ExternalTool) throws {
        let name = "IFB with netem: create and read back, netlink"
        let settings = NetemControl.Settings(delay: .milliseconds(250), jitter: .zero, lossPerMillion: 0)
        var samples = Samples()
        var theirs = Samples()
        for _ in 0..<rounds {
            let start = Instant.now
            do {
                let device = try control.createDevice(1, settings)
                let found = try control.readBack(device)
                samples.add(Instant.now - start)
                guard found?.settings == settings else {
                    throw BenchmarkError(name, expected: "\(settings)", found: "\(String(describing: found))")
                }
                try control.deleteDevice(device)
                theirs.add(try roundOfNetem(tc))
            } catch let error as NetlinkError {
                return report.skip(name, because: "this kernel has no netem (\(error))", goal: "P50 ≤ 3 ms")
            }
        }
        report.add(
            name, "P50 \(shown(samples.median)), P99 \(shown(samples.p99)), n \(samples.count)", goal: "P50 ≤ 3 ms",
            met: samples.median <= RedirectBenchmark.goalMedian)
        let ratio = theirs.median.seconds / samples.median.seconds
        report.add(
            "IFB with netem, ip and tc / netlink", "P50 \(shown(theirs.median)), \(rounded(ratio))×", goal: "≥ 10×",
            met: ratio >= RedirectBenchmark.goalRatio)
    }

    /// The same by the tools that people use: a device, netem on it, and a look at what is there.
    private func roundOfNetem(_ tc: ExternalTool) throws -> Duration {
        guard let ip = ExternalTool("ip") else { throw BenchmarkError("ip", expected: "installed", found: "nothing") }
        let start = Instant.now
        try ip.run(["link", "add", "bench1", "type", "ifb"])
        defer { try? ip.run(["link", "del", "bench1"]) }  // the device is gone with its namespace in any case
        try ip.run(["link", "set", "bench1", "up"])
        try tc.run(["qdisc", "add", "dev", "bench1", "root", "netem", "delay", "250ms", "limit", "12500"])
        try tc.run(["qdisc", "show", "dev", "bench1"])
        return Instant.now - start
    }
}
