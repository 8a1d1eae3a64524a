import Messages
import Testing
import Units

import Scenarios

/// What the strategy of the flash crash does, on the shipped scenario's plan.
@Suite struct DipBuyerTests {
    private static let file = "chaos/flash_crash_enhanced.yaml"

    private struct Seen {
        let due: Duration
        let intent: Intent
        let ask: Price
    }

    private static let shipped = Result { try intents(of: ProjectFiles.scenario(file)) }

    private func intents() throws -> [Seen] { try Self.shipped.get() }

    private static func intents(of scenario: Scenario) throws -> [Seen] {
        var ask = Price(units: 0)
        var seen: [Seen] = []
        let plan = try ProjectFiles.plan(scenario, seed: 11)
        for event in plan.events {
            switch event.content {
            case .depth(let depth): ask = depth.asks.first?.price ?? ask
            case .intent(let intent, _): seen.append(Seen(due: event.due, intent: intent, ask: ask))
            }
        }
        return seen
    }

    @Test func `at least twenty intents a second, from the first to the last`() throws {
        let all = try intents()
        for second in 1..<172 { #expect(all.count { $0.due >= .seconds(second) && $0.due < .seconds(second + 1) } >= 20) }
    }

    @Test func `all the way down it buys and never sells`() throws {
        let falling = try intents().filter { $0.due >= .seconds(58) && $0.due < .seconds(85) }
        #expect(falling.count == 540)
        #expect(falling.allSatisfy { $0.intent.side == .buy && $0.intent.action == .new })
    }

    @Test func `without a crash it doesn't buy all the time`() throws {
        var scenario = try ProjectFiles.scenario(DipBuyerTests.file)
        scenario.feed.overlays.crash = nil
        let same = try Self.intents(of: scenario).filter { $0.due >= .seconds(58) && $0.due < .seconds(85) }
        #expect(same.contains { $0.intent.side == .sell })
    }

    @Test func `every sell only reduces`() throws {
        #expect(try intents().allSatisfy { $0.intent.side == .buy || $0.intent.reduceOnly })
    }

    @Test func `it wants far more than six times the equity, and half of the equity before the crash`() throws {
        let equity: Int64 = 1_000_000 * 10_000
        var wanted: Int64 = 0
        var atCrash: Int64 = 0
        for seen in try intents() where seen.intent.timeInForce == .ioc && seen.intent.quantity.shares <= 100 {
            guard seen.due < .seconds(85) else { break }
            wanted += seen.intent.side.sign * seen.intent.quantity.shares * seen.ask.units
            if seen.due < .seconds(55) { atCrash = wanted }
        }
        #expect(wanted > equity * 6)
        #expect(atCrash > equity / 2 && atCrash < equity)
    }

    @Test(arguments: [1, 2, 3, 39, 40, 511, 512, 1_023, 2_270, 3_000] as [Int64])
    func `the closing sells end any position, filled only when they reduce it`(_ held: Int64) throws {
        var position = held
        for seen in try intents() where seen.due >= .seconds(145) && seen.intent.action == .new {
            #expect(seen.intent.side == .sell && seen.intent.reduceOnly)
            if seen.intent.quantity.shares <= position { position -= seen.intent.quantity.shares }
        }
        #expect(position == 0)
    }

    @Test func `what still rests is cancelled before anything is closed`() throws {
        var resting: Set<String> = []
        for seen in try intents() {
            if seen.intent.action == .cancel { resting.remove(seen.intent.target ?? "") }
            if seen.intent.action == .new, seen.intent.timeInForce == .day { resting.insert(seen.intent.id) }
            if seen.due >= .seconds(145), seen.intent.side == .sell { #expect(resting.isEmpty) }
        }
        #expect(resting.isEmpty)
    }
}
