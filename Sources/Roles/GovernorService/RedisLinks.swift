// The four connections to Redis: commands, keyspace events, pings, and the feed (perhaps of another server).

import GovernorCore
import Messages
import Redis
import Sockets
import Units

/// Reads the flags, writes the state, publishes decisions. What it could not write it writes after the reconnect; what
/// was written and not answered it does not write again, the state excepted: that one must be right.
final class CommandLink {
    static let retryAfter: Duration = .milliseconds(250)
    static let answerWithin: Duration = .milliseconds(1_500)
    /// Twice the worst pure latency of the contract is 800 ms there and back; a decision older than that is held.
    static let answersLate: Duration = .milliseconds(850)
    static let decisionsMaximum = 200_000

    /// State, and with it the critical pause, in one step that nobody can see half of.
    static let writeState = """
        if ARGV[1] == 'true' then redis.call('SET', KEYS[2], 'true') end
        return redis.call('HSET', KEYS[1], 'state', ARGV[2], 'epoch', ARGV[3], 'reason', ARGV[4], 'since_ns', ARGV[5])
        """

    var onEvent: (Event) -> Void = { _ in }
    var onNote: (String) -> Void = { _ in }
    /// The epoch in the hash, once, when it was first read; 0 when there is none.
    var onEpoch: ((Int64) -> Void)?

    private let connection: RedisConnection
    private var decisions: [[UInt8]] = []
    private var unconfirmed: (state: GovernorState, raise: Bool)?
    private var positions: [String: Quantity] = [:]
    private var wantsForget = false
    private(set) var wasReached = false

    init(to address: Address, password: String?, on reactor: Reactor) {
        connection = RedisConnection(to: address, password: password, connectWithin: .seconds(1), on: reactor)
        connection.retryAfter = CommandLink.retryAfter
        connection.onReady = { [weak self] in self?.ready() }
        connection.onClose = { [weak self] error in self?.onNote("\(error)") }
    }

    func start() { connection.connect() }
    func close() { connection.close() }
    var isReady: Bool { connection.isReady }
    var isIdle: Bool { connection.pendingReplies == 0 && decisions.isEmpty && unconfirmed == nil }

    /// Every 20 ms, and at once when a key has changed.
    func poll() {
        guard connection.isReady, onEpoch == nil else { return }
        if let oldest = connection.oldestPending, Instant.now - oldest > CommandLink.answerWithin {
            return giveUp()
        }
        publishWaiting()
        let keys = [GovernorState.pauseKey, GovernorState.criticalPauseKey, GovernorState.commandKey]
        connection.send(["MGET"] + keys) { [weak self] result in
            guard case .success(let reply) = result, let values = reply.array, values.count == 3 else { return }
            self?.onEvent(
                .keysRead(Keys(pause: values[0].string, criticalPause: values[1].string, command: values[2].string)))
        }
    }

    func publish(_ decision: Decision) {
        let bytes = decision.json.bytes()
        // Into a path that doesn't answer nothing is written: it could be lost there, and may not be written twice.
        guard isAnswering, decisions.isEmpty else {
            guard decisions.count < CommandLink.decisionsMaximum else {
                return onNote("redis: too many decisions wait; one is not published")
            }
            return decisions.append(bytes)
        }
        connection.send([Array("PUBLISH".utf8), Array(Decision.channel.utf8), bytes])
    }

    private var isAnswering: Bool {
        guard connection.isReady else { return false }
        return connection.oldestPending.map { Instant.now - $0 < CommandLink.answersLate } ?? true
    }

    private func publishWaiting() {
        guard isAnswering, !decisions.isEmpty else { return }
        let waiting = decisions
        decisions = []
        for bytes in waiting { connection.send([Array("PUBLISH".utf8), Array(Decision.channel.utf8), bytes]) }
    }

    func announce(_ text: String) {
        guard connection.isReady else { return }
        connection.send(["PUBLISH", "governor.events", text])
    }

    func write(_ state: GovernorState, raise: Bool) {
        // A raise that isn't confirmed travels with every later state until one of them is.
        unconfirmed = (state, raise || (unconfirmed?.raise ?? false))
        sendState()
    }

