import Messages
import Testing
import Units

import Scenarios

/// Limit Up-Limit Down, with a minute of the tape played in a second: five minutes are 5 s, 15 s are 250 ms.
@Suite struct PriceBandTests {
    private struct Moment {
        let at: Duration
        let raw: BookState
        let book: BookState
    }

    /// A price that stands for 6 s, then falls in a straight line to `percent` below in `fall`, then stands.
    private func played(percent: Int64, fall: Duration, until end: Duration = .seconds(20)) -> [Moment] {
        var bands = PriceBands(minute: .seconds(1))
        var moments: [Moment] = []
        var now = Duration.zero
        while now <= end {
            let since = min(max(.zero, now - .seconds(6)), fall)
            let lost = 4_400_000 * percent / 100 * since.nanoseconds / fall.nanoseconds / 100 * 100
            let raw = BookState.synthetic(around: Price(units: 4_400_000 - lost), sharesPerLevel: Quantity(shares: 200))
            moments.append(Moment(at: now, raw: raw, book: bands.book(raw, at: now)))
            now = now + .milliseconds(50)
        }
        return moments
    }

    @Test func `within 5 % of the five-minute mean nothing is changed`() {
        #expect(played(percent: 4, fall: .seconds(1)).allSatisfy { $0.book == $0.raw })
    }

    @Test func `a fall that the mean keeps up with is never halted, however deep`() {
        let moments = played(percent: 10, fall: .seconds(30), until: .seconds(40))
        #expect(moments.allSatisfy { $0.book.status == .trading && !$0.book.bids.isEmpty })
    }

    @Test func `at the band the book rests with one side for 15 s, then trading halts for five minutes`() throws {
        let moments = played(percent: 15, fall: .seconds(1))
        let limit = try #require(moments.first { $0.book.bids.isEmpty })
        #expect(limit.raw.asks[0].price <= Price(units: 4_180_000))
        #expect(limit.book.asks[0].price == Price(units: 4_180_000))
        let halted = try #require(moments.first { $0.book.status == .halted })
        #expect(halted.at - limit.at == .milliseconds(250))
        let opened = try #require(moments.first { $0.at > halted.at && $0.book.status == .trading })
        #expect(opened.at - halted.at == .seconds(5))
        #expect(opened.book == opened.raw, "it opens again at what the tape says then")
        #expect(moments.filter { $0.at >= limit.at && $0.at < halted.at }.allSatisfy { $0.book.bids.isEmpty })
    }

    @Test func `a limit state that ends within 15 s halts nothing`() {
        var bands = PriceBands(minute: .seconds(1))
        var statuses: Set<Depth.Status> = []
        for step in 0..<200 {
            let price: Int64 = step >= 150 && step < 154 ? 4_170_000 : 4_400_000
            let raw = BookState.synthetic(around: Price(units: price), sharesPerLevel: Quantity(shares: 1))
            let book = bands.book(raw, at: .milliseconds(50 * step))
            statuses.insert(book.status)
            #expect(book.bids.isEmpty == (step >= 150 && step < 154))
        }
        #expect(statuses == [.trading])
    }

    @Test func `upwards it is the mirror image`() throws {
        var bands = PriceBands(minute: .seconds(1))
        let calm = BookState.synthetic(around: Price(units: 4_400_000), sharesPerLevel: Quantity(shares: 1))
        let high = BookState.synthetic(around: Price(units: 4_700_000), sharesPerLevel: Quantity(shares: 1))
        _ = bands.book(calm, at: .zero)
        let book = bands.book(high, at: .milliseconds(50))
        #expect(book.asks.isEmpty && book.bids[0].price == Price(units: 4_620_000))
        #expect(bands.book(high, at: .milliseconds(300)).status == .halted)
    }

    @Test func `a tape at its own pace halts for five minutes of the run`() {
        var bands = PriceBands(minute: .seconds(60))
        let calm = BookState.synthetic(around: Price(units: 4_400_000), sharesPerLevel: Quantity(shares: 1))
        let low = BookState.synthetic(around: Price(units: 4_100_000), sharesPerLevel: Quantity(shares: 1))
        _ = bands.book(calm, at: .zero)
        #expect(bands.book(low, at: .seconds(1)).status == .trading)
        #expect(bands.book(low, at: .seconds(15)).status == .trading)
        #expect(bands.book(low, at: .seconds(16)).status == .halted)
        #expect(bands.book(low, at: .seconds(315)).status == .halted)
        #expect(bands.book(low, at: .seconds(316)).status == .trading)
    }

    @Test func `with luld on a steep crash halts, without it it trades through`() throws {
        var scenario = try ProjectFiles.scenario("chaos/flash_crash_enhanced.yaml")
        scenario.feed.overlays.crash?.fall = .seconds(3)
        func halts(_ rule: CrashOverlay.PriceBandRule) throws -> Int {
            scenario.feed.overlays.crash?.luld = rule
            return try ProjectFiles.plan(scenario, seed: 1).events.count { event in
                if case .depth(let depth) = event.content { depth.status == .halted } else { false }
            }
        }
        #expect(try halts(.off) == 0)
        #expect(try halts(.on) == 100, "five seconds of states 50 ms apart")
    }

    @Test(arguments: [nil, "selftest"])
    func `the variant of the flash crash is halted once, for five seconds, and opens again`(_ profile: String?) throws {
        let file = "chaos/flash_crash_enhanced.yaml"
        let chosen = try Choice(variant: "luld", profile: profile).written(into: ProjectFiles.bytes(file))
        let plan = try ProjectFiles.plan(Scenario(yaml: chosen, file: file), seed: 1)
        let statuses = plan.events.compactMap { event in
            if case .depth(let depth) = event.content { depth.status } else { nil }
        }
        let first = try #require(statuses.firstIndex(of: .halted))
        #expect(statuses.count { $0 == .halted } == 100)
        #expect(statuses[first..<first + 100].allSatisfy { $0 == .halted })
        #expect(statuses[first + 100] == .trading)
    }
}
