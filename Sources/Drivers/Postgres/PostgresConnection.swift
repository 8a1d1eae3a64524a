// One connection to PostgreSQL, on a reactor, in pipeline mode: batches go out without waiting for one another.
//
// A batch is one transaction: libpq's pipeline sync ends it, so the server commits all of it or nothing. It never
// blocks. A batch sent while the connection isn't ready fails at once. Every batch gets exactly one callback.

import Sockets
import Units

package final class PostgresConnection {
    package enum State: Hashable, Sendable { case closed, connecting, ready }

    package typealias Done = (Result<[PostgresResult], PostgresError>) -> Void

    /// Batches in flight beyond this are refused: a slow store must not eat our memory.
    package static let batchesMaximum = 4096

    package var onReady: () -> Void = {}
    /// Once for each `connect()`, whoever ended it. After this, `connect()` may be called again.
    package var onClose: (PostgresError) -> Void = { _ in }
    /// When set, a connection that ended by itself is tried again after this long. `close()` ends that too.
    package var retryAfter: Duration?

    package private(set) var state = State.closed
    package var isReady: Bool { state == .ready }
    package let endpoint: String

    private struct Batch {
        let statements: [PostgresStatement]
        let sent: Instant
        var results: [PostgresResult] = []
        var failure: PostgresError?
        let done: Done
    }

    private let url: String
    private let connectWithin: Duration
    private let answerWithin: Duration?
    private let reactor: Reactor
    private var session: Session?
    /// What the reactor watches. Asking libpq would not do: it forgets a descriptor that it closed by itself.
    private var watched: Int32?
    private var batches: [Batch] = []
    private var deadline: Timer?
    private var retry: Timer?

    /// - Parameters:
    ///   - url: what libpq takes: `postgresql://gauntlet@198.18.0.14:5432/gauntlet` or `host=/run/postgres dbname=x`.
    ///     A numeric address or a socket directory: a name would be looked up, and that blocks.
    ///   - answerWithin: the connection ends when the oldest batch has waited this long. `nil`: the owner watches
    ///     `oldestPending` himself.
    package init(
        url: String, connectWithin: Duration = .seconds(1), answerWithin: Duration? = nil, on reactor: Reactor
    ) {
        self.url = url
        endpoint = Session.endpoint(of: url)
        self.connectWithin = connectWithin
        self.answerWithin = answerWithin
        self.reactor = reactor
    }

    /// Batches without an answer, and since when the oldest one waits.
    package var pendingBatches: Int { batches.count }
    package var oldestPending: Instant? { batches.first?.sent }

    /// Starts one attempt, at most `connectWithin` long. Does nothing unless closed.
    package func connect() {
        guard state == .closed else { return }
        retry?.cancel()
        state = .connecting
        deadline = reactor.after(connectWithin) { [weak self] in
            guard let self else { return }
            end(.unreachable, "connect", "no answer within \(connectWithin.written)")
        }
        let session = Session(url: url, userTimeout: answerWithin ?? connectWithin)
        self.session = session
        // Not from within `connect()`: its caller may not have finished setting up.
        reactor.after(.zero) { [weak self] in
            guard let self, self.session === session else { return }
            waitForHandshake(session, session.isBad ? .failed : .wantsWrite)
        }
    }

    package func close() {
        retry?.cancel()
        retry = nil
        end(.closedHere, "close", "closed here", retrying: false)
    }

    /// Sends the statements as one transaction. `done`: one result a statement, or the first refusal.
    package func batch(_ statements: [PostgresStatement], _ done: @escaping Done) {
        let operation = statements.first.map { String($0.sql.prefix(60)) } ?? "an empty batch"
        func fail(_ kind: PostgresError.Kind, _ detail: String) {
            done(.failure(PostgresError(kind, endpoint: endpoint, operation: operation, detail: detail)))
        }
        guard state == .ready, let session else { return fail(.unreachable, "not connected") }
        guard batches.count < PostgresConnection.batchesMaximum else {
            return fail(.overloaded, "\(batches.count) batches wait for an answer")
        }
        batches.append(Batch(statements: statements, sent: .now, done: done))
        guard session.send(statements) else { return end(.disconnected, operation, session.message) }
        if batches.count == 1 { watchOldest() }
        flush(session)
    }

    /// One statement, a transaction of its own.
    package func query(
        _ sql: String, _ parameters: [PostgresValue?] = [],
        _ done: @escaping (Result<PostgresResult, PostgresError>) -> Void
    ) {
        let none = PostgresResult(columns: [], rows: [], affected: 0)
        batch([PostgresStatement(sql, parameters)]) { done($0.map { $0.first ?? none }) }
    }

    deinit {
        deadline?.cancel()
        retry?.cancel()
        unwatch()
    }
}

