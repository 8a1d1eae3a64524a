import ChaosAgentCore
import Messages
import Testing
import Units

/// Two latencies of one sender that lie over each other for a while: together they hold the sum.
struct OverlapTests {
    private var core = AgentCore(node: "governor", interface: "market", backend: .queueTarget)
    private let peer: UInt32 = 0xC612_000C

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func latency(_ id: String, _ milliseconds: Int64) -> FaultRequest {
        var request = FaultRequest(id, .latency, from: [peer], duration: .seconds(60))
        request.delay = .milliseconds(milliseconds)
        return request
    }

    private mutating func begin(_ id: String, _ delay: Int64, _ milliseconds: Int64) {
        _ = core.receive(.inject(latency(id, delay)), at: at(milliseconds))
        _ = core.receive(.applied(fault: id, at: at(milliseconds), equal: true, text: ""), at: at(milliseconds))
        _ = core.receive(.effect(fault: id, at: at(milliseconds), uncertainty: .zero, by: "holder"), at: at(milliseconds))
        _ = core.receive(.counters(fault: id, .init(packets: 9)), at: at(milliseconds))
    }

    private mutating func end(_ id: String, _ milliseconds: Int64) {
        _ = core.receive(.heal(fault: id, .request), at: at(milliseconds))
        _ = core.receive(.lifted(fault: id, at: at(milliseconds + 1)), at: at(milliseconds + 1))
    }

    private mutating func probes(_ range: Range<Int64>, take delay: Int64) {
        for number in range {
            let sample = ProbeSample(sequence: UInt64(number), sent: at(number * 20), received: at(number * 20 + delay))
            _ = core.receive(.probe(sender: peer, sample), at: at(number * 20 + delay))
        }
    }

    /// 100 ms from 2 s to 10 s, 60 ms from 4 s to 8 s; while both last, a probe takes `both`.
    private mutating func course(both: Int64) throws -> (first: [String], second: [String]) {
        probes(0..<100, take: 0)
        begin("first", 100, 2_000)
        probes(100..<200, take: 100)
        begin("second", 60, 4_000)
        probes(200..<400, take: both)
        end("second", 8_000)
        probes(401..<500, take: 100)
        end("first", 10_000)
        probes(501..<520, take: 0)
        _ = core.receive(.tick, at: at(14_000))
        func missing(_ id: String) throws -> [String] { core.proof(of: try #require(core.fault(id))).missing }
        return (try missing("first"), try missing("second"))
    }

    @Test mutating func `latencies that lie over each other are each proven by the sum`() throws {
        let found = try course(both: 160)
        #expect(found.first.isEmpty && found.second.isEmpty, "\(found)")
    }

    @Test(arguments: [100, 60, 120, 200])
    mutating func `while both last, anything but the sum proves neither`(_ both: Int64) throws {
        let found = try course(both: both)
        #expect(found.second.contains { $0.contains("not 60ms") }, "\(found)")
        #expect(found.first.contains { $0.contains("not 100ms") } || both == 100, "\(found)")
    }

    @Test mutating func `a reorder and a latency of the same sender are refused together`() {
        core = AgentCore(node: "governor", interface: "market", backend: .netem)
        begin("first", 100, 0)
        var reorder = FaultRequest("r", .reorder, from: [peer, 7], duration: .seconds(1))
        reorder.delay = .milliseconds(60)
        reorder.sharePerMillion = 1
        #expect(core.refusal(of: reorder)?.contains("'first'") == true)
        reorder.from = [7]
        #expect(core.refusal(of: reorder) == nil)
    }

    @Test func `shares of one sender are independent draws, and the lowest rate counts`() {
        var requests: [FaultRequest] = [.init("a", .duplicate, from: [1], duration: .seconds(1))]
        requests[0].sharePerMillion = 500_000
        requests += [.init("b", .duplicate, from: [1], duration: .seconds(1)), .init("c", .rate, from: [1], duration: .seconds(1))]
        requests[1].sharePerMillion = 500_000
        requests[2].bitsPerSecond = 2_000_000
        requests.append(requests[2])
        requests[3].id = "d"
        requests[3].bitsPerSecond = 1_000_000
        let dose = DosePlan(requests.map { ($0, at(9)) }).shares.first?.dose
        #expect(dose?.duplicatePerMillion == 750_000 && dose?.corruptPerMillion == 0)
        #expect(dose?.bitsPerSecond == 1_000_000)
    }
}
