// The giving end of commands: requests and replies, one JSON object a line. Objects with a member `event` are not
// replies but news.

import Messages
import Sockets
import Units

package final class CommandClient {
    package typealias Reply = Result<JSON, CommandError>

    package var onEvent: (JSON) -> Void = { _ in }
    package var onLost: () -> Void = {}
    package let name: String
    private let endpoint: Endpoint
    private let token: Token?
    private unowned let reactor: Reactor
    private var connection: Connection?
    private var splitter = LineSplitter()
    private var waiting: [(id: Int64, timer: Timer, done: (Reply) -> Void)] = []
    private var lastID: Int64 = 0

    /// - Parameter token: shown to a TCP endpoint at once; a Unix socket asks for none.
    package init(_ name: String, at endpoint: Endpoint, token: Token? = nil, on reactor: Reactor) {
        self.name = name
        self.endpoint = endpoint
        self.token = token
        self.reactor = reactor
    }

    package var isConnected: Bool { connection?.isOpen == true }

    /// Calls `done` once. A process that is just starting may not listen yet: the caller tries again.
    package func connect(within limit: Duration, _ done: @escaping (CommandError?) -> Void) {
        switch endpoint {
        case .unix(let path):
            do { use(try Connection.connect(unix: path, on: reactor), done) } catch {
                done(CommandError(name, "\(error)"))
            }
        case .tcp(let address):
            Connection.connect(to: address, within: limit, on: reactor) { [weak self] result in
                guard let self else { return }
                switch result {
                case .failure(let error): done(CommandError(name, "\(error)"))
                case .success(let connection):
                    use(connection) { error in
                        if let error { return done(error) }
                        self.introduce(within: limit, done)
                    }
                }
            }
        }
    }

    private func use(_ connection: Connection, _ done: (CommandError?) -> Void) {
        connection.onBytes = { [weak self] in self?.received($0) }
        connection.onClose = { [weak self] ending in self?.closed(ending) }
        self.connection = connection
        splitter = LineSplitter()
        do { try connection.start() } catch { return done(CommandError(name, "\(error)")) }
        done(nil)
    }

    private func introduce(within limit: Duration, _ done: @escaping (CommandError?) -> Void) {
        guard let token else {
            return done(CommandError("\(endpoint)", "a token is needed: set \(Token.variable) or give a token file"))
        }
        request("hello", [.init("token", .string(token.text))], within: limit) { reply in
            if case .failure(let error) = reply { done(error) } else { done(nil) }
        }
    }

    package func close() {
        onLost = {}
        connection?.close()
    }

    /// Calls `done` once: with the reply's object when it says `"ok":true`, else with why not.
    package func request(
        _ command: String, _ members: [JSON.Member] = [], within limit: Duration, _ done: @escaping (Reply) -> Void
    ) {
        guard let connection, connection.isOpen else {
            return done(.failure(CommandError(name, "no connection to \(endpoint)")))
        }
        lastID += 1
        let id = lastID
        let timer = reactor.after(limit) { [weak self] in
            self?.finish(
                id, .failure(CommandError(self?.name ?? "", "no reply to '\(command)' within \(limit.written)")))
        }
        waiting.append((id, timer, done))
        connection.send(
            JSON.object([.init("id", .integer(id)), .init("command", .string(command))] + members).bytes() + [0x0A])
    }

    private func received(_ bytes: ArraySlice<UInt8>) {
        do {
            for line in try splitter.lines(in: bytes) {
                let json = try JSON(parsing: line)
                if json["event"]?.string != nil { onEvent(json) } else { settle(json) }
            }
        } catch {
            connection?.close()
        }
    }

    private func settle(_ json: JSON) {
        guard let id = json["id"]?.integer ?? waiting.first?.id else { return }
        if json["ok"]?.bool == true { return finish(id, .success(json)) }
        let text = json["error"]?.string ?? "an unreadable reply: \(json.text())"
        finish(id, .failure(CommandError(name, text, isMissingAbility: json["missing_ability"]?.bool == true)))
    }

    private func finish(_ id: Int64, _ reply: Reply) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        let entry = waiting.remove(at: index)
        entry.timer.cancel()
        entry.done(reply)
    }

    private func closed(_ ending: Connection.Ending) {
        for entry in waiting {
            entry.timer.cancel()
            entry.done(.failure(CommandError(name, "the connection to \(endpoint) ended: \(ending)")))
        }
        waiting = []
        onLost()
    }
}

extension CommandClient {
    /// One request and its reply. Blocks for at most ten seconds.
    package static func ask(
        _ endpoint: Endpoint, token: Token? = nil, _ command: String, _ members: [JSON.Member] = []
    ) throws(CommandError) -> JSON {
        let session = try CommandSession(endpoint, token: token)
        defer { session.close() }
        return try session.ask(command, members)
    }
}
