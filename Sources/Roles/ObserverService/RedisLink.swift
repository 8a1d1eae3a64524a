// One connection to Redis that turns into a stream: MONITOR and subscriptions never answer a request again, so a
// request-and-reply client doesn't fit. Reconnects by itself.

import ObserverCore
import Sockets
import Units

final class RedisLink {
    static let connectLimit = Duration.milliseconds(1_000)
    static let retryInterval = Duration.milliseconds(250)

    /// Called after each connect, authenticated: send the commands that make this connection what it is.
    var onReady: () -> Void = {}
    /// Every value that arrives afterwards.
    var onValue: (RESPValue) -> Void = { _ in }
    /// The connection that was ready is gone.
    var onLost: (String) -> Void = { _ in }
    /// An attempt failed; it is tried again.
    var onRefused: (String) -> Void = { _ in }

    private let address: Address
    private let user: String
    private let password: String?
    private unowned let reactor: Reactor
    private var connection: Connection?
    private var decoder = RESPDecoder()
    private(set) var isReady = false
    private var isClosed = false

    init(_ address: Address, user: String, password: String?, on reactor: Reactor) {
        self.address = address
        self.user = user
        self.password = password
        self.reactor = reactor
    }

    func open() {
        Connection.connect(to: address, within: RedisLink.connectLimit, on: reactor) { [weak self] result in
            guard let self, !isClosed else { return }
            switch result {
            case .failure(let error): refused("\(error)")
            case .success(let connection): connected(connection)
            }
        }
    }

    private func connected(_ connection: Connection) {
        self.connection = connection
        decoder = RESPDecoder()
        connection.onBytes = { [weak self] in self?.received($0) }
        connection.onClose = { [weak self] in self?.lost("\($0)") }
        do { try connection.start() } catch { return refused("\(error)") }
        guard let password else { return ready() }
        send(["AUTH", user, password])
    }

    private func received(_ bytes: ArraySlice<UInt8>) {
        for value in decoder.receive(bytes) {
            if isReady {
                onValue(value)
            } else if case .error(let text) = value {
                let reason = String(decoding: text, as: UTF8.self)
                connection?.onClose = { _ in }
                connection?.close()
                return refused("redis \(address): AUTH as '\(user)' refused: \(reason); look at the password file")
            } else {
                ready()
            }
        }
    }

    private func ready() {
        isReady = true
        onReady()
    }

    private func refused(_ reason: String) {
        connection = nil
        onRefused(reason)
        retry()
    }

    private func lost(_ reason: String) {
        let wasReady = isReady
        isReady = false
        connection = nil
        guard !isClosed else { return }
        if wasReady { onLost(reason) }
        retry()
    }

    private func retry() {
        reactor.after(RedisLink.retryInterval) { [weak self] in
            guard let self, !isClosed else { return }
            open()
        }
    }

    func send(_ command: [String]) { send(command.map { Array($0.utf8) }) }

    /// One command, as an array of bulk strings.
    func send(_ command: [[UInt8]]) {
        var bytes = Array("*\(command.count)\r\n".utf8)
        for argument in command { bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10] }
        connection?.send(bytes)
    }

    func close() {
        isClosed = true
        connection?.close()
    }
}
