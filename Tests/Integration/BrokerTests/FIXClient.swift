import CLinux
import FIX
import Glibc
import Messages
import Sockets
import Units

/// A governor's FIX side, without the governor: our session on a real socket.
final class FIXClient {
    private(set) var session: Session
    private(set) var delivered: [Message] = []
    private(set) var endings: [Connection.Ending] = []
    private(set) var connection: Connection?
    private let reactor: Reactor
    private let address: Address

    /// A network namespace to connect from.
    private let namespace: Int32?

    init(to address: Address, on reactor: Reactor, namespace: Int32? = nil) {
        self.address = address
        self.namespace = namespace
        self.reactor = reactor
        var settings = Session.Settings(role: .initiator, senderCompID: "GOVERNOR", targetCompID: "BROKER")
        settings.resetOnFirstLogon = true
        session = Session(settings: settings)
        reactor.every(.nanoseconds(20_000_000)) { [weak self] in
            guard let self else { return }
            follow(session.tick(at: .now, wall: .now))
        }
    }

    var isLoggedOn: Bool { session.isLoggedOn }
    var story: [String] { delivered.map { "\($0[.execType] ?? $0.msgType)/\($0[.ordStatus] ?? "")" } }

    func connect() {
        if let namespace { return connect(in: namespace) }
        Connection.connect(to: address, within: .seconds(1), on: reactor) { [weak self] result in
            guard let self, case .success(let connection) = result else { return }
            take(connection)
        }
    }

    private func connect(in namespace: Int32) {
        let socket = clinux_socket_in_namespace(namespace, AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return }
        guard withSocketAddress(address, { Glibc.connect(socket, $0, $1) }) == 0,
            fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK) == 0
        else {
            close(socket)
            return
        }
        take(Connection(socket, peer: "\(address)", on: reactor))
    }

    private func take(_ connection: Connection) {
        connection.onBytes = { [weak self] bytes in
            guard let self else { return }
            follow(session.received(bytes, at: .now, wall: .now))
        }
        connection.onClose = { [weak self] ending in
            guard let self else { return }
            endings.append(ending)
            self.connection = nil
            follow(session.disconnected(at: .now))
        }
        guard (try? connection.start()) != nil else { return }
        self.connection = connection
        follow(session.connected(at: .now, wall: .now))
    }

    func send(_ message: Message) { follow(session.send(message, at: .now, wall: .now)) }

    /// Dies with a RST, as a destroyed socket does.
    func cut() { connection?.abort() }

    private func follow(_ directives: [Session.Directive]) {
        for directive in directives {
            switch directive {
            case .transmit(let bytes, seq: _, msgType: _): connection?.send(bytes)
            case .deliver(let message): delivered.append(message)
            case .disconnect: connection?.close()
            default: break
            }
        }
    }
}

func order(_ id: String, _ side: Side, _ quantity: Int64, limit: String? = nil) -> Message {
    var message = Message(
        MsgType.newOrderSingle,
        [
            (.clOrdID, id), (.secondaryClOrdID, "intent-\(id)"), (.symbol, "NVDA"), (.side, side == .buy ? "1" : "2"),
            (.transactTime, Timestamp.written(.now)), (.orderQty, "\(quantity)"), (.ordType, limit == nil ? "1" : "2"),
            (.timeInForce, "0"),
        ])
    if let limit { message[.price] = limit }
    return message
}
