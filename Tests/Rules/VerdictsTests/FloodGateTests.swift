// Each gate of a flood has been seen red: a good run, one thing wrong in it, and exactly the gates that must say so.

import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

private func tick(_ seen: Observation) -> Int64 { seen["tick"]?.integer ?? 0 }
private func second(_ seen: Observation) -> Double { Double(seen.at.nanoseconds) / 1e9 - 1_000 }
private func isOf(_ number: Int64, _ seen: Observation) -> Bool { tick(seen) == number }

private let flaws: [Planted] = [
    Planted(name: "slow-decision: every fiftieth on the wire 20 ms late, and claimed all the same", change: { story in
        story.shift("decision_out", by: 0.02) { tick($0) % 50 == 0 }
    }, fail: ["decision_latency_p99_ms", "watermark_true"]),
    Planted(name: "stalls: no watermark for 200 ms every two seconds", change: { story in
        story.remove("watermark") { second($0).truncatingRemainder(dividingBy: 2) < 0.2 }
    }, fail: ["pipeline_latency_p99_ms"]),
    Planted(name: "the watermark stops and never goes on", change: { story in
        story.change("watermark", "watermark", to: 1_000) { ($0["watermark"]?.integer ?? 0) > 1_000 }
    }, fail: ["pipeline_latency_p99_ms"]),
    Planted(name: "watermark-jumps", change: { story in
        story.change("watermark", "watermark", to: 2_000) { second($0) > 15 && second($0) < 15.5 }
    }, fail: ["watermark_true"]),
    Planted(name: "conflates-ticks", change: { story in
        story.remove("decision") { isOf(1_001, $0) }
        story.remove("decision_out") { isOf(1_001, $0) }
    }, fail: ["watermark_true", "every_intent_decided"], inconclusive: ["probes_denied"]),
    Planted(name: "rejects-everything: too many admissible intents", change: { story in
        story.change("intent", "admissible", to: true) { tick($0) % 50 == 1 }
    }, fail: ["accepted_rate"]),
    Planted(name: "rate-unlimited: takes what breaks a limit", change: { story in
        story.change("intent", "purpose", to: "probe") { isOf(1_005, $0) }
        story.change("intent", "denied_for", to: "message_rate") { isOf(1_005, $0) }
    }, fail: ["probes_denied"]),
    Planted(name: "leaks-memory, and not even in the governor", change: { story in
        for at in 5..<25 {
            story.change("memory", "anon_kb", to: .integer(30_000 + Int64(at) * 5_000)) {
                $0["name"] == "observer" && Int(second($0)) == at
            }
        }
    }, fail: ["memory_leak_mb"]),
    Planted(name: "a hundred megabytes for a moment", change: { story in
        story.change("memory", "anon_kb", to: 200_000) { $0["name"] == "governor" && Int(second($0)) == 18 }
    }, fail: ["memory_leak_mb"]),
    Planted(name: "stops-reading: output waits for the governor", change: { story in
        let waiting: JSON = [["client": "198.18.0.13:4711 #9", "governor": true, "items": 3, "bytes": 90_000]]
        story.change("redis_clients", "waiting", to: waiting) { second($0) > 15 && second($0) < 18 }
    }, fail: ["redis_backlog_max"]),
    Planted(name: "output waits when the load is long over", change: { story in
        let waiting: JSON = [["client": "198.18.0.13:4711 #9", "governor": true, "items": 1, "bytes": 90]]
        story.change("redis_clients", "waiting", to: waiting) { second($0) >= 28 && second($0) < 30 }
    }, fail: ["redis_backlog_max"]),
    Planted(name: "drops-metric", change: { story in
        for index in story.observations.indices where story.observations[index].type == "metrics" {
            story.observations[index].fields.removeAll { $0.key == "risk_governor_feed_latency_seconds" }
        }
    }, fail: ["metrics_present"]),
    Planted(name: "a metric that is not a number", change: { story in
        story.change("metrics", "risk_governor_recovery_time_seconds", to: .null)
    }, fail: ["metrics_present"]),
    Planted(name: "frozen-feed-gauge", change: { story in
        story.change("metrics", "risk_governor_feed_latency_seconds", to: .real(0.0001))
    }, fail: ["metrics_present"]),
    Planted(name: "the last tick is minutes old, and the gauge looks good", change: { story in
        story.change("metrics", "risk_governor_last_tick_timestamp_seconds", to: .real(1_700_000_000))
    }, fail: ["metrics_present"]),
    Planted(name: "scrapes that are not answered", change: { story in
        story.change("watermark", "ok", to: false) { second($0) > 15 && second($0) < 15.01 }
    }, fail: ["metrics_present"]),
]

