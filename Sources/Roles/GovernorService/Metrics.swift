import GovernorCore
import Messages
import Telemetry
import Units

/// The series of the contract. Bucket bounds stand exactly on the gates (15 ms, 20 ms, 120 ms).
final class Metrics {
    static let latencyBounds: [Double] = [
        0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.015, 0.02, 0.05, 0.1,
        0.12, 0.25, 0.5, 1, 2.5, 5,
    ]

    let page = MetricsPage()
    private let registry = MetricRegistry()
    private let decisionLatency: Histogram
    private let pipelineLatency: Histogram
    private let redisRoundTrip: Histogram
    private var decisions: [Decision.Action: Counter] = [:]
    private let recovery: Gauge
    private let feedLatency: Gauge
    private let lastTick: Gauge
    private let watermark: Gauge
    private let lostTicks: Gauge
    private let networkLatency: Gauge
    private let equity: Gauge
    private let cashFlow: Gauge
    private let openOrders: Gauge
    private let memory: Gauge
    private var positions: [String: Gauge] = [:]
    private var states: [GovernorState.Kind: Gauge] = [:]
    private let epoch: Gauge
    private let aliases: Aliases

    /// The names of older dashboards: they have no unit in them, so the help says which.
    private struct Aliases {
        let pipeline: Gauge
        let redis: Gauge
        let feed: Gauge
        var positionDelta: [String: Gauge] = [:]
    }

    init(symbols: [String], build: String) {
        let registry = registry
        let prefix = "risk_governor_"
        func histogram(_ name: String, _ help: String) -> Histogram {
            registry.histogram(prefix + name, help: help, bounds: Metrics.latencyBounds)
        }
        func gauge(_ name: String, _ help: String) -> Gauge { registry.gauge(prefix + name, help: help) }
        decisionLatency = histogram(
            "decision_latency_seconds", "From the intent read from the socket to the decision made.")
        pipelineLatency = histogram("pipeline_latency_seconds", "From the due time of an intent to its decision.")
        redisRoundTrip = histogram("redis_roundtrip_seconds", "Application ping to Redis and back.")
        recovery = gauge(
            "recovery_time_seconds",
            "From the last trouble noticed until session up, orders reconciled and position flat; 0 before any.")
        recovery.set(0.0)
        feedLatency = gauge("feed_latency_seconds", "Age of the last book when it arrived, by the sender's clock.")
        lastTick = gauge("last_tick_timestamp_seconds", "Sending time of the last tick received.")
        watermark = gauge("tick_watermark", "Largest tick up to which every tick received has been decided.")
        lostTicks = gauge("lost_ticks", "Ticks that were never received.")
        networkLatency = gauge(
            "network_latency_seconds", "The larger of the medians of the round trips to Redis and broker.")
        equity = gauge("equity_dollars", "Opening equity plus profit, longs at the bid, shorts at the ask.")
        cashFlow = gauge("cash_flow_dollars", "Sells minus buys minus fees: the profit, when flat.")
        openOrders = gauge("open_orders", "Orders that are not final.")
        epoch = gauge("epoch", "The epoch of governor.state.")
        memory = registry.gauge("process_resident_memory_bytes", help: "Resident memory size in bytes.")
        aliases = Metrics.registerAliases(registry, symbols)
        for action in Decision.Action.allCases {
            decisions[action] = registry.counter(
                prefix + "decisions_total", help: "Outcomes published, by action.", labels: ["action": action.rawValue])
        }
        for symbol in symbols {
            positions[symbol] = registry.gauge(
                prefix + "position_shares", help: "Signed position.", labels: ["symbol": symbol])
            positions[symbol]?.set(0.0)
        }
        for kind in GovernorState.Kind.allCases {
            states[kind] = registry.gauge(
                prefix + "state", help: "1 for the present state, 0 for the others.", labels: ["state": kind.rawValue])
        }
        registry.info(prefix + "build_info", help: "What is running.", labels: ["version": build])
    }

    private static func registerAliases(_ registry: MetricRegistry, _ symbols: [String]) -> Aliases {
        var aliases = Aliases(
            pipeline: registry.gauge("pipeline_latency", help: "Last pipeline latency in seconds (alias)."),
            redis: registry.gauge("redis_roundtrip", help: "Last Redis round trip in seconds (alias)."),
            feed: registry.gauge("feed_latency_ms", help: "Feed latency in milliseconds (alias)."))
        for symbol in symbols {
            aliases.positionDelta[symbol] = registry.gauge(
                "position_delta", help: "Signed position in shares (alias).", labels: ["symbol": symbol])
        }
        return aliases
    }

    func decided(_ decision: Decision, latency: Duration?, pipeline: Duration?) {
        decisions[decision.action]?.add()
        if let latency { decisionLatency.observe(latency) }
        if let pipeline {
            pipelineLatency.observe(pipeline)
            aliases.pipeline.set(pipeline)
        }
    }

    func roundTrip(_ duration: Duration) {
        redisRoundTrip.observe(duration)
        aliases.redis.set(duration)
    }

    func remember(residentBytes: Int64?) { memory.value = residentBytes.map(Double.init) }

    func publish(_ view: View) {
        recovery.value = view.recoveryTime?.seconds ?? 0
        feedLatency.value = view.feedLatency?.seconds
        aliases.feed.value = view.feedLatency?.milliseconds
        lastTick.value = view.lastTick.map { Double($0.nanoseconds) / 1e9 }
        watermark.set(view.watermark)
        lostTicks.set(view.lostTicks)
        networkLatency.value = view.networkLatency?.seconds
        equity.set(Double(view.equity.units) / 10_000)
        cashFlow.set(Double(view.cashFlow.units) / 10_000)
        openOrders.set(Int64(view.openOrders))
        epoch.set(view.epoch)
        for (symbol, quantity) in view.positions {
            positions[symbol]?.set(quantity.shares)
            aliases.positionDelta[symbol]?.set(quantity.shares)
        }
        for (kind, gauge) in states { gauge.set(kind == view.state ? 1.0 : 0.0) }
        page.publish(registry)
    }
}
