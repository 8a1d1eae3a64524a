// What a good governor leaves behind under a flood of twenty seconds: a hundred intents a second, of which every fifth
// is admissible, scraped every 5 ms.

import Books
import History
import Messages
import Scenarios
import Units

extension Story {
    static let floodDrive = 5.0..<25.0
    private static let perSecond = 100.0

    private static let toldFlood = Result { try tellFlood() }
    static func flood() throws -> Story { try toldFlood.get() }

    private static func tellFlood() throws -> Story {
        var story = Story(try shippedScenario("decision_flood_enhanced"))
        // A short story has fewer orders than ten minutes have.
        story.scenario.gates = story.scenario.gates.map { gate in
            gate.name == .loadAccepted ? Gate(name: .loadAccepted, kind: .sometimes, threshold: .count(100)) : gate
        }
        story.fees = FeeSchedule()
        story.begin(until: 32)
        story.see(1, .rig, "phase", [("name", "warm-up")])
        story.see(floodDrive.lowerBound, .rig, "phase", [("name", "drive")])
        story.see(floodDrive.upperBound, .rig, "phase", [("name", "after")])
        for tick in 1...2_400 { story.floodTick(Int64(tick)) }
        story.scraped()
        story.close(29)
        return story
    }

    /// The observer's word at the end on its stall meter: seconds of the story, and milliseconds.
    mutating func stoodStill(_ stalls: [(at: Double, lasted: Double)], isRealTime: Bool = true) {
        func nanoseconds(_ milliseconds: Double) -> JSON { .integer(Int64(milliseconds * 1e6)) }
        see(29, .rig, "stalls", [
            ("interval_ns", 1_000_000), ("threshold_ns", 1_000_000), ("count", .integer(Int64(stalls.count))),
            ("total_ns", nanoseconds(stalls.map(\.lasted).reduce(0, +))),
            ("longest_ns", nanoseconds(stalls.map(\.lasted).max() ?? 0)), ("sched_fifo", .bool(isRealTime)),
            ("longest", .array(stalls.map { ["t": .integer(Story.instant($0.at).nanoseconds), "lasted_ns": nanoseconds($0.lasted)] })),
            ("used_ns", 1), ("ran_ns", 2),
        ])
    }

    /// When the tick is due.
    static func due(_ tick: Int64) -> Double { 3 + Double(tick) / perSecond }

    private mutating func floodTick(_ tick: Int64) {
        let due = Story.due(tick)
        let id = "f\(tick)"
        let isAdmissible = tick % 5 == 0
        see(due + 0.00005, .feed, "intent", [
            ("tick", .integer(tick)), ("id", .string(id)), ("action", "new"), ("symbol", "NVDA"), ("reduce_only", false),
            ("due_ns", .integer(Story.instant(due).nanoseconds)), ("admissible", .bool(isAdmissible)),
            ("purpose", isAdmissible ? .null : "probe"), ("denied_for", isAdmissible ? .null : "price_collar"),
        ])
        see(due + 0.0002, .tap, "intent_in", [("id", .string(id)), ("tick", .integer(tick))])
        decide(due + 0.0005, id, tick, isAdmissible ? "accept" : "reject", isAdmissible ? "ok" : "price_collar", id)
        see(due + 0.0009, .tap, "redis_round_trip", [
            ("conn", 3), ("command", "PUBLISH"), ("took_ns", .integer(tick % 100 == 0 ? 4_000_000 : 300_000)),
        ])
        if isAdmissible { order(due + 0.0015, id, side: position > 100 ? .sell : .buy) }
    }

    /// The watermark follows 2 ms behind; a page a second, and a look at memory and Redis.
    private mutating func scraped() {
        for number in 0..<5_400 {
            let at = 2 + Double(number) * 0.005
            let watermark = min(2_400, max(0, Int64((at - 0.002 - 3) * Story.perSecond)))
            let due = JSON.integer(Story.instant(at - 0.001).nanoseconds)
            see(at, .scrape, "watermark", [("due_ns", due), ("sent_ns", due), ("ok", true), ("watermark", .integer(watermark))])
        }
        for number in 0..<270 {
            let pong = [("conn", 4), ("command", "PING"), ("took_ns", 500_000)] as [(String, JSON)]
            see(2.05 + Double(number) / 10, .tap, "redis_round_trip", pong)
        }
        for second in 2..<31 {
            let at = Double(second) + 0.3
            page(at, Int64(second))
            for (name, kibibytes) in [("governor", 20_000), ("observer", 30_000)] {
                see(at, .scrape, "memory", [
                    ("name", .string(name)), ("pid", 9), ("rss_kb", 50_000), ("anon_kb", .integer(Int64(kibibytes + second % 3))),
                ])
            }
            see(at, .scrape, "redis_clients", [("waiting", [])])
        }
    }

    private mutating func page(_ at: Double, _ second: Int64) {
        let count = JSON.integer(second * 100)
        let wall = Double(Story.wallOffset + Story.instant(at).nanoseconds) / 1e9
        func series(_ name: String, _ value: JSON) -> (String, JSON) { ("risk_governor_\(name)", value) }
        see(at, .scrape, "metrics", [
            ("node", "governor"), ("ok", true),
            series("decision_latency_seconds_count", count), series("decision_latency_seconds_sum", 1),
            series("pipeline_latency_seconds_count", count), series("pipeline_latency_seconds_sum", 1),
            series("redis_roundtrip_seconds_count", count), series("redis_roundtrip_seconds_sum", .real(Double(second) * 0.06)),
            series("decisions_total{action=\"accept\"}", count), series("recovery_time_seconds", 0),
            series("feed_latency_seconds", .real(0.0001 + Double(second) / 1e6)),
            series("last_tick_timestamp_seconds", .real(wall - 0.01)), series("position_shares{symbol=\"NVDA\"}", 3),
            series("state{state=\"ACTIVE\"}", 1), series("tick_watermark", count),
            series("build_info{version=\"1\"}", 1), ("process_resident_memory_bytes", 50_000_000),
        ])
    }
}
