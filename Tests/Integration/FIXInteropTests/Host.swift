import FIX
import Sockets
import Units

/// The least a role does for a session: a connection, a timer, and directives carried out.
final class Host {
    private(set) var session: Session
    private(set) var delivered: [Message] = []
    private(set) var heartbeats: [String] = []
    private(set) var logons = 0
    private(set) var endings: [String] = []
    private(set) var withheld: [Message] = []
    private(set) var lost: [ClosedRange<Int>] = []
    private(set) var connection: Connection?
    /// Bytes that come are lost, as on a path that is cut.
    var isDeaf = false
    /// Bytes to send are lost.
    var isMute = false
    private var timer: Timer?
    private let reactor: Reactor

    init(_ session: Session, on reactor: Reactor) {
        self.session = session
        self.reactor = reactor
    }

    func attach(_ connection: Connection) {
        guard self.connection == nil else { return connection.abort() }  // a second logon on a live session
        self.connection = connection
        connection.onBytes = { [unowned self] bytes in
            if !isDeaf { perform(session.received(bytes, at: .now, wall: .now)) }
        }
        connection.onClose = { [unowned self] _ in
            self.connection = nil
            perform(session.disconnected(at: .now))
        }
        guard (try? connection.start()) != nil else { return }  // gone already: the peer tries again
        perform(session.connected(at: .now, wall: .now))
    }

    func connect(to address: Address) {
        Connection.connect(to: address, within: .seconds(1), on: reactor) { [weak self] result in
            switch result {
            case .success(let connection): self?.attach(connection)
            case .failure: self?.reactor.after(.milliseconds(250)) { self?.connect(to: address) }
            }
        }
    }

    func send(_ message: Message) { perform(session.send(message, at: .now, wall: .now)) }
    func testRequest(_ id: String) { perform(session.testRequest(id: id, at: .now, wall: .now)) }
    func logout() { perform(session.logout(at: .now, wall: .now)) }

    /// A RST, now; what the peer sent last may be lost.
    func cut() {
        isDeaf = false
        isMute = false
        connection?.abort()
    }

    private func perform(_ directives: [Session.Directive]) {
        for directive in directives {
            switch directive {
            case .transmit(let bytes, _, _): if !isMute { connection?.send(bytes) }
            case .deliver(let message): delivered.append(message)
            case .heartbeat(let id): heartbeats.append(id)
            case .loggedOn: logons += 1
            case .loggedOut(let reason): endings.append(reason)
            case .disconnect: connection?.close()
            case .gapFilled(_, let messages): withheld += messages
            case .lost(let seqs): lost.append(seqs)
            case .persist, .store, .forgetStored, .ignored, .skipped: break
            }
        }
        timer?.cancel()
        timer = session.nextDeadline.map { deadline in
            reactor.at(deadline) { [weak self] in
                guard let self else { return }
                perform(session.tick(at: .now, wall: .now))
            }
        }
    }
}
