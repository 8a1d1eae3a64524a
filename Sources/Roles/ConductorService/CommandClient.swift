// Requests and replies, one JSON object a line, over a process's Unix socket. Replies come in order;
// objects with a member `event` are not replies but news.

import Messages
import Sockets
import Units

package final class CommandClient {
    package typealias Reply = Result<JSON, ConductorError>

    package var onEvent: (JSON) -> Void = { _ in }
    package var onLost: () -> Void = {}
    package let name: String
    private let path: String
    private unowned let reactor: Reactor
    private var connection: Connection?
    private var splitter = LineSplitter()
    private var waiting: [(id: Int64, timer: Timer, done: (Reply) -> Void)] = []
    private var lastID: Int64 = 0

    package init(_ name: String, path: String, on reactor: Reactor) {
        self.name = name
        self.path = path
        self.reactor = reactor
    }

    package var isConnected: Bool { connection?.isOpen == true }

    /// The socket of a process that is just starting may not be there yet: the caller tries again.
    package func connect() throws(SystemError) {
        let connection = try Connection.connect(unix: path, on: reactor)
        connection.onBytes = { [weak self] in self?.received($0) }
        connection.onClose = { [weak self] ending in self?.closed(ending) }
        try connection.start()
        self.connection = connection
        splitter = LineSplitter()
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
            return done(.failure(ConductorError(name, "no connection to \(path)")))
        }
        lastID += 1
        let id = lastID
        let timer = reactor.after(limit) { [weak self] in
            self?.finish(
                id, .failure(ConductorError(self?.name ?? "", "no reply to '\(command)' within \(limit.written)")))
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
        finish(id, .failure(ConductorError(name, json["error"]?.string ?? "an unreadable reply: \(json.text())")))
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
            entry.done(.failure(ConductorError(name, "the connection to \(path) ended: \(ending)")))
        }
        waiting = []
        onLost()
    }
}
