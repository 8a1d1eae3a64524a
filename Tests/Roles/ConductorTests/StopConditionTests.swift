import Scenarios
import Testing
import Units

import ConductorCore

/// A bound that is passed ends the drill; a series that nobody sees does so as well.
@Suite struct StopConditionTests {
    private static let memory = "process_resident_memory_bytes"
    private func at(_ second: Double) -> Instant { Instant(nanoseconds: Int64((second * 1e9).rounded())) }

    private func script(_ stops: [StopCondition]) -> DrillScript {
        DrillScript(
            phases: [.init(name: "warm-up", lasts: .seconds(60))], faults: [], resumes: [], mustBeArmed: false, stops: stops)
    }

    /// When the drill was aborted and why, with this value seen at each tenth of a second; `nil`: not seen.
    private func abort(_ stop: StopCondition, _ value: (Double) -> Int64?) -> (second: Double, reason: String)? {
        var drill = Drill(script([stop]))
        var view = DrillView()
        for tenth in 0..<300 {
            let second = Double(tenth) / 10
            if let seen = value(second) {
                view.metrics[Self.memory] = .init(value: Figure(units: seen * 10_000), at: at(second))
            }
            for case .abort(let reason) in drill.step(at: at(second), seeing: view) { return (second, reason) }
        }
        return nil
    }

    private func above(_ limit: Int64, for lasts: Duration = .zero) -> StopCondition {
        StopCondition(metric: Self.memory, bound: .above(Figure(units: limit * 10_000)), lasts: lasts)
    }

    @Test func `a bound that is passed for long enough aborts the drill and says what was found`() {
        let found = abort(above(100, for: .seconds(2))) { $0 < 5 ? 100 : 101 }
        #expect(found?.second == 7)
        #expect(found?.reason == "stop condition: process_resident_memory_bytes above 100 for 2s, found 101")
    }

    @Test func `at the bound, or beyond it with breaks, the drill goes on`() {
        #expect(abort(above(100)) { _ in 100 } == nil)
        #expect(abort(above(100, for: .seconds(2))) { Int($0 * 10) % 15 == 0 ? 50 : 200 } == nil)
        let low = StopCondition(metric: Self.memory, bound: .below(Figure(units: 100 * 10_000)), lasts: .zero)
        #expect(abort(low) { _ in 100 } == nil)
        #expect(abort(low) { _ in 99 }?.second == 0.1)
    }

    @Test func `a series that is never seen, or no more, aborts the drill`() {
        #expect(abort(above(100)) { _ in nil }?.reason.contains("has not been seen for 10s") == true)
        let stale = abort(above(100)) { $0 < 4 ? 1 : nil }
        #expect(stale.map { $0.second > 13.9 && $0.second < 14.3 } == true, "\(String(describing: stale))")
    }
}
