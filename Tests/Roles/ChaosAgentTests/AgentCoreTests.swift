import ChaosAgentCore
import Messages
import Testing
import Units

/// The life of a fault as the core sees it, on a clock of our own.
struct AgentCoreTests {
    private var core = AgentCore(node: "governor", interface: "market", backend: .queueTarget)
    private let peer: UInt32 = 0xC612_000C

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func latency(_ id: String = "slow") -> FaultRequest {
        var request = FaultRequest(id, .latency, from: [peer], duration: .seconds(2))
        request.delay = .milliseconds(250)
        return request
    }

    private func types(_ directives: [AgentCore.Directive]) -> [String] {
        directives.map { directive in
            switch directive {
            case .report(let report): report.type
            case .record(.applying): "record applying"
            case .record(.gone): "record gone"
            case .apply: "apply"
            case .lift: "lift"
            }
        }
    }

    private mutating func probe(_ number: UInt64, sent: Int64, takes delay: Int64) -> [AgentCore.Directive] {
        let sample = ProbeSample(sequence: number, sent: at(sent), received: at(sent + delay))
        return core.receive(.probe(sender: peer, sample), at: at(sent + delay))
    }

    /// A whole latency of 2 s from 1,000 ms on; every probe in it takes `delay`.
    private mutating func wholeLatency(
        delay: Int64, equal: Bool = true, packets: UInt64 = 100, effect: Bool = true, end: Bool = true
    ) -> [String] {
        var seen: [AgentCore.Directive] = []
        for number in 0..<50 { seen += probe(UInt64(number), sent: Int64(number) * 20, takes: 0) }
        seen += core.receive(.inject(latency()), at: at(1000))
        seen += core.receive(.applied(fault: "slow", at: at(1000), equal: equal, text: "rule"), at: at(1000))
        for number in 50..<130 { seen += probe(UInt64(number), sent: Int64(number) * 20, takes: delay) }
        if effect {
            seen += core.receive(.effect(fault: "slow", at: at(1005), uncertainty: .zero, by: "holder"), at: at(1260))
        }
        seen += core.receive(.tick, at: at(3000))
        seen += core.receive(.counters(fault: "slow", .init(packets: packets)), at: at(3000))
        seen += core.receive(.lifted(fault: "slow", at: at(3001)), at: at(3001))
        if end { seen += probe(151, sent: 3010, takes: 0) }
        seen += core.receive(.tick, at: at(6000))
        return types(seen)
    }

    private func missing() throws -> [String] {
        let life = try #require(core.fault("slow"))
        return core.proof(of: life).missing
    }

    @Test mutating func `the ledger is written before the fault is applied, and the reports come in order`() throws {
        let seen = wholeLatency(delay: 250)
        #expect(
            seen == [
                "fault_requested", "record applying", "apply", "fault_acknowledged", "fault_readback",
                "fault_first_effect", "lift",
                "fault_effect_ended", "fault_counters", "fault_measured", "fault_healed", "record gone",
            ])
        #expect(try missing().isEmpty)
        #expect(core.fault("slow")?.state == .healed)
    }

    @Test(arguments: [(248, true), (252, true), (247, false), (253, false)])
    mutating func `the median of the probes must lie within two milliseconds of the dose`(delay: Int64, proven: Bool)
        throws
    {
        _ = wholeLatency(delay: delay)
        let missing = try missing()
        #expect(missing.isEmpty == proven, "\(missing)")
    }

    @Test mutating func `an injector that acknowledges and does nothing is not proven`() throws {
        _ = wholeLatency(delay: 0, packets: 0, effect: false)
        let missing = try missing()
        #expect(missing.contains("no packet and no socket was hit"))
        #expect(missing.contains("its start was not seen"))
        #expect(missing.contains { $0.contains("not 250ms ± 2ms") }, "\(missing)")
    }

    @Test mutating func `a readback that differs is not proven`() throws {
        _ = wholeLatency(delay: 250, equal: false)
        #expect(try missing() == ["the kernel's state was not read back as asked for"])
    }

    @Test mutating func `an end that nobody saw is not proven, and is not waited for for ever`() throws {
        let seen = wholeLatency(delay: 250, end: false)
        #expect(seen.last == "record gone")
        #expect(try missing() == ["its end was not seen"])
    }

    @Test mutating func `no fault is lifted before its time, and each is at its time`() {
        _ = core.receive(.inject(latency()), at: at(1000))
        _ = core.receive(.applied(fault: "slow", at: at(1000), equal: true, text: ""), at: at(1000))
        #expect(core.receive(.tick, at: at(2999)).isEmpty)
        #expect(types(core.receive(.tick, at: at(3000))) == ["lift"])
        #expect(core.receive(.tick, at: at(3001)).isEmpty)
    }

    @Test mutating func `the same name twice is refused while the first is in force`() {
        _ = core.receive(.inject(latency()), at: at(0))
        #expect(core.refusal(of: latency())?.contains("already") == true)
        #expect(core.refusal(of: latency("other")) == nil)
    }

    @Test mutating func `what only netem can do is refused without it`() {
        #expect(core.refusal(of: FaultRequest("x", .corrupt, duration: .seconds(1)))?.contains("netem") == true)
        let other = AgentCore(node: "governor", interface: "market", backend: .netem)
        #expect(other.refusal(of: FaultRequest("x", .corrupt, duration: .seconds(1))) == nil)
    }

    @Test mutating func `a fault that failed is closed in the ledger and reported`() {
        _ = core.receive(.inject(latency()), at: at(0))
        let seen = types(core.receive(.failed(fault: "slow", reason: "EPERM"), at: at(1)))
        #expect(seen == ["fault_failed", "record gone"])
        #expect(core.fault("slow")?.state == .failed)
    }

    @Test mutating func `with netem the first effect is the first probe that was held`() {
        core = AgentCore(node: "governor", interface: "market", backend: .netem)
        _ = core.receive(.inject(latency()), at: at(0))
        _ = core.receive(.applied(fault: "slow", at: at(0), equal: true, text: ""), at: at(0))
        #expect(probe(1, sent: 5, takes: 224).isEmpty)
        #expect(types(probe(2, sent: 25, takes: 226)) == ["fault_first_effect"])
        #expect(core.fault("slow")?.firstEffect == at(25))
    }

    @Test func `the statistics of a probe flow count what never came`() {
        let samples = [1, 2, 4, 7].map {
            ProbeSample(sequence: UInt64($0), sent: at(Int64($0)), received: at(Int64($0) * 2))
        }
        let statistics = ProbeStatistics(samples)
        #expect(statistics.count == 4)
        #expect(statistics.lost == 3)
        #expect(statistics.median == .milliseconds(2))
        #expect(statistics.maximum == .milliseconds(7))
    }
}
