// The FIX session to the broker, over one connection at a time: it connects, logs on, and tells what happened.
// It decides nothing. One attempt at a time, each at most a second long, the next a quarter of a second later.

import FIX
import GovernorCore
import Messages
import Sockets
import Units

final class BrokerLink {
    static let attemptMaximum: Duration = .seconds(1)
    static let retryAfter: Duration = .milliseconds(250)
    /// An order that has not left by then never will: the contract allows a second until it is withdrawn.
    static let unsentMaximum: Duration = .milliseconds(850)
    /// Numbers are written down late; after a restart they must not be used again. Too high is gap-filled.
    static let restartMargin = 1_000
    /// Kept for the peer's ResendRequest. An order is never sent again, so this only tells what it may have missed.
    static let sentMaximum = 2_000

    var onEvent: (Event) -> Void = { _ in }
    var onNumbers: (Session.Numbers) -> Void = { _ in }
    var onNote: (String) -> Void = { _ in }

    private let address: Address
    private unowned let reactor: Reactor
    private var session: Session
    private var connection: Connection?
    private var attempt: Timer?
    private var isStopping = false
    /// The end that this governor brought about on purpose.
    private var isPlanned = false
    private var ending = "connection lost"
    private(set) var wasReached = false
    /// Bytes handed to the present connection, and the orders that had not left when they were.
    private var written = 0
    private var waiting: [(clOrdID: String, end: Int, since: Instant)] = []
    /// Orders that leave in one write.
    private var gathered: [UInt8]?

    init(to address: Address, numbers: Session.Numbers?, on reactor: Reactor) {
        self.address = address
        self.reactor = reactor
        var settings = Session.Settings(role: .initiator, senderCompID: "GOVERNOR", targetCompID: "BROKER")
        settings.heartbeatInterval = .seconds(1)
        settings.resetOnFirstLogon = numbers == nil
        settings.logonTimeout = .milliseconds(1_500)
        // Silence is the core's business: it asks every half second, and judges the answers.
        settings.testRequestAfterPercent = nil
        settings.disconnectAfterPercent = nil
        settings.storedMessagesLimit = BrokerLink.sentMaximum
        var start = numbers ?? Session.Numbers()
        if numbers != nil { start.nextOutgoing += BrokerLink.restartMargin }
        session = Session(settings: settings, numbers: start)
    }

    /// Bytes handed over and not yet transmitted; 0 without a connection.
    var unsentBytes: Int { connection?.unsentBytes ?? 0 }
    var isLoggedOn: Bool { session.isLoggedOn }

    func start() { connect() }

    /// Logout first; `done` when the connection is gone or the peer took too long.
    func stop() {
        isStopping = true
        attempt?.cancel()
        guard session.isLoggedOn else { return abort("stopping") }
        isPlanned = true
        carryOut(session.logout(text: "governor stops", at: .now, wall: .now))
    }

    var isClosed: Bool { connection == nil }

    /// Orders that may leave at the same moment leave in one write: with one each, the second would meet the first
    /// one's bytes. One that the kernel holds back is watched: it leaves, or it is taken back within the second.
    func sendOrders(_ orders: [(clOrdID: String, message: Message)]) {
        gathered = []
        var ends: [(clOrdID: String, end: Int, since: Instant)] = []
        for order in orders {
            send(order.message)
            ends.append((order.clOrdID, written, .now))
        }
        let bytes = gathered ?? []
        gathered = nil
        connection?.send(bytes)
        if unsentBytes > 0 { waiting += ends }
    }

    func send(_ message: Message) { carryOut(session.send(message, at: .now, wall: .now)) }

    func testRequest(_ id: Int64) { carryOut(session.testRequest(id: "latency-\(id)", at: .now, wall: .now)) }

    func tick() {
        carryOut(session.tick(at: .now, wall: .now))
        guard !waiting.isEmpty else { return }
        let left = written - unsentBytes
        waiting.removeAll { $0.end <= left }
        if let oldest = waiting.first, Instant.now - oldest.since >= BrokerLink.unsentMaximum {
            abort("an order waited unsent for \(BrokerLink.unsentMaximum.written)")
        }
    }

