import Messages
import Scenarios
import Testing
import Units
import Verdicts

/// The judge looks at the probes of every fault that has a dose, and at the process that a restart brings back.
@Suite struct FaultDoseTests {
    /// What the gate says of a hard kill whose latency is something else, with these members of `fault_measured`.
    private func reason(
        _ kind: FaultKind, _ measured: [(String, JSON)], _ change: (inout Fault) -> Void = { _ in }
    ) throws -> String? {
        var story = try Story.hardKill()
        let index = try #require(story.scenario.faults.firstIndex { $0.kind == .latency })
        story.scenario.faults[index].kind = kind
        story.scenario.faults[index].percent = 30
        story.scenario.faults[index].bitsPerSecond = 1_000_000
        change(&story.scenario.faults[index])
        let names = Set(measured.map(\.0))
        for position in story.observations.indices where story.observations[position].type == "fault_measured" {
            story.observations[position].fields.removeAll { names.contains($0.key) }
            story.observations[position].fields += measured.map { JSON.Member($0.0, $0.1) }
        }
        return try story.judged().gates.first { $0.name == .faultsProven }?.reason
    }

    @Test(arguments: [(210, true), (0, false), (150, false), (270, false)] as [(Int64, Bool)])
    func `a share of the probes that chance does not explain is no proof`(_ hits: Int64, _ isRight: Bool) throws {
        let twice = try reason(.duplicate, [("n", .integer(700 + hits)), ("copies", .integer(hits))])
        #expect((twice == nil) == isRight, "\(twice ?? "")")
        let spoilt = try reason(.corrupt, [("n", .integer(700 - hits)), ("lost", .integer(hits))])
        #expect((spoilt == nil) == (isRight || hits == 150), "\(spoilt ?? "")")
        let overtook = try reason(.reorder, [("n", 700), ("overtook", .integer(hits))])
        #expect((overtook == nil) == isRight, "\(overtook ?? "")")
    }

    @Test(arguments: [(1_000_000, true), (750_000, true), (600_000, false), (1_200_000, false)] as [(Int64, Bool)])
    func `trains at another rate are no proof`(_ found: Int64, _ isRight: Bool) throws {
        #expect((try reason(.rate, [("trains", 9), ("bits_per_second", .integer(found))]) == nil) == isRight)
        #expect(try reason(.rate, [("trains", 0), ("bits_per_second", .integer(found))]) != nil)
    }

    @Test func `the median of a jitter may stray by what chance explains, and no further`() throws {
        // 40 ms of 700 probes: half of it more, and 2.5 ms beyond the 2.
        func jittered(_ milliseconds: Int64) throws -> String? {
            try reason(.latency, [("p50_ns", .integer(milliseconds * 1_000_000))]) { $0.jitter = .milliseconds(40) }
        }
        #expect(try jittered(270) == nil && jittered(274) == nil && jittered(266) == nil)
        #expect(try jittered(275) != nil && jittered(265) != nil && jittered(250) != nil)
    }

    @Test func `a restart whose process never answers again is no proof`() throws {
        #expect(try reason(.restart, []) { $0.process = "governor" }?.contains("never ready again") == true)
    }
}
