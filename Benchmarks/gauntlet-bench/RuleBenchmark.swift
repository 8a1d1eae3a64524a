import Netlink
import Sockets
import Units

/// One partition rule put in force and read back: our netlink code against `nft`, on the same objects, in turn.
struct RuleBenchmark {
    static let goalRatio = 10.0
    static let goalMedian = Duration.milliseconds(1)

    private static let chain = "cut"
    private static let set = "s1"
    private static let sender: [UInt8] = [198, 18, 0, 13]
    private static let timeout = Duration.seconds(15)
    /// What our changes make, in the words of `nft`.
    private static let script = [
        "add table ip gauntlet",
        "add chain ip gauntlet cut { type filter hook prerouting priority -320 ; policy accept ; }",
        "add set ip gauntlet s1 { type ipv4_addr ; flags timeout ; }",
        "add element ip gauntlet s1 { 198.18.0.13 timeout 15s }",
        "add rule ip gauntlet cut iifname market ip saddr @s1 counter drop"
    ].joined(separator: "; ")

    let rounds: Int
    let report: FigureTable

    func run() throws {
        report.begin("one rule, \(rounds) rounds")
        let name = "one rule: apply and read back"
        guard AnonymousNodes.isPossible else { return report.skip(name, because: AnonymousNodes.requirement) }
        guard let nft = ExternalTool("nft") else { return report.skip(name, because: "nft is not installed") }
        let nodes = try AnonymousNodes()
        try inside(nodes.far.namespace) {
            var ours = (apply: Samples(), read: Samples(), both: Samples())
            var theirs = (apply: Samples(), read: Samples(), both: Samples())
            for _ in 0..<rounds {
                add(try roundOfOurs(), to: &ours)
                add(try round(of: nft), to: &theirs)
            }
            let ratio = theirs.both.median.seconds / ours.both.median.seconds
            let ratioAt99 = theirs.both.p99.seconds / ours.both.p99.seconds
            report.add(
                "\(name), netlink", text(ours), goal: "P50 ≤ 1 ms", met: ours.both.median <= RuleBenchmark.goalMedian)
            report.add("\(name), exec of nft", text(theirs))
            report.add(
                "\(name), nft / netlink", "P50 \(rounded(ratio))×, P99 \(rounded(ratioAt99))×",
                goal: "≥ 10×", met: ratio >= RuleBenchmark.goalRatio)
        }
    }

    private typealias Parts = (apply: Samples, read: Samples, both: Samples)

    private func add(_ times: (apply: Duration, read: Duration), to parts: inout Parts) {
        parts.apply.add(times.apply)
        parts.read.add(times.read)
        parts.both.add(times.apply + times.read)
    }

    private func text(_ parts: Parts) -> String {
        "P50 \(shown(parts.both.median)) (apply \(shown(parts.apply.median)), read \(shown(parts.read.median))), "
            + "P99 \(shown(parts.both.p99)), n \(parts.both.count)"
    }

    private func roundOfOurs() throws -> (apply: Duration, read: Duration) {
        let table = Nftables(node: "bench")
        let expressions: [NftExpression] = [
            .loadMeta(.inputInterface), .equals(Nftables.interfaceName(AnonymousNodes.interface)),
            .loadPayload(.network, offset: 12, length: 4), .lookup(set: RuleBenchmark.set), .counter, .drop
        ]
        let start = Instant.now
        try table.apply([
            .table, .chain(RuleBenchmark.chain, hook: .prerouting, priority: -320),
            .set(RuleBenchmark.set, .address),
            .elements(set: RuleBenchmark.set, [RuleBenchmark.sender], timeout: RuleBenchmark.timeout),
            .rule(chain: RuleBenchmark.chain, owner: "bench", expressions)
        ])
        let applied = Instant.now
        let rules = try table.rules().filter { $0.owner == "bench" }
        let elements = try table.elements(of: RuleBenchmark.set)
        let isEqual =
            rules.map(\.text) == [expressions.map(\.description).joined(separator: " ")]
            && elements.map(\.key) == [RuleBenchmark.sender] && elements.map(\.timeout) == [RuleBenchmark.timeout]
        let read = Instant.now
        guard isEqual else {
            throw BenchmarkError("one rule", expected: "what was asked for", found: "\(rules) \(elements)")
        }
        try table.remove()
        return (applied - start, read - applied)
    }

    private func round(of nft: ExternalTool) throws -> (apply: Duration, read: Duration) {
        let start = Instant.now
        try nft.run([RuleBenchmark.script])
        let applied = Instant.now
        try nft.run(["list", "table", "ip", "gauntlet"])
        let read = Instant.now
        try nft.run(["delete", "table", "ip", "gauntlet"])
        return (applied - start, read - applied)
    }
}

/// What a benchmark found that it can't go on with.
struct BenchmarkError: Error, CustomStringConvertible {
    let benchmark: String
    let expected: String
    let found: String

    init(_ benchmark: String, expected: String, found: String) {
        self.benchmark = benchmark
        self.expected = expected
        self.found = found
    }

    var description: String { "\(benchmark): expected \(expected), found \(found)" }
}
