// The broker on sockets: one reactor thread carries bytes between the FIX port, two Redis connections and the core.
//
// It listens for as long as it lives. When its sockets are destroyed under it the session waits, numbers kept.

import BrokerStubCore
import Glibc
import HTTP
import Messages
import Redis
import Sockets
import Telemetry
import Units

package final class BrokerService {
    static let metricsPeriod = Duration.nanoseconds(200_000_000)
    /// How long a shutdown waits for the client's Logout and for Redis.
    static let shutdownLimit = Duration.seconds(2)

    package private(set) var broker: Broker
    private let settings: BrokerServiceSettings
    private let reactor: Reactor
    private let log: Log
    private let dropCopy: DropCopy
    private let depth: RedisConnection
    private let metrics: BrokerMetrics
    private let ledger: LedgerLog?
    private var unpublished: [[UInt8]]
    /// Of the drop copy's records, those that Redis has confirmed.
    private var published: Int64
    private var publishedWritten: Int64 = 0
    private var listener: Listener?
    private var http: HTTPServer?
    private var connections: [Broker.ConnectionNumber: Connection] = [:]
    private var connectionCount = 0
    private var isSubscribed = false
    private var wakeUp: (timer: Timer, due: Instant)?
    private var isStopping = false

    /// Throws `LedgerError` for a ledger file that this broker can't have written.
    package init(_ settings: BrokerServiceSettings, log: Log = Log(), on reactor: Reactor) throws {
        self.settings = settings
        self.reactor = reactor
        self.log = log
        let reading = try settings.ledgerPath.map { try LedgerReading(path: $0, settings.broker) }
        for cut in reading?.cuts ?? [] { log.warning("the ledger was torn", ["ledger.cut": cut]) }
        unpublished = reading?.unpublished ?? []
        published = reading?.memory?.session.published ?? 0
        broker = Broker(settings.broker, memory: reading?.memory)
        dropCopy = DropCopy(settings, on: reactor)
        depth = RedisConnection(
            to: settings.depthRedis, user: settings.redisUser, password: settings.redisPassword, on: reactor)
        metrics = BrokerMetrics(symbols: settings.broker.symbols)
        ledger = if let path = settings.ledgerPath { try LedgerLog(path: path) } else { nil }
    }

    /// Where FIX is spoken, once started.
    package var address: Address? { listener?.address }
    package private(set) var metricsAddress: Address?
    /// Books are fed and the drop copy has somewhere to go.
    package var isReady: Bool { isSubscribed && dropCopy.isConnected }
    /// Executions that Redis has not answered yet.
    package var dropCopyWaiting: Int { dropCopy.waitingCount }

    /// Listens and connects; returns at once. Runs as long as the reactor does.
    package func start() throws {
        subscribe()
        dropCopy.connect()
        for line in unpublished { dropCopy.publish(line) }
        unpublished = []
        follow(broker.resume(at: .now, wall: .now))
        listener = try Listener(tcp: settings.listen, on: reactor) { [unowned self] connection, _ in
            accept(connection)
        }
        try serveMetrics()
        reactor.every(BrokerService.metricsPeriod) { [weak self] in self?.publishMetrics() }
        log.info("the broker listens", ["fix.address": "\(settings.listen)"])
    }

    /// Logs the client out, waits a little for its answer and for Redis, then stops the reactor.
    package func stop() {
        guard !isStopping else { return }
        isStopping = true
        listener?.close()
        listener = nil
        follow(broker.shutDown(at: .now, wall: .now))
        let limit = Instant.now + BrokerService.shutdownLimit
        reactor.every(.nanoseconds(10_000_000)) { [weak self] in
            guard let self else { return }
            guard (broker.live == nil && dropCopy.waitingCount == 0) || Instant.now >= limit else { return }
            http?.stop()
            dropCopy.close()
            depth.close()
            for connection in connections.values { connection.close() }
            reactor.stop()
        }
    }

    private func publishMetrics() {
        notePublished()
        metrics.publish(broker, dropCopy: dropCopy)
        metrics.health.reason =
            if let failure = ledger?.failure { failure.description }
            else if !isSubscribed { "not subscribed to depth at \(settings.depthRedis)" }
            else if !dropCopy.isConnected { "no drop copy to redis \(settings.redis)" }
            else { nil }
    }

    private func notePublished() {
        let confirmed = published + dropCopy.confirmed
        guard confirmed > publishedWritten else { return }
        publishedWritten = confirmed
        ledger?.append(SessionChange(published: confirmed))
    }

    private func serveMetrics() throws {
        guard let address = settings.metrics else { return }
        let page = metrics.page
        let health = metrics.health
        let server = HTTPServer(
            address: address,
            routes: [
                "/metrics": { request in
                    let answer = page.answer(accept: request.headers["accept"])
                    return HTTPResponse(contentType: answer.contentType, body: answer.body)
                },
                "/healthz": { _ in
                    let reason = health.reason
                    let body: JSON = ["healthy": .bool(reason == nil), "reason": .optional(reason)]
                    return HTTPResponse(
                        status: reason == nil ? 200 : 503, contentType: "application/json", body: body.bytes())
                },
            ])
        metricsAddress = try server.start()
        http = server
    }
}

