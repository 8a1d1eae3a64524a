import ChaosAgentCore
import Testing
import Units

struct DosePlanTests {
    private func latency(_ id: String, _ milliseconds: Int64, from: [UInt32], until: Int64) -> (
        request: FaultRequest, until: Instant
    ) {
        var request = FaultRequest(id, .latency, from: from, duration: .seconds(1))
        request.delay = .milliseconds(milliseconds)
        return (request, Instant(nanoseconds: until))
    }

    @Test func `delays of one sender add up and hold until the first of them ends`() {
        let plan = DosePlan([latency("a", 100, from: [1, 2], until: 50), latency("b", 30, from: [2], until: 20)])
        #expect(plan.delay(from: 1) == .milliseconds(100))
        #expect(plan.delay(from: 2) == .milliseconds(130))
        #expect(plan.delay(from: 3) == .zero)
        #expect(plan.shares.map(\.until.nanoseconds) == [50, 20])
        #expect(plan.shares.map(\.faults) == [["a"], ["a", "b"]])
    }

    @Test func `senders with the same dose share a queue`() {
        let plan = DosePlan([latency("a", 100, from: [1, 2, 3], until: 50)])
        #expect(plan.shares.count == 1)
        #expect(plan.shares.first?.senders == [1, 2, 3])
    }

    @Test func `two losses combine as independent draws`() {
        var one = FaultRequest("a", .loss, from: [1], duration: .seconds(1))
        one.lossPerMillion = 500_000
        var two = one
        two.id = "b"
        let plan = DosePlan([(one, Instant(nanoseconds: 9)), (two, Instant(nanoseconds: 9))])
        #expect(plan.shares.first?.dose.lossPerMillion == 750_000)
    }

    @Test func `other kinds are no part of it`() {
        let cut = FaultRequest("c", .partition, from: [1], duration: .seconds(1))
        #expect(DosePlan([(cut, Instant(nanoseconds: 9))]).shares.isEmpty)
    }
}
