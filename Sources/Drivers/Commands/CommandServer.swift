// The taking end of commands: one JSON object a line in, one a line out, on a Unix socket that only its owner and root
// reach, or over TCP after a token.
//
//     {"id":1,"command":"list"}                   → {"id":1,"ok":true,…}
//     {"id":0,"command":"hello","token":"…"}      → {"id":0,"ok":true}     the first line of every TCP client
//
// What is refused: {"id":1,"ok":false,"error":"…"}. It is no HTTP: a browser's first line is no JSON, and ends its
// connection. Nothing that a client sends is ever executed, looked up or put into a path.

import Glibc
import Messages
import Sockets
import Units

package final class CommandServer {
    package struct Limits: Hashable, Sendable {
        package var clients = 32
        /// A longer line ends the connection.
        package var lineBytes = 65_536
        /// A TCP client that has not shown its token by then is cut off.
        package var hello = Duration.seconds(2)
        /// TCP clients that have not shown their token yet; one more, and the oldest of them is cut off.
        package var strangers = 16
        /// Answers that wait for a client that doesn't read; more, and it is cut off.
        package var waitingBytes = 4 << 20
        /// Requests that a client may send at once, and how many more each second.
        package var requestsBurst = 400
        package var requestsPerSecond = 200

        package init() {}
    }

    package struct Request {
        package let word: String
        package let json: JSON
        package let client: Client
        /// Answers once, at once or later.
        package let reply: ([JSON.Member]) -> Void
        package let refuse: (CommandError) -> Void
    }

    package final class Client {
        /// `uid 0, pid 17` or `198.18.1.16:40112`
        package let peer: String
        fileprivate let connection: Connection
        fileprivate var splitter: LineSplitter
        fileprivate var isAdmitted: Bool
        fileprivate var allowance: Int
        fileprivate var refilled = Instant.now
        fileprivate var patience: Timer?
        fileprivate let number: Int
        private let waitingMaximum: Int

        fileprivate init(_ connection: Connection, peer: String, isAdmitted: Bool, number: Int, limits: Limits) {
            self.connection = connection
            self.peer = peer
            self.number = number
            waitingMaximum = limits.waitingBytes
            self.isAdmitted = isAdmitted
            splitter = LineSplitter(limit: limits.lineBytes)
            allowance = limits.requestsBurst
        }

        /// News, which is no reply to anything, or the reply.
        package func send(_ json: JSON) {
            connection.send(json.bytes() + [0x0A])
            if connection.waitingBytes > waitingMaximum { connection.close() }
        }
    }

    package var onRequest: (Request) -> Void = { $0.refuse(CommandError("command", "nobody listens")) }
    package var onGone: (Client) -> Void = { _ in }
    /// Called once for every command and every attempt to give one; our token never shows up in it.
    package var onAudit: (AuditEntry) -> Void = { _ in }

    private let limits: Limits
    private let token: Token?
    private var listener: Listener?
    private var clients: [ObjectIdentifier: Client] = [:]
    private var clientNumber = 0
    private unowned let reactor: Reactor

    /// - Parameter token: what a TCP client must show. A Unix socket asks for none, and keeps it out of its audit.
    /// - Throws: a TCP endpoint without a token, or what the system refused.
    package init(at endpoint: Endpoint, token: Token? = nil, limits: Limits = Limits(), on reactor: Reactor) throws {
        self.limits = limits
        self.token = token
        self.reactor = reactor
        switch endpoint {
        case .unix(let path):
            listener = try Listener(unix: path, on: reactor) { [unowned self] in accept($0, uid: $1) }
        case .tcp(let address):
            guard token != nil else {
                throw CommandError(
                    "\(address)", "commands over TCP need a token: give a token file, or set \(Token.variable)")
            }
            listener = try Listener(tcp: address, on: reactor) { [unowned self] connection, _ in accept(connection) }
        }
    }

    package var address: Address? { listener?.address }
    package var isConnected: Bool { !clients.isEmpty }

    package func close() {
        listener?.close()
        for client in clients.values { client.connection.close() }
    }

    // MARK: clients

    private func accept(_ connection: Connection, uid: UInt32?) {
        guard let uid, uid == 0 || uid == geteuid() else {
            audit("uid \(uid.map(String.init) ?? "unknown"), \(connection.peer)", "connect", "refused: not the owner")
            return connection.close()
        }
        admit(connection, peer: "uid \(uid), \(connection.peer)", isAdmitted: true)
    }

    private func accept(_ connection: Connection) {
        let strangers = clients.values.filter { !$0.isAdmitted }
        if strangers.count >= limits.strangers, let oldest = strangers.min(by: { $0.number < $1.number }) {
            audit(oldest.peer, "connect", "refused: no token, and others wait")
            oldest.connection.close()
        }
        admit(connection, peer: connection.peer, isAdmitted: false)
    }

    private func admit(_ connection: Connection, peer: String, isAdmitted: Bool) {
        guard clients.count < limits.clients else {
            audit(peer, "connect", "refused: \(limits.clients) clients already")
            return connection.close()
        }
        clientNumber += 1
        let client = Client(connection, peer: peer, isAdmitted: isAdmitted, number: clientNumber, limits: limits)
        clients[ObjectIdentifier(client)] = client
        connection.onBytes = { [unowned self, unowned client] in receive($0, from: client) }
        connection.onClose = { [unowned self, unowned client] _ in
            client.patience?.cancel()
            onGone(client)
            clients[ObjectIdentifier(client)] = nil
        }
        if !isAdmitted {
            client.patience = reactor.after(limits.hello) { [unowned self, weak client] in
                guard let client, !client.isAdmitted else { return }
                audit(client.peer, "connect", "refused: no token within \(limits.hello.written)")
                client.connection.close()
            }
        }
        do { try connection.start() } catch { connection.close() }
    }

    private func receive(_ bytes: ArraySlice<UInt8>, from client: Client) {
        do {
            for line in try client.splitter.lines(in: bytes) where client.connection.isOpen {
                if !line.isEmpty { withExtendedLifetime(client) { take(line, client) } }
            }
        } catch {
            audit(client.peer, "?", "refused: a line of more than \(limits.lineBytes) bytes")
            client.connection.close()
        }
    }

    // MARK: requests

    private func take(_ line: [UInt8], _ client: Client) {
        let json: JSON
        do { json = try JSON(parsing: line) } catch {
            // What was found there may be half of a token: it goes to the client alone.
            let told = client.isAdmitted ? "is no JSON: \(error)" : "is no JSON"
            refuse(.null, CommandError("request", told), "?", to: client, audited: "is no JSON at byte \(error.offset)")
            if !client.isAdmitted { client.connection.close() }
            return
        }
        guard client.isAdmitted else { return admit(json, client) }
        let id = json["id"] ?? .null
        guard let word = json["command"]?.string else {
            let found = json["command"]?.text() ?? "nothing"
            return refuse(id, CommandError("'command'", "expected a word, found \(found)"), "?", to: client)
        }
        let what = CommandServer.shown(json, word)
        guard hasAllowance(client) else {
            return refuse(id, CommandError("'\(word.prefix(40))'", "too many requests; wait a second"), word, what, to: client)
        }
        let peer = client.peer
        onRequest(
            Request(
                word: word, json: json, client: client,
                reply: { [weak self, weak client] members in
                    // A client that has left gets no answer; what it had done stands in the audit.
                    self?.audit(peer, word, "ok", what: what)
                    client?.send(.object([.init("id", id), .init("ok", true)] + members))
                },
                refuse: { [weak self, weak client] error in
                    self?.audit(peer, word, "refused: \(error)", what: what)
                    client?.send(CommandServer.refusal(id, error))
                }))
    }

    private func admit(_ json: JSON, _ client: Client) {
        let id = json["id"] ?? .null
        guard json["command"]?.string == "hello", let candidate = json["token"]?.string, token?.matches(candidate) == true
        else {
            // Nothing that a stranger sends is repeated.
            let isHello = json["command"]?.string == "hello"
            refuse(
                id, CommandError("hello", "a valid token is expected first"), isHello ? "hello" : "?", to: client,
                audited: isHello ? "not the token" : "no hello first")
            return client.connection.close()
        }
        client.isAdmitted = true
        client.patience?.cancel()
        audit(client.peer, "hello", "ok")
        client.send(.object([.init("id", id), .init("ok", true)]))
    }

    private func hasAllowance(_ client: Client) -> Bool {
        let now = Instant.now
        let earned = (now - client.refilled).nanoseconds * Int64(limits.requestsPerSecond) / 1_000_000_000
        if earned > 0 {
            client.allowance = min(limits.requestsBurst, client.allowance + Int(clamping: earned))
            client.refilled = now
        }
        guard client.allowance > 0 else { return false }
        client.allowance -= 1
        return true
    }

    private func refuse(
        _ id: JSON, _ error: CommandError, _ word: String, _ what: String? = nil, to client: Client,
        audited: String? = nil
    ) {
        audit(client.peer, word, "refused: \(audited ?? error.description)", what: what)
        client.send(CommandServer.refusal(id, error))
    }

    private static func refusal(_ id: JSON, _ error: CommandError) -> JSON {
        .object([
            .init("id", id), .init("ok", false), .init("error", .string(error.description)),
            .init("missing_ability", .bool(error.isMissingAbility)),
        ])
    }

    // MARK: audit

    private func audit(_ peer: String, _ word: String, _ result: String, what: String? = nil) {
        func clean(_ text: String) -> String { token.map { text.replacing($0.text, with: "[token]") } ?? text }
        onAudit(AuditEntry(who: peer, word: clean(word), what: clean(what ?? word), result: clean(result)))
    }

    /// The command with its members, for the audit.
    private static func shown(_ json: JSON, _ word: String) -> String {
        let members = (json.members ?? []).filter { !["id", "command", "token"].contains($0.key) }
        return members.isEmpty ? word : "\(word) \(JSON.object(members).text())"
    }
}