extension BrokerService {
    private func subscribe() {
        depth.retryAfter = DropCopy.retryAfter
        depth.onReady = { [weak self] in
            guard let self else { return }
            depth.subscribe(channels: settings.broker.symbols.map(Depth.channel)) { [weak self] result in
                guard case .success = result else { return }
                self?.isSubscribed = true
                self?.publishMetrics()
            }
        }
        depth.onClose = { [weak self] error in
            guard let self else { return }
            if isSubscribed, !isStopping { log.warning("depth ended", ["redis.error": "\(error)"]) }
            isSubscribed = false
        }
        depth.onPush = { [weak self] items in
            guard let self, items.count == 3, let bytes = items[2].bytes else { return }
            do {
                let depth = try Depth(parsing: bytes)
                let wall = WallTime.now
                metrics.depth(at: wall)
                follow(broker.update(depth, at: .now, wall: wall))
            } catch {
                metrics.depthRefused()
                log.warning("a depth message was refused", ["depth.error": "\(error)"])
            }
        }
        depth.connect()
    }

    private func accept(_ connection: Connection) {
        connectionCount += 1
        let number = connectionCount
        connections[number] = connection
        connection.onBytes = { [weak self] bytes in self?.received(bytes, on: number) }
        connection.onClose = { [weak self] ending in self?.closed(number, ending) }
        do {
            try connection.start()
        } catch {
            connections[number] = nil
            return log.warning("a connection could not be watched", ["net.error": "\(error)"])
        }
        follow(broker.accepted(number, at: .now))
    }

    private func received(_ bytes: ArraySlice<UInt8>, on number: Broker.ConnectionNumber) {
        let start = Instant.now
        let directives = broker.received(bytes, on: number, at: start, wall: .now)
        metrics.handled(in: Instant.now - start)
        follow(directives)
    }

    private func closed(_ number: Broker.ConnectionNumber, _ ending: Connection.Ending) {
        guard connections.removeValue(forKey: number) != nil else { return }
        follow(broker.closed(number, because: "\(ending)", at: .now, wall: .now))
    }

    /// Numbers are written down before anything leaves under them.
    private func writeDownSession(_ directives: [Broker.Directive]) {
        var change = SessionChange()
        for directive in directives {
            switch directive {
            case .numbers(let numbers): change.numbers = numbers
            case .sent(let record, seq: let seq): change.sent.append((record, seq))
            case .forgetSent:
                change.resets = true
                change.sent = []
            case .transmit, .close, .record: break
            }
        }
        if !change.isEmpty { ledger?.append(change) }
    }

    private func follow(_ directives: [Broker.Directive]) {
        // The record before the number of its report, and both before the bytes.
        for case .record(let execution, report: let report) in directives { ledger?.append(execution, report: report) }
        writeDownSession(directives)
        for directive in directives {
            switch directive {
            case .transmit(let number, let bytes): connections[number]?.send(bytes)
            case .close(let number, because: let reason):
                log.info("a connection is closed", ["fix.reason": reason])
                connections[number]?.close()
            case .record(let execution, report: _): dropCopy.publish(execution.json.bytes())
            case .numbers, .sent, .forgetSent: break
            }
        }
        schedule()
    }

    /// One timer, for the core's next deadline.
    private func schedule() {
        guard let due = broker.nextDeadline else { return }
        if let wakeUp, !wakeUp.timer.isCancelled {
            guard due < wakeUp.due else { return }
            wakeUp.timer.cancel()
        }
        let timer = reactor.at(due) { [weak self] in
            guard let self else { return }
            wakeUp = nil
            follow(broker.tick(at: .now, wall: .now))
        }
        wakeUp = (timer, due)
    }
}
