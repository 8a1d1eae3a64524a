import Glibc
import Messages
import Processes
import Sockets
import Telemetry
import Testing
import Units

/// The governor as it is shipped: the built program, over real sockets.
@Suite(.serialized) struct GovernorLiveTests {
    @Test func `it is unavailable until everything was reached, and says what is missing`() throws {
        let rig = try GovernorRig()
        try rig.startGovernor()
        rig.eventuallyHealth(503, "the broker session was not reached yet")
        try rig.startBroker()
        rig.eventuallyHealth(200)
        #expect(rig.state() == "PAUSED")
    }

    @Test func `an intent becomes one decision, one order and durable rows, and a pause ends that`() throws {
        let rig = try GovernorRig()
        try rig.startTrading()
        rig.publish("buys")
        #expect(rig.reason("buys") == .ok)
        rig.eventually("the broker has filled it") { rig.executions.contains { $0.kind == .trade } }
        rig.eventually("the rows are there") {
            rig.rows("SELECT status, cumulative FROM gauntlet.orders WHERE reference = 'buys'") == [["filled", "10"]]
        }
        #expect(rig.rows("SELECT symbol, quantity FROM gauntlet.positions") == [["NVDA", "10"]])
        #expect(rig.rows("SELECT side, quantity, price FROM gauntlet.fills") == [["buy", "10", "4400000"]])
        #expect(rig.rows("SELECT symbol, cash, position FROM gauntlet.pnl") == [["NVDA", "-44000000", "10"]])
        #expect(rig.ask(["HGET", GovernorState.positionsKey, "NVDA"])?.string == "10")

        rig.set(GovernorState.pauseKey, "true")
        rig.eventually("it is PAUSED") { rig.state() == "PAUSED" }
        rig.publish("late")
        #expect(rig.reason("late") == .paused)
        #expect(rig.outcomes("buys").count == 1)
        #expect(rig.received("buys") == 1)
        #expect(rig.received("late") == 0)
    }

    @Test func `a Redis that stops pauses it and makes it unavailable; its return raises the critical pause`() throws {
        let rig = try GovernorRig()
        try rig.startTrading()
        rig.publish("buys")
        rig.eventually("the broker has filled it") { rig.executions.contains { $0.kind == .trade } }
        rig.redis.server.signal(SIGSTOP)
        rig.eventuallyHealth(503, "redis is unreachable")
        #expect(rig.metrics()?.value("risk_governor_state", ["state": "PAUSED"]) == 1)
        rig.redis.server.signal(SIGCONT)
        rig.eventually("the latch is set") { rig.ask(["GET", GovernorState.criticalPauseKey])?.string == "true" }
        rig.eventuallyHealth(200)
        #expect(rig.ask(["HGET", GovernorState.positionsKey, "NVDA"])?.string == "10")
        // The operator clears it, and the governor, reconciled, goes on.
        rig.set(GovernorState.criticalPauseKey, "false")
        rig.eventuallyTrading()
        rig.publish("again", .buy, 11)
        #expect(rig.reason("again") == .ok)
    }

    @Test func `a killed governor forgets nothing: order, position, names, numbers`() throws {
        let rig = try GovernorRig()
        try rig.startTrading()
        rig.publish("fills")
        rig.publish("rests", .buy, 7, limit: 4_300_000)
        rig.eventually("one has traded, one rests") {
            rig.executions.contains { $0.kind == .trade }
                && rig.executions.contains { $0.kind == .new && $0.clOrdID == "rests" }
        }
        rig.eventually("both are written down") {
            rig.rows("SELECT status FROM gauntlet.orders ORDER BY reference") == [["filled"], ["working"]]
        }
        rig.governor?.signal(SIGKILL)
        #expect(rig.ending(rig.governor) == 128 + SIGKILL)
        let numbers = rig.rows("SELECT next_outgoing FROM gauntlet.governor_session").first?.first ?? nil
        try rig.startGovernor()
        rig.eventually("it is logged on again") { rig.executions.count { $0.kind == .loggedOn } == 2 }
        rig.eventuallyTrading()
        #expect(rig.metrics()?.value("risk_governor_open_orders") == 1)
        #expect(rig.metrics()?.value("risk_governor_position_shares", ["symbol": "NVDA"]) == 10)
        rig.publish("fills")
        rig.eventually("a second outcome") { rig.outcomes("fills").count == 2 }
        #expect(rig.outcomes("fills").last?.reason == .duplicateOrder)
        #expect(rig.received("fills") == 1)
        rig.publishCancel("calls off", of: "rests")
        rig.publishCancel("calls-off", of: "rests")
        #expect(rig.reason("calls off") == .badField)
        #expect(rig.reason("calls-off") == .ok)
        rig.eventually("it is cancelled") { rig.executions.contains { $0.kind == .cancelled } }
        rig.eventually("the numbers went on") {
            let now = rig.rows("SELECT next_outgoing FROM gauntlet.governor_session").first?.first ?? nil
            return (now.flatMap { Int($0) } ?? 0) > (numbers.flatMap { Int($0) } ?? .max)
        }
        // Only the kill ended a session: no Logout for a number that is too low.
        #expect(rig.executions.filter { $0.kind == .loggedOut }.map(\.text) == ["connection lost"])
    }

