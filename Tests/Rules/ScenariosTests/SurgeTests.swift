import Messages
import Testing
import Units

import Scenarios

/// A feed that sends more, later, or larger than the tape says.
@Suite struct SurgeTests {
    private typealias Sent = (due: Duration, age: Duration, depth: Depth)

    private func plan(_ overlays: FeedOverlays) throws -> Plan {
        var scenario = try ProjectFiles.scenario("chaos/sustained_latency.yaml")
        scenario.feed.overlays = overlays
        return try ProjectFiles.plan(scenario, seed: 4)
    }

    private func depths(_ plan: Plan) throws -> [Sent] {
        let symbol = try ProjectFiles.scenario("chaos/sustained_latency.yaml").symbols[0]
        return plan.events.compactMap { event in
            guard case .depth(let depth) = event.content, depth.symbol == symbol else { return nil }
            return (event.due, event.age, depth)
        }
    }

    private static let at = PhaseMoment(phase: .drive)

    private func window(_ lasts: Duration) throws -> Range<Duration> {
        let start = try #require(ProjectFiles.scenario("chaos/sustained_latency.yaml").start(of: .drive))
        return start..<start + lasts
    }

    @Test func `a surge sends each state so many times, numbered on, at equal distances`() throws {
        let plain = try depths(plan(FeedOverlays()))
        let surged = try depths(plan(FeedOverlays(surge: FeedSurge(at: Self.at, duration: .seconds(2), factor: 5))))
        let window = try window(.seconds(2))
        #expect(surged.count { window.contains($0.due) } == 5 * plain.count { window.contains($0.due) })
        #expect(surged.count { !window.contains($0.due) } == plain.count { !window.contains($0.due) })
        #expect(surged.map { $0.depth.sequence } == Array(1...Int64(surged.count)))
        let inside = surged.filter { window.contains($0.due) }
        #expect(zip(inside, inside.dropFirst()).allSatisfy { $1.due - $0.due == .milliseconds(10) })
    }

    @Test func `a delayed feed keeps its order, and each book bears the time at which it was due`() throws {
        let plain = try depths(plan(FeedOverlays()))
        let delay = FeedDelay(at: Self.at, duration: .seconds(2), delay: .milliseconds(700))
        let delayed = try depths(plan(FeedOverlays(delay: delay)))
        let window = try window(.seconds(2))
        #expect(delayed.count == plain.count)
        for (before, after) in zip(plain, delayed) {
            #expect(after.due - after.age == before.due && after.depth.bids == before.depth.bids)
            if window.contains(before.due) { #expect(after.age == .milliseconds(700)) }
            if before.due < window.lowerBound { #expect(after.age == .zero) }
        }
        let after = delayed.filter { $0.due - $0.age >= window.upperBound }
        #expect(try #require(after.first).age > .milliseconds(600), "what is on its way isn't overtaken")
        #expect(try #require(after.last).age == .zero)
        #expect(zip(delayed, delayed.dropFirst()).allSatisfy { $0.due <= $1.due })
    }

    @Test func `a plan with a delayed feed is read back as it was`() throws {
        let delay = FeedDelay(at: Self.at, duration: .seconds(1), delay: .milliseconds(300))
        let plan = try plan(FeedOverlays(delay: delay))
        #expect(try Plan(parsing: plan.bytes, file: "plan.ndjson") == plan)
        #expect(plan.events.contains { $0.age == .milliseconds(300) })
    }

    @Test func `in a volume jump the book's levels and the orders are ten times as large`() throws {
        let jump = VolumeJump(at: Self.at, duration: .seconds(2), factor: 10)
        let plain = try plan(FeedOverlays())
        let jumped = try plan(FeedOverlays(volumeJump: jump))
        let window = try window(.seconds(2))
        #expect(plain.events.count == jumped.events.count)
        for (before, after) in zip(plain.events, jumped.events) {
            let factor: Int64 = window.contains(before.due) ? 10 : 1
            switch (before.content, after.content) {
            case (.intent(let before, _), .intent(let after, _)):
                #expect(after.quantity.shares == before.quantity.shares * factor)
            case (.depth(let before), .depth(let after)):
                #expect(zip(before.bids, after.bids).allSatisfy { $1.size.shares % $0.size.shares == 0 })
            default: Issue.record("another order of events")
            }
        }
        #expect(try depths(jumped).contains { $0.depth.bids[0].size.shares == 2_000 })
        #expect(try depths(jumped).filter { !window.contains($0.due) }.allSatisfy { $0.depth.bids[0].size.shares == 200 })
    }

    @Test func `what is laid over the tape is not drawn: the same seed gives the same bytes`() throws {
        let overlays = FeedOverlays(
            surge: FeedSurge(at: Self.at, duration: .seconds(1), factor: 3),
            delay: FeedDelay(at: Self.at, duration: .seconds(1), delay: .milliseconds(50)))
        #expect(try plan(overlays).bytes == plan(overlays).bytes)
    }
}
