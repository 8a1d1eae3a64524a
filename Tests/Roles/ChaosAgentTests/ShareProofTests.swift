import ChaosAgentCore
import Messages
import Testing
import Units

/// Duplicate, corrupt, reorder and rate: what the probes must show, and what they must not.
@Suite struct ShareProofTests {
    private let share: Int64 = 300_000

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// A fault of which everything but the dose is as it should be.
    private func missing(_ kind: FaultKind, _ samples: [ProbeSample], _ trains: [ProbeTrain] = []) -> [String] {
        var request = FaultRequest("x", kind, from: [1], duration: .seconds(10))
        request.sharePerMillion = UInt32(share)
        request.bitsPerSecond = 1_000_000
        request.delay = kind == .reorder ? .milliseconds(60) : .zero
        var life = FaultLife(request)
        life.applied = at(0)
        life.readbackEqual = true
        life.firstEffect = at(1)
        life.effectEnded = at(2)
        life.counters = FaultLife.Counters(packets: 1)
        let probes = ForceProof.Probes(1, ProbeStatistics(samples), trains: TrainStatistics(trains))
        return ForceProof(life, probes: [probes]).missing
    }

    private func probe(_ number: Int, takes delay: Int64 = 0) -> ProbeSample {
        let sent = Int64(number) * 20
        return ProbeSample(sequence: UInt64(number), sent: at(sent), received: at(sent + delay))
    }

    /// 400 probes, of which every tenth and its `extra` followers are chosen.
    private func chosen(_ number: Int, _ extra: Int) -> Bool { number % 10 < extra }

    @Test(arguments: [(3, true), (0, false), (2, false), (4, false), (10, false)])
    func `copies must be the share that was asked for`(_ extra: Int, _ isProven: Bool) {
        let samples = (0..<400).flatMap { chosen($0, extra) ? [probe($0), probe($0)] : [probe($0)] }
        #expect(missing(.duplicate, samples).isEmpty == isProven)
    }

    @Test(arguments: [(3, true), (0, false), (1, false), (5, false)])
    func `spoilt probes must be the share that was asked for`(_ extra: Int, _ isProven: Bool) {
        let samples = (0..<400).filter { !chosen($0, extra) }.map { probe($0) }
        #expect(missing(.corrupt, samples).isEmpty == isProven)
    }

    @Test(arguments: [(3, true), (0, false), (1, false), (6, false)])
    func `overtaking probes must be the share that was asked for`(_ extra: Int, _ isProven: Bool) {
        // Spread out, so that one that isn't held finds one before it that is.
        let samples = (0..<400).map { probe($0, takes: chosen($0 * 7, extra) ? 0 : 60) }
        let found = missing(.reorder, samples)
        #expect(found.isEmpty == isProven, "\(found)")
    }

    @Test(arguments: [(1_000_000, true), (1_090_000, true), (750_000, true), (1_200_000, false), (600_000, false), (90_000_000, false)])
    func `trains must come at the rate that was asked for`(_ bitsPerSecond: Int64, _ isProven: Bool) {
        let bits = Int64((ProbeTrain.length - 1) * ProbeTrain.packetBytes * 8)
        let train = ProbeTrain(sent: at(0), spread: .nanoseconds(bits * 1_000_000_000 / bitsPerSecond))
        #expect(missing(.rate, [], [train, train, train]).isEmpty == isProven)
    }

    @Test(arguments: [FaultKind.duplicate, .corrupt, .reorder, .rate])
    func `no probe at all proves nothing`(_ kind: FaultKind) {
        #expect(missing(kind, []) == ["no probe measured the dose"])
    }

    @Test func `a train that misses a packet, or has them out of order, tells nothing`() {
        func received(_ packets: [UInt64]) -> [ProbeTrain] {
            var assembly = TrainAssembly()
            return packets.enumerated().compactMap { index, packet in
                assembly.receive(from: 1, train: 7, packet: packet, sent: at(0), at: at(Int64(index) * 10))
            }
        }
        #expect(received([0, 1, 2, 3]) == [ProbeTrain(sent: at(0), spread: .milliseconds(30))])
        #expect(received([0, 1, 3]).isEmpty && received([1, 2, 3]).isEmpty && received([0, 2, 1, 3]).isEmpty)
    }

    @Test func `a request of the wrong share, rate or delay is refused with the legal values`() throws {
        func mistakes(_ kind: String, _ members: [(String, JSON)]) -> [String] {
            let json = JSON.object(
                [.init("id", "x"), .init("kind", .string(kind)), .init("from", ["198.18.0.12"]), .init("duration_ns", 1)]
                    + members.map { JSON.Member($0.0, $0.1) })
            do { _ = try FaultRequest(json: json) } catch { return error.mistakes }
            return []
        }
        #expect(mistakes("duplicate", [("share_ppm", 1)]).isEmpty && mistakes("corrupt", [("share_ppm", 1_000_000)]).isEmpty)
        #expect(mistakes("reorder", [("share_ppm", 5), ("delay_ns", 40_000_000)]).isEmpty)
        #expect(mistakes("rate", [("bits_per_second", 256_000)]).isEmpty)
        #expect(mistakes("duplicate", []).first?.contains("1 to 1000000") == true)
        #expect(mistakes("corrupt", [("share_ppm", 0)]).count == 1 && mistakes("corrupt", [("share_ppm", 1_000_001)]).count == 1)
        #expect(mistakes("reorder", [("share_ppm", 5), ("delay_ns", 39_000_000)]).first?.contains("at least 40ms") == true)
        #expect(mistakes("reorder", [("share_ppm", 5)]).count == 1)
        #expect(mistakes("rate", [("bits_per_second", 255_999)]).first?.contains("256000 to 100000000") == true)
        #expect(mistakes("rate", [("bits_per_second", 100_000_001)]).count == 1 && mistakes("rate", []).count == 1)
        #expect(mistakes("partition", [("share_ppm", 5)]).count == 1)
    }
}
