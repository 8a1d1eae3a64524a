// The conductor's end: one JSON object a line over a Unix socket, replies in order.

import Messages
import Sockets

final class CommandSocket {
    typealias Reply = ([JSON.Member]) -> Void

    /// Answers a command through the closure, at once or later.
    var onCommand: (String, @escaping Reply) -> Void = { _, reply in reply([]) }
    /// The last connection is gone.
    var onLost: () -> Void = {}

    private final class Link {
        let connection: Connection
        var splitter = LineSplitter()

        init(_ connection: Connection) { self.connection = connection }
    }

    private var listener: Listener?
    private var links: [ObjectIdentifier: Link] = [:]
    var isConnected: Bool { !links.isEmpty }

    init(_ path: String, on reactor: Reactor) throws(SystemError) {
        listener = try Listener(unix: path, on: reactor) { [unowned self] connection, _ in accept(connection) }
    }

    private func accept(_ connection: Connection) {
        let link = Link(connection)
        let key = ObjectIdentifier(link)
        links[key] = link
        connection.onBytes = { [unowned self, unowned link] in take($0, link) }
        connection.onClose = { [unowned self] _ in
            links[key] = nil
            if links.isEmpty { onLost() }
        }
        do { try connection.start() } catch { links[key] = nil }
    }

    private func take(_ bytes: ArraySlice<UInt8>, _ link: Link) {
        do {
            for line in try link.splitter.lines(in: bytes) { answer(line, link) }
        } catch {
            link.connection.close()
        }
    }

    private func answer(_ line: [UInt8], _ link: Link) {
        func send(_ members: [JSON.Member]) { link.connection.send(JSON.object(members).bytes() + [0x0A]) }
        let request: JSON
        do { request = try JSON(parsing: line) } catch {
            return send([.init("ok", false), .init("error", .string("expected a JSON object: \(error.description)"))])
        }
        let identity = request["id"].map { [JSON.Member("id", $0)] } ?? []
        guard let command = request["command"]?.string else {
            return send(identity + [.init("ok", false), .init("error", "expected a member 'command'")])
        }
        onCommand(command) { members in send(identity + members) }
    }

    func close() {
        listener?.close()
        listener = nil
    }
}