@Suite struct FloodGateTests {
    private func names(_ verdict: Verdict, _ outcome: Outcome) -> Set<String> {
        Set(verdict.gates.filter { $0.outcome == outcome }.map(\.name.rawValue))
    }

    private func reasons(_ verdict: Verdict) -> String {
        "\(verdict.gates.filter { $0.outcome != .pass }.map { "\($0.name.rawValue): \($0.reason ?? "")" })"
    }

    @Test func `a good governor passes a flood, with an interval on each latency and slope`() throws {
        let verdict = try Story.flood().judged()
        #expect(verdict.outcome == .pass, "\(reasons(verdict))")
        for name in [GateName.pipelineLatency, .decisionLatency, .memoryLeak] {
            #expect(verdict.gate(name)?.finding.interval != nil, "\(name.rawValue)")
        }
    }

    @Test(arguments: flaws) func `a planted flaw turns exactly its gates of a flood red`(_ planted: Planted) throws {
        var story = try Story.flood()
        planted.change(&story)
        let verdict = try story.judged()
        #expect(names(verdict, .fail) == planted.fail, "\(reasons(verdict))")
        #expect(names(verdict, .inconclusive) == planted.inconclusive, "\(reasons(verdict))")
    }

    @Test func `a load that was sent late leaves the latencies unknown, however good they look`() throws {
        var story = try Story.flood()
        story.shift("intent", by: 0.003) { tick($0) % 400 == 0 }
        let verdict = try story.judged()
        #expect(names(verdict, .inconclusive) == [
            "generator_lateness", "pipeline_latency_p99_ms", "decision_latency_p99_ms", "accepted_rate",
            "probes_denied", "redis_backlog_max", "watermark_true",
        ])
        #expect(names(verdict, .fail) == [])
    }

    @Test func `where the load was late the reason says how long the machine stood still, and when`() throws {
        var story = try Story.flood()
        story.shift("intent", by: 0.003) { tick($0) % 400 == 0 }
        let late = try story.judged()
        #expect(late.gate(.generatorLateness)?.reason?.contains("stood still") == false)
        #expect(late.measurements["machine_stalls"] == .null)
        story.stoodStill([(2, 80), (12.5, 42.5), (20, 3)])
        let explained = try story.judged()
        for name in [GateName.generatorLateness, .decisionLatency] {
            let reason = explained.gate(name)?.reason ?? ""
            #expect(reason.contains("the machine stood still for 42.5 ms at 12.5 s of the run"), "\(reason)")
            #expect(reason.contains("the longest of 2 times and 45.5 ms"), "\(reason)")
        }
        #expect(explained.measurements["machine_stalls"] == 3 && explained.measurements["machine_stalls_longest_ms"] == .real(80))
        #expect(explained.gates.map(\.outcome) == late.gates.map(\.outcome), "an explanation changes no outcome")
    }

    @Test func `a load that was late on a machine that ran has nothing to blame, and a good one needs no explanation`() throws {
        var story = try Story.flood()
        story.stoodStill([(12.5, 42.5)])
        #expect(try story.judged().outcome == .pass)
        story = try Story.flood()
        story.stoodStill([(2, 80)])
        story.shift("intent", by: 0.003) { tick($0) % 400 == 0 }
        let reason = try story.judged().gate(.generatorLateness)?.reason ?? ""
        #expect(reason.contains("the machine did not stand still for more than 1ms meanwhile"), "\(reason)")
    }

    @Test func `a meter without real-time priority does not speak for the machine`() throws {
        var story = try Story.flood()
        story.stoodStill([(12.5, 42.5)], isRealTime: false)
        story.shift("intent", by: 0.003) { tick($0) % 400 == 0 }
        let reason = try story.judged().gate(.generatorLateness)?.reason ?? ""
        #expect(reason.contains("the stall meter, which has no real-time priority, stood still for 42.5 ms"), "\(reason)")
    }

    @Test func `a tick that was sent hours late is late by so much, and not by what four bytes hold`() throws {
        var story = try Story.flood()
        story.shift("intent", by: 0.003) { tick($0) % 400 == 0 }
        story.shift("intent", by: 7_200) { isOf(1_001, $0) }
        let sent = try #require(story.observations.first { $0.type == "intent" && isOf(1_001, $0) })
        let due = Instant(nanoseconds: try #require(sent["due_ns"]?.integer))
        let reason = try story.judged().gate(.generatorLateness)?.reason ?? ""
        #expect(reason.contains("at worst \(JSON.real((sent.at - due).seconds).text()) s"), "\(reason)")
    }

    @Test func `a rig that asks late blames nobody for what it saw late`() throws {
        var story = try Story.flood()
        var number = 0
        for index in story.observations.indices where story.observations[index].type == "watermark" {
            number += 1
            guard number % 50 == 0, let due = story.observations[index]["due_ns"]?.integer else { continue }
            story.observations[index].fields.removeAll { $0.key == "sent_ns" }
            story.observations[index].fields.append(.init("sent_ns", .integer(due + 20_000_000)))
        }
        story.remove("watermark") { second($0).truncatingRemainder(dividingBy: 2) < 0.2 }
        let verdict = try story.judged()
        #expect(names(verdict, .fail) == [], "\(reasons(verdict))")
        #expect(verdict.gate(.pipelineLatency)?.outcome == .inconclusive)
        #expect(verdict.gate(.generatorLateness)?.reason?.contains("the rig asked late: P99 0.02 s") == true)
    }

    @Test func `a late load excuses another reason for a denial, and no order that left`() throws {
        var story = try Story.flood()
        story.shift("intent", by: 0.003) { tick($0) % 400 == 0 }
        story.change("decision", "reason", to: "self_trade") { isOf(1_001, $0) }
        #expect(try story.judged().gate(.probesDenied)?.outcome == .inconclusive)
        story.change("intent", "purpose", to: "probe") { isOf(1_005, $0) }
        story.change("intent", "denied_for", to: "message_rate") { isOf(1_005, $0) }
        #expect(try story.judged().gate(.probesDenied)?.outcome == .fail)
        // What was to use up the rate was itself denied: the probe may have had room.
        story.change("decision", "action", to: "reject") { isOf(1_010, $0) }
        #expect(try story.judged().gate(.probesDenied)?.outcome == .inconclusive)
    }

    @Test func `backlog of the rig's own clients says nothing about the governor`() throws {
        var story = try Story.flood()
        let waiting: JSON = [["client": "198.18.1.15:4711 #9", "governor": false, "items": 3, "bytes": 90_000]]
        story.change("redis_clients", "waiting", to: waiting) { second($0) > 15 && second($0) < 18 }
        #expect(try story.judged().gate(.redisBacklog)?.outcome == .inconclusive)
    }

    @Test(arguments: [(28.0, 29.0, 0.0, Outcome.pass), (30, 99, 0, .inconclusive), (15, 18, 0, .fail), (15, 18, 0.099, .inconclusive)])
    func `what waits is backlog only when it is still there at the next look, and the governor could have read it`(
        from: Double, to: Double, waited: Double, outcome: Outcome
    ) throws {
        var story = try Story.flood()
        let waiting: JSON = [["client": "198.18.0.13:4711 #9", "governor": true, "items": 1, "bytes": 20_504]]
        story.change("redis_clients", "waiting", to: waiting) { second($0) >= from && second($0) < to }
        for tenth in 140..<190 where waited > 0 { story.wait(until: Double(tenth) / 10, seconds: waited) }
        #expect(try story.judged().gate(.redisBacklog)?.outcome == outcome)
    }

    @Test func `in shadow mode a single order fails, and none without a tap proves nothing`() throws {
        var story = try Story.flood()
        story.scenario.governor.mode = .shadow
        story.scenario.gates.append(Gate(name: .ordersInShadow, kind: .never))
        let verdict = try story.judged()
        #expect(verdict.gate(.ordersInShadow)?.outcome == .fail)
        #expect(verdict.gate(.everyIntentDecided)?.outcome == .pass, "\(reasons(verdict))")
        story.remove("order_left")
        story.remove("execution")
        #expect(try story.judged().gate(.ordersInShadow)?.outcome == .pass)
        story.remove("stats")
        #expect(try story.judged().gate(.ordersInShadow)?.outcome == .inconclusive)
    }

    @Test func `a verdict of a flood says how long Redis took on the wire, apart from what the governor says of it`() throws {
        let measured = try Story.flood().judged().measurements
        #expect(measured["redis_round_trips"] == 2_200)
        #expect(measured["redis_round_trip_p50_ms"] == .real(0.3) && measured["redis_round_trip_p99_ms"] == .real(0.5))
        #expect(measured["redis_round_trip_p999_ms"] == .real(4) && measured["redis_round_trip_maximum_ms"] == .real(4))
        #expect(measured["redis_ping_mean_ms"] == .real(0.5) && measured["redis_ping_claimed_mean_ms"]?.text() == "0.6")
    }

    @Test func `a governor whose metric is faster than the wire is seen beside it, and no gate moves`() throws {
        var story = try Story.flood()
        for page in 2..<31 {
            story.change("metrics", "risk_governor_redis_roundtrip_seconds_sum", to: .real(Double(page) * 0.001)) {
                Int(second($0)) == page
            }
        }
        let verdict = try story.judged()
        #expect(verdict.outcome == .pass, "\(reasons(verdict))")
        #expect(verdict.measurements["redis_ping_claimed_less_wire_ms"]?.text() == "-0.49")
    }

    @Test func `without a tap's word on Redis its round trips are null, not zero`() throws {
        var story = try Story.flood()
        story.remove("redis_round_trip")
        let measured = try story.judged().measurements
        for name in ["p50_ms", "p99_ms", "p999_ms", "maximum_ms"] {
            #expect(measured["redis_round_trip_\(name)"] == .null, "\(name)")
        }
        #expect(measured["redis_round_trips"] == 0 && measured["redis_ping_claimed_less_wire_ms"] == .null)
        #expect(measured["redis_commands_answered"] == .null)
    }

    @Test func `without samples the gates of a flood know nothing`() throws {
        var story = try Story.flood()
        for type in ["memory", "redis_clients", "watermark"] { story.remove(type) }
        let verdict = try story.judged()
        for name in [GateName.memoryLeak, .redisBacklog, .pipelineLatency, .watermarkTrue] {
            #expect(verdict.gate(name)?.outcome == .inconclusive, "\(name.rawValue)")
        }
        story.remove("metrics")
        #expect(try story.judged().gate(.metricsPresent)?.outcome == .fail)
    }
}

@Suite struct TrendSlopeTests {
    @Test func `a slope is found through noise and one jump, where the ends would be misled`() throws {
        let points = (0..<60).map { index -> (x: Double, y: Double) in
            // No two alike: equal slopes of many pairs would leave the interval without a width.
            let noise = Double(index * 7_919 % 61) / 5
            let jump: Double = index == 59 ? 400 : 0
            let line = 3 * Double(index)
            return (x: Double(index), y: line + noise + jump)
        }
        let slope = try #require(TrendSlope(points))
        #expect(abs(slope.estimate - 3) < 0.1)
        #expect(slope.low < 3 && slope.high > 3 && slope.high - slope.low < 0.5)
    }

    @Test func `four points, or all at one moment, have no slope`() {
        #expect(TrendSlope((0..<4).map { (x: Double($0), y: 1) }) == nil)
        #expect(TrendSlope((0..<9).map { (x: 1, y: Double($0)) }) == nil)
    }
}
