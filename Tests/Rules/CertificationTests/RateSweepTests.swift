import Certification
import Messages
import Testing

@Suite struct RateSweepTests {
    private func verdict(_ pipeline: String, _ decision: String = "pass", p99: JSON = .real(3.25)) -> JSON {
        let gates = [("pipeline_latency_p99_ms", pipeline), ("decision_latency_p99_ms", decision)].map { name, word in
            Certifications.gate(name, word)
        }
        return ["gates": .array(gates), "measurements": ["pipeline_latency_p99_ms": p99, "decision_latency_p50_ms": .real(0.5)]]
    }

    private func sweep(_ verdicts: [(Int64, JSON)]) -> RateSweep {
        var sweep = RateSweep()
        for (rate, verdict) in verdicts where !sweep.isOver { sweep.add(.init(rate: rate, verdict: verdict)) }
        return sweep
    }

    @Test func `the highest rate is the last that passed before the first that failed`() {
        let sweep = sweep([
            (1_000, verdict("pass")), (2_000, verdict("inconclusive")), (5_000, verdict("pass")), (10_000, verdict("fail")),
            (20_000, verdict("pass")),
        ])
        #expect(sweep.highest == 5_000 && sweep.steps.count == 4)
        #expect(sweep.conclusion == "highest rate that passes: 5000/s")
    }

    @Test func `a pass above a rate that failed counts for nothing`() {
        var sweep = RateSweep()
        for (rate, word) in [(1_000, "pass"), (2_000, "fail"), (5_000, "pass")] as [(Int64, String)] {
            sweep.add(.init(rate: rate, verdict: verdict(word)))
        }
        #expect(sweep.highest == 1_000)
    }

    @Test func `one latency that fails is enough, and one that is missing passes nothing`() {
        #expect(RateSweep.Step(rate: 1, verdict: verdict("pass", "fail")).outcome == .fail)
        #expect(RateSweep.Step(rate: 1, verdict: verdict("pass", "inconclusive")).outcome == .inconclusive)
        #expect(RateSweep.Step(rate: 1, verdict: ["gates": [Certifications.gate("pipeline_latency_p99_ms")]]).outcome == .inconclusive)
        #expect(sweep([(1_000, verdict("inconclusive"))]).conclusion == "no rate was seen to pass")
    }

    @Test func `a line shows what was measured, and what was not as unknown`() {
        let line = RateSweep.Step(rate: 2_000, verdict: verdict("pass")).line
        let cells = line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        #expect(cells == "2000/s unknown 3.25 ms unknown 0.5 ms unknown unknown pass")
        #expect(RateSweep.head.hasPrefix("rate            pipeline P50"))
    }

    @Test func `rates are 1, 2 and 5 times the powers of ten`() throws {
        #expect(try RateSweep.rates("1000..50000") == [1_000, 2_000, 5_000, 10_000, 20_000, 50_000])
    }

    @Test(arguments: ["1000", "2000..1000", "0..10", "1000..100001", "3..4", "1000.2000", "a..b", ""])
    func `a range without rates is refused`(_ text: String) {
        #expect(throws: RateSweep.RangeError.self) { _ = try RateSweep.rates(text) }
    }
}
