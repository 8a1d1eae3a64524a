import Messages
import Scenarios
import Testing
import Units

import FeedReplayerCore

@Suite struct FeedScheduleTests {
    private static let zero = WallTime(nanoseconds: 0)
    private static let start = Instant(nanoseconds: 1_000_000_000)

    private static func depth(_ tick: Int64) -> Plan.Content {
        .depth(
            Depth(
                sequence: tick, symbol: "NVDA", tick: tick, sent: zero, due: zero, status: .trading,
                bids: [Level(price: Price(units: 99), size: Quantity(shares: 1))], asks: []))
    }

    private static func intent(_ tick: Int64) -> Plan.Content {
        .intent(
            Intent(
                id: "i-\(tick)", tick: tick, symbol: "NVDA", side: .buy, quantity: Quantity(shares: 1), type: .market,
                sent: zero, due: zero), admissible: true)
    }

    private static func plan(_ contents: [(Int, Plan.Content)]) -> Plan {
        Plan(
            scenario: "small", seed: 1, duration: .seconds(1), schedule: [],
            events: contents.map { Plan.Event(due: .milliseconds($0.0), content: $0.1) })
    }

    private static let three = plan([(-10, depth(1)), (0, intent(2)), (10, depth(3))])

    @Test func `nothing leaves before it is due`() {
        var schedule = FeedSchedule(Self.three, start: Self.start)
        let early = schedule.take(at: Self.start - .nanoseconds(10_000_001), wall: Self.zero)
        let punctual = schedule.take(at: Self.start - .milliseconds(10), wall: Self.zero)
        #expect(early == nil && punctual != nil)
        #expect(schedule.nextDue == Self.start)
    }

    @Test func `a late event doesn't move the ones after it`() throws {
        var schedule = FeedSchedule(Self.three, start: Self.start)
        let late = Self.start + .milliseconds(7)
        let takenFirst = schedule.take(at: late, wall: Self.zero)
        let first = try #require(takenFirst)
        let takenSecond = schedule.take(at: late, wall: Self.zero)
        let second = try #require(takenSecond)
        #expect(first.due == Self.start - .milliseconds(10) && second.due == Self.start)
        #expect(schedule.nextDue == Self.start + .milliseconds(10))
        #expect(schedule.take(at: late, wall: Self.zero) == nil)
    }

    @Test func `the payload says when it was due and when it was sent, on the wall clock`() throws {
        var schedule = FeedSchedule(Self.three, start: Self.start)
        _ = schedule.begin(at: Self.start)
        let wall = WallTime(nanoseconds: 5_000_000_000)
        let takenOutgoing = schedule.take(at: Self.start + .milliseconds(3), wall: wall)
        let outgoing = try #require(takenOutgoing)
        let intent = try Intent(parsing: outgoing.payload)
        #expect(outgoing.channel == "strategy.intents")
        #expect(intent.sent == wall && intent.due == wall + .milliseconds(-3) && intent.tick == 2)
    }

    @Test func `depth from before the start is left out and counted, an intent never`() {
        var schedule = FeedSchedule(Self.three, start: Self.start)
        #expect(schedule.begin(at: Self.start + .seconds(5)) == 1)
        #expect(schedule.skippedDepths == 1)
        #expect(schedule.take(at: Self.start + .seconds(5), wall: Self.zero)?.channel == "strategy.intents")
    }

    @Test func `twice the speed halves every offset, before and after the start`() {
        var schedule = FeedSchedule(Self.three, start: Self.start, speedPercent: 200)
        #expect(schedule.nextDue == Self.start - .milliseconds(5))
        _ = schedule.begin(at: Self.start + .milliseconds(1))
        _ = schedule.take(at: Self.start + .milliseconds(1), wall: Self.zero)
        #expect(schedule.nextDue == Self.start + .milliseconds(5))
    }

    @Test func `a schedule ends after its last event`() {
        var schedule = FeedSchedule(Self.three, start: Self.start)
        while schedule.take(at: Self.start + .seconds(1), wall: Self.zero) != nil {}
        #expect(schedule.isDone && schedule.nextDue == nil)
    }

    @Test func `the record of an intent holds every field of the catalogue`() throws {
        var schedule = FeedSchedule(Self.three, start: Self.start)
        _ = schedule.begin(at: Self.start)
        let takenRecord = schedule.take(at: Self.start, wall: Self.zero)
        let record = try #require(takenRecord).record
        #expect(record.type == "intent")
        #expect(
            record.fields.map(\.key) == [
                "tick", "id", "action", "target", "symbol", "side", "quantity", "kind", "limit", "tif", "reduce_only",
                "due_ns", "admissible",
            ])
    }

    @Test func `the record of a book holds its best prices, null for an empty side`() throws {
        var schedule = FeedSchedule(Self.three, start: Self.start)
        let takenRecord = schedule.take(at: Self.start, wall: Self.zero)
        let record = try #require(takenRecord).record
        #expect(record.type == "depth")
        #expect(record.fields.first { $0.key == "bid" }?.value == 99)
        #expect(record.fields.first { $0.key == "ask" }?.value == .null)
    }
}

@Suite struct LatenessTests {
    @Test func `quantiles are exact, by nearest rank`() {
        var lateness = Lateness()
        #expect(lateness.quantile(perMille: 990) == nil)
        for value in (1...1_000).shuffled() {
            lateness.record(due: Instant(nanoseconds: 0), sent: Instant(nanoseconds: Int64(value)))
        }
        #expect(lateness.quantile(perMille: 990) == .nanoseconds(990))
        #expect(lateness.quantile(perMille: 999) == .nanoseconds(999))
        #expect(lateness.maximum() == .nanoseconds(1_000))
    }

    @Test func `one late event of a thousand shows in the maximum and not in the P99`() {
        var lateness = Lateness()
        for index in 0..<1_000 {
            let late: Int64 = index == 500 ? 1_000_000 : 10
            lateness.record(due: Instant(nanoseconds: 0), sent: Instant(nanoseconds: late))
        }
        #expect(lateness.quantile(perMille: 990) == .nanoseconds(10))
        #expect(lateness.maximum() == .milliseconds(1))
    }
}
