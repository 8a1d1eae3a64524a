import Messages
import Testing
import Units

import Scenarios

@Suite struct CrashTests {
    private static let file = "chaos/flash_crash_enhanced.yaml"

    private func overlay(_ change: (inout CrashOverlay) -> Void = { _ in }) throws -> CrashOverlay {
        var overlay = try #require(ProjectFiles.scenario(CrashTests.file).feed.overlays.crash)
        change(&overlay)
        return overlay
    }

    private static let synthetic = BookState.synthetic(
        around: Price(units: 4_400_000), sharesPerLevel: Quantity(shares: 200))
    private static let plain = Result { try depths(crashing: false) }
    private static let crashed = Result { try depths(crashing: true) }

    /// The books of the scenario's plan, with its crash or without.
    private static func depths(crashing: Bool) throws -> [(due: Duration, depth: Depth)] {
        var scenario = try ProjectFiles.scenario(file)
        if !crashing { scenario.feed.overlays.crash = nil }
        return try ProjectFiles.plan(scenario, seed: 5).events.compactMap { event in
            if case .depth(let depth) = event.content { (event.due, depth) } else { nil }
        }
    }

    private func middle(_ depth: Depth) -> Int64 { (depth.bids[0].price.units + depth.asks[0].price.units) / 2 }

    @Test func `the price falls in a straight line and comes back by its part`() throws {
        let course = CrashCourse(try overlay(), start: .seconds(55))
        #expect(course.missing(at: .seconds(55)) == 0)
        #expect(course.missing(at: .seconds(70)) == 50_000)
        #expect(course.missing(at: .seconds(85)) == 100_000)
        #expect(course.missing(at: .seconds(115)) == 80_000)
        #expect(course.missing(at: .seconds(145)) == 60_000)
        #expect(course.missing(at: .seconds(3_600)) == 60_000)
    }

    @Test func `beside the plain tape every price is lower by what the course says, to the cent`() throws {
        let plain = try Self.plain.get()
        let crashed = try Self.crashed.get()
        let course = CrashCourse(try overlay(), start: .seconds(55))
        #expect(plain.count == crashed.count)
        for (before, after) in zip(plain, crashed) {
            let lost = middle(before.depth) * course.missing(at: before.due) / 1_000_000 / 100 * 100
            #expect(middle(after.depth) == middle(before.depth) - lost, "at \(before.due.written)")
        }
    }

