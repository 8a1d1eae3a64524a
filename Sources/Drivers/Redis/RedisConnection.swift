// One connection to a Redis server, on a reactor: commands go out as they come, answers come back in order.
//
// It never blocks and never queues for later: a command sent while the connection isn't ready fails at once,
// because an order or a flag that waits for a better network is worse than one that is refused.
// Every command gets exactly one callback: its answer, or why there is none. Commands in flight when the
// connection ends have an unknown fate, and their error says so (`disconnected`, `closedHere`).

import Sockets
import Units

package final class RedisConnection {
    package enum Endpoint: Hashable, Sendable, CustomStringConvertible {
        case tcp(Address)
        case unix(String)

        package var description: String {
            switch self {
            case .tcp(let address): address.description
            case .unix(let path): path
            }
        }
    }

    package enum State: Hashable, Sendable { case closed, connecting, ready }

    package typealias Reply = (Result<RedisReply, RedisError>) -> Void

    /// The server has answered the greeting (AUTH, else PING).
    package var onReady: () -> Void = {}
    /// Once for each `connect()`, whoever ended it. After this, `connect()` may be called again.
    package var onClose: (RedisError) -> Void = { _ in }
    /// `["message", channel, payload]`, `["pmessage", pattern, channel, payload]`, or one MONITOR line as a status.
    package var onPush: ([RedisReply]) -> Void = { _ in }
    /// When set, a connection that ended by itself is tried again after this long. `close()` ends that too.
    package var retryAfter: Duration?

    package let endpoint: Endpoint
    package private(set) var state = State.closed
    package var isReady: Bool { state == .ready }

    private let credentials: [String]
    private let connectWithin: Duration
    private let reactor: Reactor
    private var stream: Connection?
    private var reader = ReplyReader()
    private var pending = PendingReplies()
    private var isSubscribed = false
    private var isMonitoring = false
    private var deadline: Timer?
    private var retry: Timer?
    /// Tells a late answer of an attempt that was given up from the present one.
    private var attempt = 0

    package init(
        to endpoint: Endpoint, user: String? = nil, password: String? = nil,
        connectWithin: Duration = .seconds(1), on reactor: Reactor
    ) {
        self.endpoint = endpoint
        credentials = password.map { [user, $0].compactMap(\.self) } ?? []
        self.connectWithin = connectWithin
        self.reactor = reactor
    }

    package convenience init(
        to address: Address, user: String? = nil, password: String? = nil,
        connectWithin: Duration = .seconds(1), on reactor: Reactor
    ) {
        self.init(to: .tcp(address), user: user, password: password, connectWithin: connectWithin, on: reactor)
    }

    /// Bytes of ours that have not left this machine.
    package var unsentBytes: Int { stream?.unsentBytes ?? 0 }
    package var pendingReplies: Int { pending.count }
    /// When the oldest command without an answer was sent.
    package var oldestPending: Instant? { pending.oldest }

    /// Starts one attempt, at most `connectWithin` long, greeting included. Does nothing unless closed.
    package func connect() {
        guard state == .closed else { return }
        retry?.cancel()
        state = .connecting
        attempt += 1
        let attempt = attempt
        deadline = reactor.after(connectWithin) { [weak self] in
            guard let self, self.attempt == attempt else { return }
            end(.unreachable, "connect", "no answer within \(connectWithin.written)")
        }
        switch endpoint {
        case .tcp(let address):
            Connection.connect(to: address, within: connectWithin, on: reactor) { [weak self] result in
                self?.connected(result, attempt)
            }
        case .unix(let path):
            let result = Result { () throws(SystemError) in try Connection.connect(unix: path, on: reactor) }
            // Not from within `connect()`: its caller may not have finished setting up.
            reactor.after(.zero) { [weak self] in self?.connected(result, attempt) }
        }
    }

    /// Ends the connection; pending commands get their error before this returns.
    package func close() {
        retry?.cancel()
        retry = nil
        guard state != .closed else { return }
        end(.closedHere, "close", "closed here", retrying: false)
    }

    package func send(_ arguments: [String], _ reply: Reply? = nil) {
        send(arguments.map { Array($0.utf8) }, reply)
    }

    package func send(_ arguments: [[UInt8]], _ reply: Reply? = nil) {
        guard state == .ready, let stream else {
            let error = RedisError(
                .unreachable, endpoint: "\(endpoint)", operation: Command.name(arguments), detail: "not connected")
            reply?(.failure(error))
            return
        }
        write(arguments, replies: 1, to: stream, reply)
    }

    /// Subscribes; `done` once the server has confirmed every channel and pattern.
    package func subscribe(channels: [String] = [], patterns: [String] = [], _ done: Reply? = nil) {
        guard state == .ready, let stream else { return send(["SUBSCRIBE"] + channels, done) }
        isSubscribed = true
        if !channels.isEmpty {
            write((["SUBSCRIBE"] + channels).map { Array($0.utf8) }, replies: channels.count, to: stream,
                patterns.isEmpty ? done : nil)
        }
        if !patterns.isEmpty {
            write((["PSUBSCRIBE"] + patterns).map { Array($0.utf8) }, replies: patterns.count, to: stream, done)
        }
    }

    /// From the server's OK on, every command that it executes arrives in `onPush`, a line a command.
    package func monitor(_ done: Reply? = nil) {
        send(["MONITOR"]) { [weak self] result in
            if case .success = result { self?.isMonitoring = true }
            done?(result)
        }
    }

    deinit {
        deadline?.cancel()
        retry?.cancel()
        // While the reactor is still there: it goes before the stream does.
        stream?.close()
    }
}

