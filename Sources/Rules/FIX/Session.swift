import Units

// A FIX 4.4 session, either side: bytes and time in, directives out. One value lives across connections and
// holds what both sides must agree on: the numbers, and the sent messages the peer may ask for again.
//
//   disconnected ──connected──▶ loggingOn ──Logon──▶ loggedOn ──logout()──▶ loggingOut ──Logout──▶ closing
//                                  │                    │ Logout                                      ▲
//                                  │                    └────────▶ loggedOutByPeer ───time-out────────┤
//                                  └── refused, late ─────────────────────────────────────────────────┘
//   any ──disconnected──▶ disconnected
//
// Invariants: every number of ours is used once; an application message is delivered once and in order; nothing
// received consumes a number before its BeginString, CompIDs and sequence number are right.

/// One FIX session across connections.
package struct Session: Sendable {
    enum Phase: Sendable { case disconnected, loggingOn, loggedOn, loggingOut, loggedOutByPeer, closing }

    package let settings: Settings
    /// The numbers to use and to expect next.
    package internal(set) var numbers: Numbers
    /// When bytes last came on this connection; `nil` before the first.
    package internal(set) var lastReceived: Instant?

    /// Off, application messages are answered with BusinessRejectReason(380)=4 instead of being delivered.
    package var isApplicationAvailable = true

    var phase = Phase.disconnected
    var phaseSince = Instant(nanoseconds: 0)
    /// HeartBtInt in force: an acceptor's is the initiator's.
    var interval: Duration
    var resetPending: Bool
    var decoder = Decoder()
    var store: SentMessages
    var gap = Gap()
    var lastSent = Instant(nanoseconds: 0)
    var probes = 0
    var isProbing = false

    // Of the call in progress.
    var now = Instant(nanoseconds: 0)
    var wall = WallTime(nanoseconds: 0)
    var output: [Directive] = []

    /// - Parameters:
    ///   - sent: the messages kept from `store` directives, by sequence number; empty for a fresh session.
    ///   - lostThrough: the highest number whose message was to be kept and wasn't.
    package init(settings: Settings, numbers: Numbers = Numbers(), sent: [Int: Message] = [:], lostThrough: Int = 0) {
        self.settings = settings
        self.numbers = numbers
        interval = settings.heartbeatInterval
        resetPending = settings.resetOnFirstLogon && settings.role == .initiator
        store = SentMessages(
            limit: settings.storedMessagesLimit, messages: sent, lostThrough: lostThrough, policy: settings.resend)
    }
}

extension Session {
    /// Whether application messages go out at once.
    package var isLoggedOn: Bool { phase == .loggedOn }

    /// Whether an earlier message is still missing, so that what came after it is held back.
    package var isRecovering: Bool { gap.requestedThrough != nil }

    /// A connection is up: an initiator logs on, an acceptor waits for the Logon.
    package mutating func connected(at now: Instant, wall: WallTime) -> [Directive] {
        run(at: now, wall: wall) { session in
            session.decoder = Decoder()
            session.gap = Gap()
            session.lastReceived = nil
            session.isProbing = false
            session.interval = session.settings.heartbeatInterval
            session.enter(.loggingOn)
            if session.settings.role == .initiator { session.sendLogon() }
        }
    }

    /// Bytes as they came, cut anywhere.
    package mutating func received(_ bytes: ArraySlice<UInt8>, at now: Instant, wall: WallTime) -> [Directive] {
        run(at: now, wall: wall) { session in
            guard session.phase != .disconnected, session.phase != .closing else { return }
            session.lastReceived = now
            session.isProbing = false
            session.decoder.append(bytes)
            while session.phase != .closing, let result = session.decoder.next() {
                switch result {
                case .message(let message):
                    session.receive(message)
                case .garbled(let reason, let bytes):
                    session.output.append(.ignored(reason: "garbled, \(bytes.count) bytes: \(reason)"))
                }
            }
        }
    }

    /// Numbers an application message and sends it. Without a session it is stored and not transmitted: the peer
    /// finds the gap at the next Logon and asks.
    package mutating func send(_ message: Message, at now: Instant, wall: WallTime) -> [Directive] {
        run(at: now, wall: wall) { $0.transmit(message) }
    }

    /// Asks for a Heartbeat with this id, which comes back as `.heartbeat(testReqID:)`. Nothing without a session.
    package mutating func testRequest(id: String, at now: Instant, wall: WallTime) -> [Directive] {
        run(at: now, wall: wall) { session in
            guard session.phase == .loggedOn else { return }
            session.transmit(Message(MsgType.testRequest, [(.testReqID, id)]))
        }
    }

    /// Begins an orderly end; without a session the connection is given up at once.
    package mutating func logout(text: String? = nil, at now: Instant, wall: WallTime) -> [Directive] {
        run(at: now, wall: wall) { session in
            switch session.phase {
            case .loggedOn:
                session.transmit(Message(MsgType.logout, text.map { [(.text, $0)] } ?? []))
                session.enter(.loggingOut)
            case .loggingOn:
                session.giveUp("logged out before the Logon was answered")
            case .disconnected, .loggingOut, .loggedOutByPeer, .closing:
                break
            }
        }
    }

    /// The connection is gone, whoever closed it.
    package mutating func disconnected(at now: Instant) -> [Directive] {
        let wasOn = phase == .loggedOn || phase == .loggingOut
        phase = .disconnected
        decoder = Decoder()
        gap = Gap()
        return wasOn ? [.loggedOut(reason: "connection lost")] : []
    }

    /// Gathers the directives of one call, and tells the owner when the numbers changed.
    private mutating func run(
        at now: Instant, wall: WallTime, _ body: (inout Session) -> Void
    ) -> [Directive] {
        self.now = now
        self.wall = wall
        let before = numbers
        body(&self)
        if numbers != before { output.append(.persist(numbers)) }
        let directives = output
        output.removeAll(keepingCapacity: true)
        return directives
    }

    /// Heartbeats, probes and time-outs that are due. Harmless when nothing is.
    package mutating func tick(at now: Instant, wall: WallTime) -> [Directive] {
        run(at: now, wall: wall) { $0.runTimers() }
    }

    mutating func enter(_ phase: Phase) {
        self.phase = phase
        phaseSince = now
    }

    /// Ends the connection without a word.
    mutating func giveUp(_ reason: String) {
        if phase == .loggedOn || phase == .loggingOut { output.append(.loggedOut(reason: reason)) }
        output.append(.disconnect(reason: reason))
        enter(.closing)
    }

    /// Ends the connection after a Logout that says why.
    mutating func logOutAndGiveUp(_ reason: String) {
        transmit(Message(MsgType.logout, [(.text, reason)]))
        giveUp(reason)
    }
}
