import ChaosAgentCore
import Messages
import Testing
import Units

/// Whose fault it is, and how many there may be at once.
struct OriginTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func fault(_ number: Int) -> FaultRequest {
        FaultRequest("f\(number)", .partition, from: [0xC612_000C], duration: .seconds(60))
    }

    @Test func `a ninth fault at once is refused, and taken when one is over`() {
        var core = AgentCore(node: "governor", interface: "market", backend: .queueTarget)
        for number in 1...8 {
            #expect(core.refusal(of: fault(number)) == nil)
            _ = core.receive(.inject(fault(number)), at: at(0))
            _ = core.receive(.applied(fault: "f\(number)", at: at(0), equal: true, text: ""), at: at(0))
        }
        #expect(core.refusal(of: fault(9))?.contains("8 faults are in force already") == true)
        _ = core.receive(.heal(fault: "f1", .request), at: at(10))
        _ = core.receive(.lifted(fault: "f1", at: at(11)), at: at(11))
        #expect(core.refusal(of: fault(9)) == nil)
    }

    @Test func `a fault is an operator's unless a scenario says that it is its own`() throws {
        func request(_ by: JSON?) throws -> FaultRequest {
            let members: [JSON.Member] = [
                .init("id", "cut"), .init("kind", "partition"), .init("duration_ns", 1_000_000),
            ]
            return try FaultRequest(json: .object(members + (by.map { [.init("by", $0)] } ?? [])))
        }
        #expect(try request(nil).by == .operator)
        #expect(try request("scenario").by == .scenario)
        #expect(throws: RequestError.self) { try request("nobody") }
        let told = try request("scenario").members.first { $0.key == "by" }
        #expect(told?.value == "scenario")
    }
}
