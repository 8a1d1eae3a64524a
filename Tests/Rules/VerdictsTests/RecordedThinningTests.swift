import History
import Messages
import Testing
import Units
import Verdicts

/// On a recorded tape no two books are equally deep: what a thinning took shows only beside the book it was taken from.
@Suite struct RecordedThinningTests {
    private static let recorded = Result { try told() }

    private static func told(_ variant: String? = nil) throws -> Story {
        var teller = try CrashTeller(variant: variant, isRecorded: true)
        return try teller.told()
    }

    private func thinning(_ story: Story) throws -> (outcome: Outcome, reason: String?, percent: Double?) {
        let verdict = try story.judged()
        let gate = try #require(verdict.gates.first { $0.name == .depthThinningApplied })
        let measured = try JSON(parsing: verdict.bytes)["measurements"]?["depth_thinning_pct"]?.double
        return (gate.outcome, gate.reason, measured)
    }

    @Test(arguments: [nil, "thin_95", "thin_99", "thin_levels", "stub_quotes"])
    func `on a tape of varying sizes each book is held against its own`(_ variant: String?) throws {
        let found = try thinning(variant == nil ? Self.recorded.get() : Self.told(variant))
        #expect(found.outcome == .pass, "\(found.reason ?? "")")
        let asked: Double = variant == "thin_95" ? 95 : variant == "thin_99" ? 99 : 80
        let percent = try #require(found.percent)
        #expect(abs(percent - asked) < 1, "\(percent) %, asked \(asked)")
    }

    @Test func `a single share beside it is found`() throws {
        var story = try Self.recorded.get()
        let seen = try #require(
            story.observations.first { $0.type == "depth" && $0.at > Story.instant(14) && $0.at < Story.instant(25) })
        let shares = try #require(seen["bid_shares"]?.integer)
        story.change("depth", "bid_shares", to: .integer(shares - 1)) { $0["tick"] == seen["tick"] }
        #expect(try thinning(story).outcome == .inconclusive)
    }

    @Test func `a book of the tape as it was is found, however thin others are`() throws {
        var story = try Self.recorded.get()
        let plan = try #require(story.plan)
        let seen = try #require(
            story.observations.first { $0.type == "depth" && $0.at > Story.instant(14) && $0.at < Story.instant(25) })
        let tick = try #require(seen["tick"]?.integer)
        let whole = try #require(plan.events[Int(tick) - 1].whole)
        story.change("depth", "bid_shares", to: .integer(whole.bids.reduce(0, +))) { $0["tick"] == seen["tick"] }
        story.change("depth", "bid_levels", to: .integer(Int64(whole.bids.count))) { $0["tick"] == seen["tick"] }
        #expect(try thinning(story).outcome == .inconclusive)
    }
}