    /// Takes back what the kernel holds: unsent bytes always, unacknowledged ones when the path is deemed dead.
    func closePath(deemedDead: Bool, reason: String) {
        guard let connection else { return }
        guard connection.unsentBytes > 0 || (deemedDead && connection.unacknowledgedBytes > 0) else { return }
        isPlanned = true
        abort(reason)
    }

    func abort(_ reason: String) {
        ending = reason
        let left = written - unsentBytes
        let held = waiting.filter { $0.end > left }
        waiting = []
        connection?.abort()
        // What the kernel still held will never leave, and nobody else can know that.
        for order in held { onEvent(.notSent(clOrdID: order.clOrdID)) }
    }

    private func connect() {
        guard !isStopping, connection == nil else { return }
        Connection.connect(to: address, within: BrokerLink.attemptMaximum, on: reactor) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let connection): connected(connection)
            case .failure: retry()
            }
        }
    }

    private func retry() {
        guard !isStopping else { return }
        attempt = reactor.after(BrokerLink.retryAfter) { [weak self] in self?.connect() }
    }

    private func connected(_ connection: Connection) {
        guard !isStopping else { return connection.close() }
        connection.onBytes = { [weak self] bytes in self?.received(bytes) }
        connection.onClose = { [weak self] ending in self?.closed(ending) }
        self.connection = connection
        written = 0
        waiting = []
        isPlanned = false
        ending = "connection lost"
        do {
            try connection.start()
        } catch {
            onNote("\(error)")
            connection.abort()
            return
        }
        carryOut(session.connected(at: .now, wall: .now))
    }

    private func received(_ bytes: ArraySlice<UInt8>) {
        onEvent(.session(.heard))
        carryOut(session.received(bytes, at: .now, wall: .now))
    }

    private func closed(_ how: Connection.Ending) {
        connection = nil
        if how != .closedHere { ending = how.description }
        carryOut(session.disconnected(at: .now))
        retry()
    }

    private func carryOut(_ directives: [Session.Directive]) {
        for directive in directives {
            switch directive {
            case .transmit(let bytes, _, _):
                written += bytes.count
                if gathered != nil { gathered?.append(contentsOf: bytes) } else { connection?.send(bytes) }
            case .deliver(let message): deliver(message)
            case .persist(let numbers): onNumbers(numbers)
            case .loggedOn:
                wasReached = true
                onEvent(.session(.loggedOn))
            case .loggedOut(let reason):
                onEvent(.session(.ended(planned: isPlanned, reason: reason == "connection lost" ? ending : reason)))
            case .disconnect(let reason):
                ending = reason
                connection?.close()
            case .heartbeat(let id):
                if let number = Int64(id.dropFirst("latency-".count)), id.hasPrefix("latency-") {
                    onEvent(.session(.testRequestAnswered(number)))
                }
            case .gapFilled(_, let withheld):
                if !withheld.isEmpty { onEvent(.withheld) }
            case .skipped(let seqs): onEvent(.reportsLost(seqs))
            case .ignored(let reason): onNote(reason)
            case .lost, .store, .forgetStored: break
            }
        }
    }

    private func deliver(_ message: Message) {
        switch message.msgType {
        case MsgType.executionReport:
            if let report = Report(message) { return onEvent(.report(report)) }
            onNote("an ExecutionReport without its essentials: \(message.fields)")
            // What was said is unknown, so what is open is unknown: ask.
            onEvent(.withheld)
        case MsgType.orderCancelReject:
            if let rejection = CancelRejection(message) { onEvent(.cancelRejected(rejection)) }
        case MsgType.businessMessageReject:
            onNote("BusinessMessageReject: \(message[.text] ?? "")")
            if let id = message[.businessRejectRefID] {
                onEvent(.refused(clOrdID: id, text: message[.text] ?? ""))
            }
        case MsgType.reject:
            onNote("session Reject of our message \(message[.refSeqNum] ?? "?"): \(message[.text] ?? "")")
            onEvent(.withheld)
        default: break
        }
    }
}