extension PostgresConnection {
    /// libpq may change its socket while it connects, so each step is watched anew.
    private func waitForHandshake(_ session: Session, _ step: Session.Step) {
        let interest: Reactor.Interest
        switch step {
        case .failed: return end(.unreachable, "connect", session.message)
        case .done: return handshakeDone(session)
        case .wantsRead: interest = .read
        case .wantsWrite: interest = .write
        }
        watch(session, for: interest) { connection in
            connection.unwatch()
            connection.waitForHandshake(session, session.advance())
        }
    }

    private func watch(
        _ session: Session, for interest: Reactor.Interest,
        _ ready: @escaping (PostgresConnection) -> Void
    ) {
        let descriptor = session.descriptor
        do {
            try reactor.watch(descriptor, for: interest) { [weak self] _ in
                guard let self, self.session === session else { return }
                ready(self)
            }
            watched = descriptor
        } catch {
            end(.unreachable, "connect", "\(error)")
        }
    }

    private func unwatch() {
        if let watched { reactor.unwatch(watched) }
        watched = nil
    }

    private func handshakeDone(_ session: Session) {
        guard session.enterPipeline() else { return end(.unreachable, "pipeline mode", session.message) }
        watch(session, for: .read) { connection in connection.ready(session) }
        guard state == .connecting else { return }
        deadline?.cancel()
        state = .ready
        onReady()
    }

    private func ready(_ session: Session) {
        guard session.consume() else { return end(.disconnected, "connection", session.message) }
        while self.session === session, !batches.isEmpty, let event = session.next() { handle(event) }
        guard self.session === session else { return }
        if session.isBad { return end(.disconnected, "connection", session.message) }
        flush(session)
    }

    private func handle(_ event: Session.Event) {
        switch event {
        case .result(let result):
            batches[0].results.append(result)
        case .failure(let detail, let sqlState):
            guard batches[0].failure == nil else { return }
            // What is refused after the last statement is the commit itself.
            let refused = batches[0].statements.dropFirst(batches[0].results.count).first
            batches[0].failure = PostgresError(
                .refused, endpoint: endpoint, operation: refused.map { String($0.sql.prefix(60)) } ?? "commit",
                detail: detail, sqlState: sqlState)
        case .synchronised:
            let batch = batches.removeFirst()
            watchOldest()
            batch.done(batch.failure.map { .failure($0) } ?? .success(batch.results))
        }
    }

    private func flush(_ session: Session) {
        switch session.flush() {
        case .done: reactor.change(session.descriptor, to: .read)
        case .wantsWrite: reactor.change(session.descriptor, to: [.read, .write])
        case .failed, .wantsRead: end(.disconnected, "send", session.message)
        }
    }

    private func watchOldest() {
        deadline?.cancel()
        guard let answerWithin, let oldest = oldestPending else { return }
        deadline = reactor.at(oldest + answerWithin) { [weak self] in
            self?.end(.timedOut, "batch", "no answer within \(answerWithin.written)")
        }
    }

    private func end(_ kind: PostgresError.Kind, _ operation: String, _ detail: String, retrying: Bool = true) {
        guard state != .closed else { return }
        state = .closed
        deadline?.cancel()
        unwatch()
        self.session = nil
        let waiting = batches
        batches = []
        for batch in waiting {
            batch.done(.failure(PostgresError(kind, endpoint: endpoint, operation: "batch", detail: detail)))
        }
        if retrying, let delay = retryAfter {
            retry = reactor.after(delay) { [weak self] in self?.connect() }
        }
        onClose(PostgresError(kind, endpoint: endpoint, operation: operation, detail: detail))
    }
}
