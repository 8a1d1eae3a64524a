import BrokerStubCore
import Messages
import Synchronization
import Telemetry
import Units

/// What the broker tells Prometheus, and whether it is healthy.
final class BrokerMetrics {
    /// Why the broker isn't healthy, `nil` when it is. Read by the HTTP server.
    final class Health: Sendable {
        private let state = Mutex<String?>("starting")

        var reason: String? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    let page = MetricsPage()
    let health = Health()
    private let registry = MetricRegistry()
    private let requests: Counter
    private let reports: Counter
    private let fills: Counter
    private let logons: Counter
    private let refusedConnections: Counter
    private let lostRequests: Counter
    private let lostReplays: Counter
    private let depths: Counter
    private let refusedDepths: Counter
    private let sessionUp: Gauge
    private let workingOrders: Gauge
    private let dropCopyWaiting: Gauge
    private let dropCopyGivenUp: Counter
    private let lastDepth: Gauge
    private let fees: Gauge
    private let resident: Gauge
    private let handling: Histogram
    private var positions: [String: Gauge] = [:]
    private var shown = Broker.Counts()
    private var shownFills: Int64 = 0
    private var shownGivenUp: Int64 = 0

    init(symbols: [String]) {
        requests = registry.counter("broker_requests_total", help: "Application messages received.")
        reports = registry.counter("broker_reports_total", help: "Reports produced.")
        fills = registry.counter("broker_fills_total", help: "Executions in the ledger.")
        logons = registry.counter("broker_logons_total", help: "Sessions begun.")
        refusedConnections = registry.counter(
            "broker_connections_refused_total", help: "Connections closed without an answer.")
        lostRequests = registry.counter(
            "broker_requests_lost_total", help: "Requests in flight at a disconnect and forgotten, as asked for.")
        lostReplays = registry.counter(
            "broker_replays_lost_total", help: "ResendRequests for reports that are no longer kept.")
        depths = registry.counter("broker_depth_messages_total", help: "States of books received.")
        refusedDepths = registry.counter("broker_depth_refused_total", help: "Depth messages that could not be read.")
        sessionUp = registry.gauge("broker_session_up", help: "1 while a client is logged on.")
        workingOrders = registry.gauge("broker_working_orders", help: "Orders that can still trade.")
        dropCopyWaiting = registry.gauge(
            "broker_drop_copy_waiting", help: "Executions that Redis has not answered yet.")
        dropCopyGivenUp = registry.counter(
            "broker_drop_copy_given_up_total", help: "Executions dropped while Redis was away.")
        lastDepth = registry.gauge("broker_last_depth_timestamp_seconds", help: "When the last state of a book came.")
        fees = registry.gauge("broker_fees_dollars", help: "Fees of all fills, by the schedule file.")
        resident = registry.gauge("process_resident_memory_bytes", help: "Resident set of this process.")
        handling = registry.histogram(
            "broker_request_handling_seconds", help: "From bytes read to directives made, delays not included.",
            bounds: [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.01])
        for symbol in symbols where positions[symbol] == nil {
            positions[symbol] = registry.gauge(
                "broker_position_shares", help: "Signed position in the broker's ledger.", labels: ["symbol": symbol])
        }
    }

    func handled(in duration: Duration) { handling.observe(duration) }

    func depth(at wall: WallTime) {
        depths.add()
        lastDepth.set(wall)
    }

    func depthRefused() { refusedDepths.add() }

    /// Takes the present figures over and renders the page.
    func publish(_ broker: Broker, dropCopy: DropCopy) {
        func grow(_ counter: Counter, _ path: KeyPath<Broker.Counts, Int64>) {
            counter.add(UInt64(max(0, broker.counts[keyPath: path] - shown[keyPath: path])))
        }
        grow(requests, \.requests)
        grow(reports, \.reports)
        grow(logons, \.logons)
        grow(refusedConnections, \.connectionsRefused)
        grow(lostRequests, \.requestsLost)
        grow(lostReplays, \.replaysLost)
        shown = broker.counts
        let ledger = broker.engine.ledger
        fills.add(UInt64(max(0, ledger.fillCount - shownFills)))
        shownFills = ledger.fillCount
        dropCopyGivenUp.add(UInt64(max(0, dropCopy.givenUp - shownGivenUp)))
        shownGivenUp = dropCopy.givenUp
        sessionUp.value = broker.session.isLoggedOn ? 1 : 0
        workingOrders.set(Int64(broker.engine.workingCount))
        dropCopyWaiting.set(Int64(dropCopy.waitingCount))
        fees.set(Double(ledger.fees.units) / Double(Price.scale))
        for (symbol, gauge) in positions { gauge.set(ledger.position(symbol).shares) }
        if let bytes = ProcessMemory.residentBytes() { resident.set(bytes) }
        page.publish(registry)
    }
}