    @Test func `without an overlay the day's range is the tape's own, so the fall is the overlay's`() throws {
        func range(_ depths: [(due: Duration, depth: Depth)]) throws -> (low: Int64, high: Int64) {
            let middles = depths.filter { $0.due >= .zero }.map { middle($0.depth) }
            return (try #require(middles.min()), try #require(middles.max()))
        }
        let plain = try range(Self.plain.get())
        #expect(plain.low >= 4_248_000 && plain.high <= 4_475_400)
        #expect(try range(Self.crashed.get()).low < 4_248_000)
    }

    @Test func `200 shares a level before the crash, 40 during it, 200 after it`() throws {
        for (due, depth) in try Self.crashed.get() {
            let size: Int64 = due >= .seconds(55) && due < .seconds(145) ? 40 : 200
            #expect((depth.bids + depth.asks).allSatisfy { $0.size.shares == size }, "at \(due.written)")
            #expect(depth.bids.count == 10 && depth.asks.count == 10)
        }
    }

    @Test(arguments: [(80, 2), (95, 1), (99, 1)])
    func `by level the worst go, and one stays`(_ percent: Int, _ left: Int) throws {
        let crash = try overlay {
            $0.thinning = .level
            $0.thinningPercent = percent
        }
        let book = CrashCourse(crash, start: .zero).book(Self.synthetic, at: .seconds(89))
        #expect(book.bids.count == left && book.asks.count == left)
        #expect(book.bids.allSatisfy { $0.size.shares == 200 })
    }

    @Test(arguments: [(80, 40), (95, 10), (99, 2)] as [(Int, Int64)])
    func `by size each level keeps its price and its part of the shares`(_ percent: Int, _ left: Int64) {
        let thin = BookState.synthetic(around: Price(units: 4_400_000), sharesPerLevel: Quantity(shares: 200))
            .thinned(percent: percent, by: .size)
        #expect(thin.asks.map(\.size.shares) == Array(repeating: left, count: 10))
        #expect(thin.asks[9].price == Price(units: 4_401_000))
    }

    @Test func `a level that is left without a share goes, a side never does`() {
        let level = Level(price: Price(units: 100), size: Quantity(shares: 3))
        let large = Level(price: Price(units: 99), size: Quantity(shares: 50))
        #expect(BookState(bids: [level, large], asks: [level]).thinned(percent: 80, by: .size).bids.map(\.size.shares) == [10])
        #expect(BookState(bids: [level], asks: [level]).thinned(percent: 80, by: .size).bids.map(\.size.shares) == [1])
    }

    @Test func `the golden book thinned to a fifth has 500 shares left for a buy of 500, the last 36 at 587.90`() {
        let prices: [Int64] = [
            5_859_400, 5_859_800, 5_861_000, 5_868_900, 5_869_500, 5_870_000, 5_871_000, 5_873_900, 5_876_500, 5_879_000,
        ]
        let sizes: [Int64] = [200, 200, 200, 300, 50, 100, 10, 100, 1_160, 500]
        let asks = zip(prices, sizes).map { Level(price: Price(units: $0), size: Quantity(shares: $1)) }
        let thin = BookState(bids: [], asks: asks).thinned(percent: 80, by: .size)
        #expect(thin.asks.map(\.size.shares) == [40, 40, 40, 60, 10, 20, 2, 20, 232, 100])
        #expect(500 - thin.asks.dropLast().reduce(0) { $0 + $1.size.shares } == 36)
    }

    @Test func `stub quotes stand behind the thin book and nowhere else`() throws {
        let crash = try overlay {
            $0.stubQuotes = true
            $0.thinning = .level
        }
        for (second, isThin) in [(-1, false), (0, true), (30, true), (89, true), (90, false)] {
            let book = CrashCourse(crash, start: .zero).book(Self.synthetic, at: .seconds(second))
            #expect((book.bids.last?.price == CrashCourse.stubBid) == isThin)
            #expect((book.asks.last?.price == CrashCourse.stubAsk) == isThin)
            #expect(book.bids.count == (isThin ? 3 : 10))
        }
    }

    @Test func `symbols that don't crash follow their tape`() throws {
        var scenario = try ProjectFiles.scenario("chaos/hard_kill_short.yaml")
        let plain = try ProjectFiles.plan(scenario, seed: 1)
        scenario.feed.overlays.crash = try overlay {
            $0.at = PhaseMoment(phase: .warmUp)
            $0.fall = .seconds(3)
            $0.recover = .seconds(3)
            $0.symbols = ["NVDA"]
        }
        let crashed = try ProjectFiles.plan(scenario, seed: 1)
        func books(_ plan: Plan, _ symbol: String) -> [[Level]] {
            plan.events.compactMap { event in
                if case .depth(let depth) = event.content, depth.symbol == symbol { depth.bids } else { nil }
            }
        }
        #expect(books(plain, "AMD") == books(crashed, "AMD"))
        #expect(books(plain, "NVDA") != books(crashed, "NVDA"))
    }

    @Test func `an explanation says that the crash is no recording`() throws {
        let text = try ProjectFiles.scenario(CrashTests.file).explanation(on: ProjectFiles.topology())
        #expect(text.contains("Laid over the tape: invented, not recorded"))
        #expect(text.contains("crash: at fault + 0s NVDA falls 10 % in 30s, then 40 % of that come back in 60s"), "\(text)")
        #expect(text.contains("luld off: trades through prices"))
        #expect(text.contains("strategy dip_buyer: buys 1 to 100 shares"))
    }

    @Test func `the plan names the overlay with its numbers`() throws {
        let plan = try ProjectFiles.plan(CrashTests.file, seed: 1)
        let line = try #require(plan.schedule.first { $0["overlay"]?.string == "crash" })
        #expect(line["at_ns"] == 55_000_000_000 && line["fall_percent"] == 10 && line["thinning"] == "size")
    }
}
