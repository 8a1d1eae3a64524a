import ChaosAgentCore
import Testing
import Units

/// A latency of 100 ms and up to 40 ms on top, of which everything but the dose is as it should be.
private func missing(median milliseconds: Int64, probes count: Int) -> [String] {
    var request = FaultRequest("jitter", .latency, from: [1], duration: .seconds(10))
    request.delay = .milliseconds(100)
    request.jitter = .milliseconds(40)
    var life = FaultLife(request)
    life.applied = Instant(nanoseconds: 0)
    life.readbackEqual = true
    life.firstEffect = Instant(nanoseconds: 1)
    life.effectEnded = Instant(nanoseconds: 2)
    life.counters = FaultLife.Counters(packets: 1)
    let delay = Duration.milliseconds(milliseconds)
    let samples = (0..<count).map { index in
        let sent = Instant(nanoseconds: Int64(index))
        return ProbeSample(sequence: UInt64(index), sent: sent, received: sent + delay)
    }
    return ForceProof(life, probes: [ForceProof.Probes(1, ProbeStatistics(samples))]).missing
}

@Suite struct JitterProofTests {
    // 400 probes of a jitter of 40 ms have a median within 3.3 ms of 120 ms but once in a thousand times.
    @Test(arguments: [115, 118, 120, 122, 125] as [Int64])
    func `a median that chance explains is proven`(_ median: Int64) {
        #expect(missing(median: median, probes: 400).isEmpty)
    }

    @Test(arguments: [60, 100, 114, 126, 140] as [Int64])
    func `jitter to both sides of the delay, or none, is not proven`(_ median: Int64) {
        #expect(missing(median: median, probes: 400).first?.contains("not 120ms") == true)
    }

    @Test func `the more probes, the less chance is given`() {
        #expect(missing(median: 125, probes: 400).isEmpty)
        #expect(!missing(median: 125, probes: 2_000).isEmpty)
    }
}