    func write(_ positions: [String: Quantity]) {
        self.positions.merge(positions) { $1 }
        guard connection.isReady else { return }
        connection.send(
            ["HSET", GovernorState.positionsKey]
                + positions.sorted { $0.key < $1.key }.flatMap { [$0.key, "\($0.value)"] })
    }

    func forgetCommand() {
        wantsForget = true
        guard connection.isReady else { return }
        connection.send(["DEL", GovernorState.commandKey]) { [weak self] result in
            guard case .success = result else { return }
            self?.wantsForget = false
            self?.onEvent(.commandForgotten)
        }
    }

    private func sendState() {
        guard connection.isReady, let (state, raise) = unconfirmed else { return }
        let arguments = [
            raise ? "true" : "false", state.kind.rawValue, String(state.epoch), state.reason,
            String(state.since.nanoseconds),
        ]
        let keys = [GovernorState.key, GovernorState.criticalPauseKey]
        connection.send(["EVAL", CommandLink.writeState, "2"] + keys + arguments) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success:
                if unconfirmed?.state == state { unconfirmed = nil }
                onEvent(.stateWritten(epoch: state.epoch))
            case .failure(let error):
                onNote("\(error)")
            }
        }
    }

    private func ready() {
        guard onEpoch != nil else { return resume() }
        connection.send(["HGET", GovernorState.key, "epoch"]) { [weak self] result in
            guard let self, case .success(let reply) = result, let onEpoch else { return }
            wasReached = true
            self.onEpoch = nil
            onEpoch(reply.integer ?? 0)
        }
    }

    /// First the state, so that a raise is there before anything else; then what was never written.
    private func resume() {
        sendState()
        if !positions.isEmpty { write(positions) }
        publishWaiting()
        if wantsForget { forgetCommand() }
        poll()
    }

    private func giveUp() {
        connection.close()
        connection.connect()
    }
}

/// Asks nothing but "are you there", every 100 ms whether or not the last one was answered: the network's round trip.
final class PingLink {
    var onEvent: (Event) -> Void = { _ in }
    var onRoundTrip: (Duration) -> Void = { _ in }

    private let connection: RedisConnection
    private var count: Int64 = 0

    init(to address: Address, password: String?, on reactor: Reactor) {
        connection = RedisConnection(to: address, password: password, connectWithin: .seconds(1), on: reactor)
        connection.retryAfter = .milliseconds(250)
        connection.onClose = { [weak self] _ in self?.onEvent(.pingsLost) }
    }

    func start() { connection.connect() }
    func close() { connection.close() }

    func ping() {
        guard connection.isReady else { return }
        if let oldest = connection.oldestPending, Instant.now - oldest > CommandLink.answerWithin {
            connection.close()
            return connection.connect()
        }
        count += 1
        let id = count
        let sent = Instant.now
        onEvent(.pingSent(id))
        connection.send(["PING"]) { [weak self] result in
            guard case .success = result else { return }
            self?.onRoundTrip(Instant.now - sent)
            self?.onEvent(.pingAnswered(id))
        }
    }
}

/// A subscription that comes back by itself.
final class SubscriptionLink {
    var onMessage: (_ channel: String, _ payload: [UInt8]) -> Void = { _, _ in }
    var onNote: (String) -> Void = { _ in }

    private let connection: RedisConnection
    private let channels: [String]
    private(set) var isSubscribed = false

    init(to address: Address, password: String?, channels: [String], on reactor: Reactor) {
        self.channels = channels
        connection = RedisConnection(to: address, password: password, connectWithin: .seconds(1), on: reactor)
        connection.retryAfter = .milliseconds(250)
        connection.onReady = { [weak self] in self?.ready() }
        connection.onPush = { [weak self] in self?.received($0) }
        connection.onClose = { [weak self] error in
            self?.isSubscribed = false
            self?.onNote("\(error)")
        }
    }

    func start() { connection.connect() }
    func close() { connection.close() }

    private func ready() {
        connection.subscribe(channels: channels) { [weak self] result in
            if case .success = result { self?.isSubscribed = true }
        }
    }

    private func received(_ push: [RedisReply]) {
        guard push.count == 3, let channel = push[1].string, let payload = push[2].bytes else { return }
        onMessage(channel, payload)
    }
}
