// The shell around a decider: it owns the sockets and the clock, hands events in and carries directives out, in their
// order, on one thread. It decides nothing, with one exception that only it can see: whether bytes wait unsent in the
// kernel at the very moment an order is to be written.

import FIX
import GovernorCore
import HTTP
import Messages
import Sockets
import Synchronization
import Telemetry
import Units

package final class GovernorService<Core: Decider> {
    static var tickEvery: Duration { .milliseconds(10) }
    static var pollEvery: Duration { .milliseconds(20) }
    static var pingEvery: Duration { .milliseconds(100) }
    static var pageEvery: Duration { .milliseconds(3) }
    static var stopWithin: Duration { .seconds(3) }

    private let configuration: Configuration
    private let reactor: Reactor
    private let log = Log()
    private let metrics: Metrics
    private let health = HealthPage()
    private let commands: CommandLink
    private let keyspace: SubscriptionLink
    private let pings: PingLink
    private let feed: SubscriptionLink
    private let store: StoreLink
    private var broker: BrokerLink?
    private var core: Core
    private var queue: [Event] = []
    private var isHandling = false
    private var isStopping = false
    private var memory: StoreMemory?
    private var hashEpoch: Int64?
    /// Orders of consecutive directives: they leave together.
    private var leaving: [(clOrdID: String, message: Message)] = []
    /// When the message that is being decided was read.
    private var received: (at: Instant, due: WallTime)?

    package init(_ configuration: Configuration, core: Core, build: String = "1", on reactor: Reactor) {
        self.configuration = configuration
        self.core = core
        self.reactor = reactor
        metrics = Metrics(symbols: configuration.symbols, build: build)
        commands = CommandLink(to: configuration.redis, password: configuration.redisPassword, on: reactor)
        let keys = [GovernorState.pauseKey, GovernorState.criticalPauseKey, GovernorState.commandKey]
        keyspace = SubscriptionLink(
            to: configuration.redis, password: configuration.redisPassword,
            channels: keys.map { "__keyspace@0__:\($0)" }, on: reactor)
        pings = PingLink(to: configuration.redis, password: configuration.redisPassword, on: reactor)
        feed = SubscriptionLink(
            to: configuration.feed, password: configuration.redisPassword,
            channels: configuration.symbols.map(Depth.channel) + [Intent.channel], on: reactor)
        store = StoreLink(url: configuration.postgres, on: reactor)
    }

    /// Serves until SIGTERM or SIGINT. Returns after the Logout.
    package func run() throws {
        try reactor.onSignal { [weak self] _ in self?.stop() }
        let port = try serveHTTP()
        log.info(
            "the governor starts",
            ["run.id": configuration.run, "metrics.port": "\(port)", "mode": configuration.mode.rawValue])
        wire()
        start()
        reactor.run()
        log.info("the governor has stopped", ["run.id": configuration.run])
    }

    private func serveHTTP() throws -> UInt16 {
        let page = metrics.page
        let health = health
        let server = HTTPServer(
            address: Address(host: 0, port: configuration.metricsPort),
            routes: [
                "/metrics": { request in
                    let (type, body) = page.answer(accept: request.headers["accept"])
                    return HTTPResponse(contentType: type, body: body)
                },
                "/healthz": { _ in health.answer },
            ])
        return try server.start().port
    }

    private func wire() {
        let note: (String) -> Void = { [log] text in log.info("note", ["detail": text]) }
        let post: (Event) -> Void = { [weak self] event in self?.post(event) }
        commands.onEvent = post
        commands.onNote = note
        commands.onEpoch = { [weak self] epoch in
            self?.hashEpoch = epoch
            self?.beginIfKnown()
        }
        keyspace.onMessage = { [weak self] _, _ in self?.commands.poll() }
        keyspace.onNote = note
        pings.onEvent = post
        pings.onRoundTrip = { [metrics] in metrics.roundTrip($0) }
        feed.onMessage = { [weak self] channel, payload in self?.received(channel, payload) }
        feed.onNote = note
        store.onEvent = post
        store.onNote = note
    }

    private func start() {
        commands.start()
        keyspace.start()
        pings.start()
        feed.start()
        store.start { [weak self] memory in
            self?.memory = memory
            self?.beginIfKnown()
        }
        reactor.every(Self.tickEvery) { [weak self] in self?.tick() }
        reactor.every(Self.pollEvery) { [weak self] in self?.commands.poll() }
        reactor.every(Self.pingEvery) { [weak self] in self?.pings.ping() }
        reactor.every(Self.pageEvery) { [weak self] in self?.publishPage() }
        reactor.every(.milliseconds(200)) { [weak self] in self?.rememberSlowly() }
    }

    /// Nothing is decided before both memories were read: the store's, and the epoch of the hash.
    private func beginIfKnown() {
        guard broker == nil, !isStopping, var memory, let hashEpoch else { return }
        memory.recovered.epoch = max(memory.recovered.epoch, hashEpoch)
        let broker = BrokerLink(to: configuration.broker, numbers: memory.numbers, on: reactor)
        broker.onEvent = { [weak self] event in self?.post(event) }
        broker.onNumbers = { [weak self] numbers in self?.store.remember(numbers) }
        broker.onNote = { [log] text in log.info("fix", ["detail": text]) }
        self.broker = broker
        self.memory = nil
        post(.recovered(memory.recovered))
        commands.poll()
        broker.start()
    }

    private func tick() {
        broker?.tick()
        if broker != nil { post(.tick) }
        health.set(problem())
    }

    private func problem() -> String? {
        guard commands.wasReached else { return "redis was not reached yet" }
        guard store.wasReached else { return "postgresql was not reached yet" }
        guard let broker, broker.wasReached else { return "the broker session was not reached yet" }
        guard feed.isSubscribed else { return "the feed is not subscribed" }
        if !commands.isReady { return "redis is unreachable" }
        return store.isReachable ? nil : "postgresql is unreachable"
    }

    private func publishPage() { metrics.publish(core.view) }

    private func rememberSlowly() {
        store.flush()
        metrics.remember(residentBytes: ProcessMemory.residentBytes())
    }

    /// Logout first, then what the store and Redis still have to hear, then the end.
    private func stop() {
        guard !isStopping else { return }
        isStopping = true
        log.info("stopping: Logout first")
        broker?.stop()
        let deadline = Instant.now + Self.stopWithin
        reactor.every(.milliseconds(10)) { [weak self] in
            guard let self else { return }
            store.flush()
            let done = broker?.isClosed ?? true
            guard done && store.isIdle && commands.isIdle || Instant.now >= deadline else { return }
            reactor.stop()
        }
    }
}

