import Messages
import Testing
import Verdicts

/// Which inconclusive runs `gauntlet run --attempts` runs again.
@Suite struct AnotherRunTests {
    @Test func `a fault that did not prove itself is worth another run`() throws {
        var story = try Story.hardKill()
        story.observations.removeAll { $0.type == "fault_counters" }
        let verdict = try story.judged()
        #expect(verdict.outcome == .inconclusive)
        let isWorthIt = verdict.isWorthAnotherRun
        #expect(isWorthIt)
    }

    @Test func `a pass and a fail are the last word`() throws {
        var story = try Story.hardKill()
        #expect(try !story.judged().isWorthAnotherRun)
        story.observations.removeAll { $0.type == "flag" }
        let failed = try story.judged()
        #expect(failed.outcome == .fail)
        #expect(!failed.isWorthAnotherRun)
    }

    @Test func `a drill that was ended, or whose evidence has a hole, is for a person to look at`() throws {
        for (type, fields) in [
            ("aborted", [("reason", "Ctrl-C")]),
            ("evidence_gap", [("source", "feed"), ("expected", "7"), ("found", "9")]),
        ] as [(String, [(String, JSON)])] {
            var story = try Story.hardKill()
            story.see(3, .rig, type, fields)
            let verdict = try story.judged()
            #expect(verdict.outcome == .inconclusive, "\(type)")
            #expect(!verdict.isWorthAnotherRun, "\(type)")
        }
    }
}
