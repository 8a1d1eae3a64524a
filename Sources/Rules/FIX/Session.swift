import Units

/// One FIX session, either side, across connections: bytes and time in, directives out.
package struct Session: Sendable {
    package enum Role: Sendable { case initiator, acceptor }

    /// What to do with a sent message that the peer asks for again.
    package enum Resend: Sendable { case replay, gapFill }

    package struct Settings: Sendable {
        package var role: Role
        package var senderCompID: String
        package var targetCompID: String
        /// HeartBtInt(108), whole seconds. An acceptor takes the initiator's instead.
        package var heartbeatInterval: Duration = .seconds(1)
        /// An initiator's first Logon carries ResetSeqNumFlag(141)=Y, until one was answered.
        package var resetOnFirstLogon = false
        package var sendingTimeAccuracy: Duration = .seconds(120)
        package var logonTimeout: Duration = .seconds(2)
        package var logoutTimeout: Duration = .seconds(2)
        /// Silence, in percent of HeartBtInt, after which a TestRequest asks for a sign of life. `nil`: never.
        package var testRequestAfterPercent: Int? = 120
        /// Silence, in percent of HeartBtInt, after which the connection is given up. `nil`: the owner sees to it.
        package var disconnectAfterPercent: Int? = 240
        /// Intervals an acceptor agrees to, in seconds.
        package var heartbeatIntervalsAccepted: ClosedRange<Int> = 0...120
        /// Sent messages kept for a ResendRequest; older ones are gap-filled.
        package var storedMessagesLimit = 20_000
        /// Messages held back behind a gap; beyond it they are dropped and asked for again.
        package var heldMessagesLimit = 10_000
        package var resend: @Sendable (Message) -> Resend = Settings.neverStaleOrders

        package init(role: Role, senderCompID: String, targetCompID: String) {
            self.role = role
            self.senderCompID = senderCompID
            self.targetCompID = targetCompID
        }

        /// Orders, cancels, replaces and status requests are stale when asked for again; all else is replayed.
        @Sendable package static func neverStaleOrders(_ message: Message) -> Resend { .replay }
    }

    /// The session's memory between runs, kept by the owner.
    ///
    /// Written late it is still safe if a restart rounds `nextOutgoing` up and `nextIncoming` down: a number
    /// too high is gap-filled, a report seen twice carries the same ExecID.
    package struct Numbers: Hashable, Sendable {
        package var nextOutgoing: Int
        package var nextIncoming: Int

        package init(nextOutgoing: Int = 1, nextIncoming: Int = 1) {
            self.nextOutgoing = nextOutgoing
            self.nextIncoming = nextIncoming
        }
    }

    package enum Directive: Hashable, Sendable {
        /// Write these bytes, in this order, on the present connection.
        case transmit([UInt8], seq: Int, msgType: String)
        /// An application message, or a session Reject(35=3) of something we sent. In sequence, exactly once.
        case deliver(Message)
        case persist(Numbers)
        /// Keep, if sent messages are to survive a restart (`Session.init(sent:)`).
        case store(seq: Int, message: Message)
        /// The numbers were reset: what was stored is void.
        case forgetStored
        case loggedOn
        case loggedOut(reason: String)
        /// Flush what was transmitted, close the connection, then call `disconnected`.
        case disconnect(reason: String)
        /// Received and without effect: garbled bytes, duplicates.
        case ignored(reason: String)
        /// A Heartbeat that answers the TestRequest with this id.
        case heartbeat(testReqID: String)
        /// The peer asked for `seqs` again and got a gap fill; `withheld` are the application messages among them,
        /// which it may never have seen: resolve those orders, ask those questions again.
        case gapFilled(seqs: ClosedRange<Int>, withheld: [Message])
    }

    package let settings: Settings
    package private(set) var numbers: Numbers
    package private(set) var lastReceived: Instant?
    package var isLoggedOn: Bool { false }
    /// When `tick` is due; `nil` when nothing is.
    package var nextDeadline: Instant? { nil }

    package init(settings: Settings, numbers: Numbers = Numbers(), sent: [Int: Message] = [:]) {
        self.settings = settings
        self.numbers = numbers
    }

    /// A connection is up: an initiator logs on, an acceptor waits for the Logon.
    package mutating func connected(at now: Instant, wall: WallTime) -> [Directive] { [] }
    package mutating func received(_ bytes: ArraySlice<UInt8>, at now: Instant, wall: WallTime) -> [Directive] { [] }
    /// Numbers an application message. Without a session it is stored and not transmitted: the peer asks for it.
    package mutating func send(_ message: Message, at now: Instant, wall: WallTime) -> [Directive] { [] }
    package mutating func testRequest(id: String, at now: Instant, wall: WallTime) -> [Directive] { [] }
    package mutating func tick(at now: Instant, wall: WallTime) -> [Directive] { [] }
    package mutating func logout(text: String?, at now: Instant, wall: WallTime) -> [Directive] { [] }
    /// The connection is gone, whoever closed it.
    package mutating func disconnected(at now: Instant) -> [Directive] { [] }
}