extension RedisConnection {
    private func connected(_ result: Result<Connection, SystemError>, _ attempt: Int) {
        guard attempt == self.attempt, state == .connecting else {
            if case .success(let stream) = result { stream.close() }
            return
        }
        do {
            let stream = try result.get()
            reader = ReplyReader()
            isSubscribed = false
            isMonitoring = false
            stream.onBytes = { [weak self] in self?.received($0) }
            stream.onClose = { [weak self] ending in
                guard let self, self.attempt == attempt else { return }
                end(state == .ready ? .disconnected : .unreachable, "connection", "\(ending)")
            }
            try stream.start()
            self.stream = stream
            greet(on: stream)
        } catch {
            end(.unreachable, error.operation, "\(error)")
        }
    }

    private func greet(on stream: Connection) {
        let greeting = credentials.isEmpty ? ["PING"] : ["AUTH"] + credentials
        write(greeting.map { Array($0.utf8) }, replies: 1, to: stream) { [weak self] result in
            guard let self, state == .connecting else { return }
            switch result {
            case .success:
                deadline?.cancel()
                state = .ready
                onReady()
            case .failure(let error):
                end(.unreachable, greeting[0], error.detail)
            }
        }
    }

    private func write(_ arguments: [[UInt8]], replies: Int, to stream: Connection, _ reply: Reply?) {
        // The first of two commands may have ended the connection.
        guard stream.isOpen else {
            let operation = Command.name(arguments)
            reply?(.failure(RedisError(.disconnected, endpoint: "\(endpoint)", operation: operation, detail: "closed")))
            return
        }
        pending.append(.init(operation: { Command.name(arguments) }, sent: .now, remaining: replies, done: reply))
        stream.send(Command.encode(arguments))
    }

    private func received(_ bytes: ArraySlice<UInt8>) {
        let reader = reader
        do {
            try reader.feed(bytes)
            while reader === self.reader, stream != nil, let reply = try reader.next() { handle(reply) }
        } catch {
            end(.malformed, "reply", error.detail)
        }
    }

    private func handle(_ reply: RedisReply) {
        if isPush(reply) { return onPush(reply.array ?? [reply]) }
        guard case .error(let text) = reply else {
            pending.take(endsEarly: false)?.done?(.success(reply))
            return
        }
        guard let entry = pending.take(endsEarly: true) else { return }
        let error = RedisError(.refused, endpoint: "\(endpoint)", operation: entry.operation(), detail: text)
        entry.done?(.failure(error))
    }

    private func isPush(_ reply: RedisReply) -> Bool {
        switch reply {
        case .array(let items) where isSubscribed:
            items.first == .text(Array("message".utf8)) || items.first == .text(Array("pmessage".utf8))
        case .status(let line) where isMonitoring:
            line.utf8.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
        default: false
        }
    }

    private func end(_ kind: RedisError.Kind, _ operation: String, _ detail: String, retrying: Bool = true) {
        guard state != .closed else { return }
        state = .closed
        deadline?.cancel()
        attempt += 1
        let stream = stream
        self.stream = nil
        stream?.close()
        for entry in pending.takeAll() {
            let error = RedisError(kind, endpoint: "\(endpoint)", operation: entry.operation(), detail: detail)
            entry.done?(.failure(error))
        }
        if retrying, let delay = retryAfter {
            retry = reactor.after(delay) { [weak self] in self?.connect() }
        }
        onClose(RedisError(kind, endpoint: "\(endpoint)", operation: operation, detail: detail))
    }
}