    @Test func `SIGTERM is answered by a Logout and an end in order`() throws {
        let rig = try GovernorRig()
        try rig.startTrading()
        let start = Instant.now
        rig.governor?.signal(SIGTERM)
        #expect(rig.ending(rig.governor) == 0)
        #expect(Instant.now - start < .seconds(5))
        rig.eventually("the broker saw a Logout") { rig.executions.contains { $0.kind == .loggedOut } }
    }

    @Test func `in shadow it decides and publishes, and nothing leaves`() throws {
        let rig = try GovernorRig()
        try rig.startTrading(["GAUNTLET_MODE": "shadow"])
        for number in 0..<20 { rig.publish("s\(number)", number % 2 == 0 ? .buy : .sell, Int64(number + 1)) }
        rig.publish("too-large", .buy, 1_000_000)
        rig.eventually("all are decided") { rig.decisions.count == 21 }
        #expect(rig.decisions.count { $0.action == .accept } == 20)
        #expect(rig.reason("too-large") == .maxQuantity)
        rig.eventually("they are counted") {
            rig.metrics()?.value("risk_governor_decisions_total", ["action": "accept"]) == 20
        }
        #expect(rig.metrics()?.value("risk_governor_decisions_total", ["action": "reject"]) == 1)
        #expect(rig.metrics()?.value("risk_governor_decisions_total", ["action": "withdrawn"]) == 0)
        rig.governor?.signal(SIGTERM)
        #expect(rig.ending(rig.governor) == 0)
        rig.eventually("the broker saw the Logout") { rig.executions.contains { $0.kind == .loggedOut } }
        #expect(!rig.executions.contains { $0.kind == .received })
        #expect(rig.rows("SELECT reference FROM gauntlet.orders").isEmpty)
    }

    @Test(
        arguments: [
            ("text/plain", "", ""), ("application/openmetrics-text;version=1.0.0", "", "# EOF\n"),
        ])
    func `the metrics page has every series of the contract, in both formats`(
        accept: String, start: String, end: String
    ) throws {
        let rig = try GovernorRig()
        try rig.startTrading()
        rig.publish("buys")
        rig.eventually("the broker has filled it") { rig.executions.contains { $0.kind == .trade } }
        let names = [
            "risk_governor_decision_latency_seconds_bucket", "risk_governor_decisions_total",
            "risk_governor_recovery_time_seconds", "risk_governor_redis_roundtrip_seconds_bucket",
            "risk_governor_pipeline_latency_seconds_bucket", "risk_governor_feed_latency_seconds",
            "risk_governor_last_tick_timestamp_seconds", "risk_governor_position_shares", "risk_governor_state",
            "risk_governor_tick_watermark", "process_resident_memory_bytes", "risk_governor_build_info",
            "pipeline_latency", "redis_roundtrip", "feed_latency_ms", "position_delta",
        ]
        var missing = names
        rig.eventually("the page has every series") {
            guard let page = rig.get("/metrics", accept: accept), let scrape = try? Scrape(page.body) else { return false }
            missing = names.filter { scrape.all($0).isEmpty }
            let text = String(decoding: page.body, as: UTF8.self)
            return missing.isEmpty && text.hasSuffix(end) && page.headers["content-type"]?.hasPrefix(
                accept.prefix { $0 != ";" }) == true
        }
        #expect(missing == [])
    }
}
