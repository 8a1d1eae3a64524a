import Certification
import Messages
import Scenarios
import Testing

@Suite struct BaselineTests {
    private let measured: JSON = [
        "recovery_s": .real(12.5), "decision_latency_p99_ms": .real(1.25), "orders_left": 900, "late_delivery_s": 0,
        "pause_flag_delay_s": .null,
    ]

    private func verdict(_ gates: [JSON] = Certifications.kill()) -> JSON {
        Certifications.verdict(.init(scenario: "kill"), gates, measurements: measured)
    }

    @Test func `a run that passed is kept with its figures, and only those of which less is better`() throws {
        let baseline = try Baseline.taken(from: verdict()).get()
        #expect(baseline.figures == ["recovery_s": 12.5, "decision_latency_p99_ms": 1.25])
        #expect(baseline.key == BaselineKey(machine: "m1", scenario: "hash of kill") && baseline.title == "kill")
        #expect(Baseline(json: baseline.json) == baseline)
    }

    @Test func `a run that failed, that doesn't know its machine, or measured nothing is no baseline`() {
        func refusal(_ verdict: JSON) -> String? {
            if case .failure(let refusal) = Baseline.taken(from: verdict) { refusal.description } else { nil }
        }
        #expect(refusal(verdict(Certifications.kill(leaked: 1)))?.contains("only a pass") == true)
        let members = (verdict().members ?? []).filter { $0.key != "environment" }
        #expect(refusal(.object(members))?.contains("on which machine") == true)
        #expect(refusal(Certifications.verdict(.init(scenario: "kill"), Certifications.kill()))?.contains("nothing") == true)
    }

    @Test(arguments: ["schema", "machine", "scenario_sha256", "run", "figures"])
    func `a stored baseline without one of its fields is refused`(_ field: String) throws {
        let json = try Baseline.taken(from: verdict()).get().json
        #expect(Baseline(json: .object((json.members ?? []).filter { $0.key != field })) == nil)
    }

    @Test func `every figure of the runs is compared, also one that the baselines lack`() throws {
        let baseline = Baseline(
            key: BaselineKey(machine: "m1", scenario: "x"), run: "a", title: "kill", started: "t", figures: ["recovery_s": 10])
        let found = BaselineComparison.all(
            "kill", of: [["recovery_s": 11, "reconciled_s": 3]], to: [baseline], seed: 1)
        #expect(found.map(\.figure) == ["reconciled_s", "recovery_s"])
        #expect(found.map(\.baseline) == [[], [10]])
    }
}
