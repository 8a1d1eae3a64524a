import Units

extension Session {
    package enum Role: Sendable { case initiator, acceptor }

    /// What to do with a sent message that the peer asks for again.
    package enum Resend: Sendable { case replay, gapFill }

    package struct Settings: Sendable {
        package var role: Role
        package var senderCompID: String
        package var targetCompID: String
        /// HeartBtInt(108), whole seconds; zero switches heartbeats off. An acceptor takes the initiator's instead.
        package var heartbeatInterval: Duration = .seconds(1)
        /// An initiator's Logon carries ResetSeqNumFlag(141)=Y until one was answered.
        package var resetOnFirstLogon = false
        package var sendingTimeAccuracy: Duration = .seconds(120)
        package var logonTimeout: Duration = .seconds(2)
        package var logoutTimeout: Duration = .seconds(2)
        /// How long the peer may take for the next missing message.
        package var gapTimeout: Duration = .seconds(10)
        /// Silence, in percent of HeartBtInt, after which a TestRequest asks for a sign of life. `nil`: never.
        package var testRequestAfterPercent: Int? = 120
        /// Silence, in percent of HeartBtInt, after which the connection is given up. `nil`: the owner sees to it.
        package var disconnectAfterPercent: Int? = 240
        /// Intervals an acceptor agrees to, in seconds.
        package var heartbeatIntervalsAccepted: ClosedRange<Int> = 0...120
        /// Application messages that are delivered; others are answered with a BusinessMessageReject.
        package var accepted: Set<String>
        /// Sent messages kept for a ResendRequest; it is answered with a reset over older ones that would be replayed.
        package var storedMessagesLimit = 20_000
        /// Messages held back behind a gap; beyond it they are dropped and asked for again.
        package var heldMessagesLimit = 10_000
        package var resend: @Sendable (Message) -> Resend = Settings.neverStaleOrders

        package init(role: Role, senderCompID: String, targetCompID: String) {
            self.role = role
            self.senderCompID = senderCompID
            self.targetCompID = targetCompID
            accepted = role == .acceptor ? Settings.requests : Settings.reports
        }
    }

    /// The session's memory between runs, kept by the owner.
    ///
    /// Written late it is still safe if a restart rounds `nextOutgoing` up and `nextIncoming` down: a number
    /// too high is gap-filled, and a report seen twice carries the same ExecID.
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
        /// The numbers after this call; last in its directives.
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
        /// The peer asked for `seqs` again, and what was sent under them is lost: it was told by SequenceReset-Reset to
        /// go on behind them.
        case lost(seqs: ClosedRange<Int>)
        /// The peer went on behind `seqs` by SequenceReset-Reset: what it said under them will never come.
        case skipped(seqs: ClosedRange<Int>)
    }
}

extension Session.Settings {
    /// What a broker takes.
    package static let requests: Set<String> = [
        MsgType.newOrderSingle, MsgType.orderCancelRequest, MsgType.orderCancelReplaceRequest,
        MsgType.orderMassCancelRequest, MsgType.orderStatusRequest, MsgType.orderMassStatusRequest,
        MsgType.businessMessageReject,
    ]

    /// What a trader takes.
    package static let reports: Set<String> = [
        MsgType.executionReport, MsgType.orderCancelReject, MsgType.orderMassCancelReport,
        MsgType.businessMessageReject,
    ]

    /// Orders, cancels, replaces and questions about them are stale by the time they are asked for again, and
    /// sending one then would act on a market that has moved on. Reports are facts and are replayed.
    @Sendable package static func neverStaleOrders(_ message: Message) -> Session.Resend {
        requests.subtracting([MsgType.businessMessageReject]).contains(message.msgType) ? .gapFill : .replay
    }
}