extension GovernorService {
    private func received(_ channel: String, _ payload: [UInt8]) {
        let now = Instant.now
        guard broker != nil else { return }
        guard channel == Intent.channel else {
            do {
                return post(.depth(try Depth(parsing: payload)))
            } catch {
                return log.warning("a depth message was refused", ["detail": "\(error)"])
            }
        }
        do {
            let intent = try Intent(parsing: payload)
            received = (now, intent.due)
            post(.intent(intent))
        } catch {
            log.warning("an intent was refused", ["detail": "\(error)"])
            guard let json = try? JSON(parsing: payload), let id = json["id"]?.string, let tick = json["tick"]?.integer
            else { return }  // Nameless: there is nothing that an outcome could be about.
            received = (now, .now)
            post(.unreadableIntent(id: id, tick: tick))
        }
        received = nil
    }

    /// Events that arise while directives are carried out wait until those are done.
    private func post(_ event: Event) {
        queue.append(event)
        guard !isHandling else { return }
        isHandling = true
        var next = 0
        while next < queue.count {
            let event = queue[next]
            next += 1
            let moment = Moment(now: .now, wall: .now, unsentBytes: broker?.unsentBytes ?? 0)
            for directive in core.handle(event, at: moment) {
                if case .sendOrder(let clOrdID, _, let message) = directive {
                    leaving.append((clOrdID, message))
                } else {
                    sendLeaving()
                    carryOut(directive)
                }
            }
            sendLeaving()
        }
        queue.removeAll(keepingCapacity: true)
        isHandling = false
    }

    /// The last look at the socket, and the write.
    private func sendLeaving() {
        guard !leaving.isEmpty else { return }
        let orders = leaving
        leaving.removeAll(keepingCapacity: true)
        guard let broker, broker.isLoggedOn, broker.unsentBytes == 0, configuration.mode == .live else {
            for order in orders { post(.notSent(clOrdID: order.clOrdID)) }
            return
        }
        broker.sendOrders(orders)
    }

    private func carryOut(_ directive: Directive) {
        switch directive {
        case .publish(let decision): publish(decision)
        case .announce(let text):
            log.info("event", ["detail": text])
            commands.announce(text)
        case .closePath(let deemedDead, let reason): broker?.closePath(deemedDead: deemedDead, reason: reason)
        case .writeState(let state, let raise): commands.write(state, raise: raise)
        case .writePositions(let positions): commands.write(positions)
        case .forgetCommand: commands.forgetCommand()
        case .store(let write): store.write(write)
        case .sendOrder: break  // Gathered by `post`.
        case .send(let message):
            guard let broker, broker.isLoggedOn else { return }
            broker.send(message)
        case .testRequest(let id): broker?.testRequest(id)
        case .abortSession(let reason): broker?.abort(reason)
        }
    }

    private func publish(_ decision: Decision) {
        commands.publish(decision)
        let isOutcome = decision.action != .withdrawn && decision.action != .flatten
        let timing = isOutcome ? received : nil
        metrics.decided(
            decision, latency: timing.map { Instant.now - $0.at }, pipeline: timing.map { WallTime.now - $0.due })
    }
}

/// What `/healthz` answers: written by the reactor, read by the HTTP server.
final class HealthPage: Sendable {
    private let problem = Mutex<String?>("starting")

    func set(_ text: String?) { problem.withLock { $0 = text } }

    var answer: HTTPResponse {
        let text = problem.withLock { $0 }
        let body: JSON = ["status": .string(text == nil ? "ok" : "unavailable"), "reason": .optional(text)]
        return HTTPResponse(status: text == nil ? 200 : 503, contentType: "application/json", body: body.bytes())
    }
}
