// The broker as a value: connections, requests, books and time in; bytes, drop copy and closings out.
//
// One FIX session outlives its connections. A connection counts from its Logon on: one that says nothing (a health
// check) or something else disturbs nobody, and a second Logon while one is live is closed at once, unanswered.
// Requests take the inbound leg before they are judged, reports the outbound leg before they are numbered. The
// session layer itself is not delayed. When a connection dies, reports on their way are numbered and kept: the client
// asks for them when it is back.

import Books
import FIX
import Messages
import Units

package struct Broker: Sendable {
    package typealias ConnectionNumber = Int

    package enum Directive: Hashable, Sendable {
        case transmit(ConnectionNumber, [UInt8])
        /// Send what is written, then close.
        case close(ConnectionNumber, because: String)
        /// Publish as the drop copy and write into the ledger file, in this order; `report` goes with it.
        case record(Execution, report: Message?)
        /// Write down before anything is transmitted: a restart must not use a number twice.
        case numbers(Session.Numbers)
        /// The report of this record was given this number.
        case sent(record: Int64, seq: Int)
        /// The numbers begin anew.
        case forgetSent
    }

    package struct Counts: Hashable, Sendable {
        package var requests: Int64 = 0
        package var reports: Int64 = 0
        package var logons: Int64 = 0
        package var connectionsRefused: Int64 = 0
        package var ignored: Int64 = 0
        package var sessionRejects: Int64 = 0
        package var requestsLost: Int64 = 0
        /// Times that a client was told that reports it asked for are lost.
        package var replaysLost: Int64 = 0

        package init() {}
    }

    package let settings: BrokerSettings
    package private(set) var engine: MatchingEngine
    package private(set) var session: Session
    package private(set) var counts = Counts()
    /// The connection that speaks.
    package private(set) var live: ConnectionNumber?
    /// Somebody logged on over the live connection.
    private var sessionBegan = false
    /// Connections without a Logon yet, and since when.
    private var strangers: [ConnectionNumber: (door: LogonScreening, since: Instant)] = [:]
    private let client: LogonScreening.Identity
    private var inbound: Leg<Message>
    private var outbound: Leg<Outgoing>
    /// The record whose report is being numbered.
    private var sendingRecord: Int64?
    private var directives: [Directive] = []
    private var interrupted: (wasLoggedOn: Bool, unsent: [(record: Int64, report: Message)])?

    /// A report on its way, and the ledger record that it tells of.
    private struct Outgoing {
        let message: Message
        let record: Int64?
    }

    /// `memory`: of an earlier process; `resume` carries on from there.
    package init(_ settings: BrokerSettings, memory: BrokerMemory? = nil) {
        self.settings = settings
        engine = memory?.engine ?? MatchingEngine(settings)
        inbound = Leg(.inbound, settings)
        outbound = Leg(.outbound, settings)
        client = LogonScreening.Identity(sender: settings.targetCompID, target: settings.senderCompID)
        let acceptor = Session.Settings(
            role: .acceptor, senderCompID: settings.senderCompID, targetCompID: settings.targetCompID)
        session = Session(
            settings: acceptor, numbers: memory?.session.numbers ?? Session.Numbers(), sent: memory?.sent ?? [:],
            lostThrough: memory?.lostThrough ?? 0)
        interrupted = memory.map { ($0.wasLoggedOn, $0.unsent) }
    }

    /// After a restart: the session that was on has ended, and what was never sent is numbered and kept, so that the
    /// client asks for it when it is back.
    package mutating func resume(at now: Instant, wall: WallTime) -> [Directive] {
        guard let (wasLoggedOn, unsent) = interrupted else { return [] }
        interrupted = nil
        for (record, report) in unsent { send(Outgoing(message: report, record: record), at: now, wall: wall) }
        if wasLoggedOn { keep(engine.noteSession(.disconnected, "the broker was restarted", at: wall), at: now) }
        if wasLoggedOn, settings.cancelsOnDisconnect {
            keep(engine.cancelAll(because: "the broker was restarted", at: wall), at: now)
        }
        for report in outbound.drain() { send(report, at: now, wall: wall) }
        return drain()
    }

    private mutating func send(_ report: Outgoing, at now: Instant, wall: WallTime) {
        sendingRecord = report.record
        follow(session.send(report.message, at: now, wall: wall), at: now, wall: wall)
        sendingRecord = nil
    }

    /// When `tick` is due next; `nil` when nothing waits.
    package var nextDeadline: Instant? {
        let silence = strangers.values.map(\.since).min().map { $0 + BrokerLimits.logonTimeout }
        let waits = [inbound.nextDue, outbound.nextDue, live == nil ? nil : session.nextDeadline, silence]
        return waits.compactMap { $0 }.min()
    }

    package mutating func accepted(_ connection: ConnectionNumber, at now: Instant) -> [Directive] {
        guard strangers.count < BrokerLimits.strangersMaximum else {
            return [refuse(connection, "\(strangers.count) connections wait without a Logon already")]
        }
        strangers[connection] = (LogonScreening(), now)
        return []
    }

    package mutating func received(
        _ bytes: ArraySlice<UInt8>, on connection: ConnectionNumber, at now: Instant, wall: WallTime
    ) -> [Directive] {
        var bytes = bytes
        if let door = strangers[connection]?.door {
            var screening = door
            switch screening.received(bytes, known: [client], live: live == nil ? [] : [client]) {
            case .waiting:
                strangers[connection]?.door = screening
                return []
            case .refused(let reason):
                return [refuse(connection, reason)]
            case .identified(_, bytes: let all):
                bytes = all[...]
            }
            strangers[connection] = nil
            live = connection
            follow(session.connected(at: now, wall: wall), at: now, wall: wall)
        }
        guard connection == live else { return [] }
        follow(session.received(bytes, at: now, wall: wall), at: now, wall: wall)
        move(at: now, wall: wall)
        return drain()
    }

    private mutating func refuse(_ connection: ConnectionNumber, _ reason: String) -> Directive {
        counts.connectionsRefused += 1
        strangers[connection] = nil
        return .close(connection, because: reason)
    }

    /// The connection is gone, whoever closed it.
    package mutating func closed(
        _ connection: ConnectionNumber, because reason: String, at now: Instant, wall: WallTime
    ) -> [Directive] {
        strangers[connection] = nil
        guard connection == live else { return [] }
        live = nil
        follow(session.disconnected(at: now), at: now, wall: wall)
        keep(engine.noteSession(.disconnected, reason, at: wall), at: now)
        settleInFlight(at: now, wall: wall)
        if settings.cancelsOnDisconnect && sessionBegan {
            keep(engine.cancelAll(because: "session ended: \(reason)", at: wall), at: now)
        }
        sessionBegan = false
        for report in outbound.drain() { send(report, at: now, wall: wall) }
        return drain()
    }

    package mutating func update(_ depth: Depth, at now: Instant, wall: WallTime) -> [Directive] {
        keep(engine.update(depth, at: wall), at: now)
        move(at: now, wall: wall)
        return drain()
    }

    package mutating func tick(at now: Instant, wall: WallTime) -> [Directive] {
        if live != nil { follow(session.tick(at: now, wall: wall), at: now, wall: wall) }
        for (connection, stranger) in strangers where stranger.since + BrokerLimits.logonTimeout <= now {
            directives.append(refuse(connection, "no Logon within \(BrokerLimits.logonTimeout.written)"))
        }
        move(at: now, wall: wall)
        return drain()
    }

    /// Logs out in order, when there is a session. The process may go once the connection has closed.
    package mutating func shutDown(at now: Instant, wall: WallTime) -> [Directive] {
        if live != nil { follow(session.logout(text: "broker stops", at: now, wall: wall), at: now, wall: wall) }
        return drain()
    }
}

extension Broker {
    private mutating func drain() -> [Directive] {
        defer { directives = [] }
        return directives
    }

    private mutating func follow(_ wishes: [Session.Directive], at now: Instant, wall: WallTime) {
        for wish in wishes {
            switch wish {
            case .transmit(let bytes, seq: _, msgType: _):
                if let live { directives.append(.transmit(live, bytes)) }
            case .deliver(let message): take(message, at: now, wall: wall)
            case .loggedOn:
                counts.logons += 1
                sessionBegan = true
                keep(engine.noteSession(.loggedOn, "", at: wall), at: now)
            case .loggedOut(let reason):
                keep(engine.noteSession(.loggedOut, reason, at: wall), at: now)
            case .disconnect(let reason):
                if let live { directives.append(.close(live, because: reason)) }
            case .ignored: counts.ignored += 1
            case .persist(let numbers): directives.append(.numbers(numbers))
            case .store(let seq, message: _):
                if let record = sendingRecord { directives.append(.sent(record: record, seq: seq)) }
            case .forgetStored: directives.append(.forgetSent)
            case .heartbeat, .gapFilled, .skipped: break
            case .lost: counts.replaysLost += 1
            }
        }
    }

    private mutating func take(_ message: Message, at now: Instant, wall: WallTime) {
        guard !message.isSession else { return counts.sessionRejects += 1 }
        counts.requests += 1
        if Broker.requestTypes.contains(message.msgType) { keep(engine.noteReceived(message, at: wall), at: now) }
        inbound.push(message, at: now)
    }

    private static let requestTypes: Set = [
        MsgType.newOrderSingle, MsgType.orderCancelRequest, MsgType.orderCancelReplaceRequest,
        MsgType.orderMassCancelRequest,
    ]

    /// Everything that has arrived by now, at either end.
    private mutating func move(at now: Instant, wall: WallTime) {
        while let message = inbound.pop(at: now) { keep(engine.receive(message, at: wall), at: now) }
        while let report = outbound.pop(at: now) { send(report, at: now, wall: wall) }
    }

    /// Requests that were read and not judged when the connection died.
    private mutating func settleInFlight(at now: Instant, wall: WallTime) {
        let waiting = inbound.drain()
        guard settings.inFlight != .lost else { return counts.requestsLost += Int64(waiting.count) }
        for message in waiting {
            keep(engine.receive(message, matching: settings.inFlight == .fillLost, at: wall), at: now)
        }
    }

    private mutating func keep(_ effects: [MatchingEngine.Effect], at now: Instant) {
        // A report and the record of the same change stand side by side.
        var report: Message?
        for (position, effect) in effects.enumerated() {
            switch effect {
            case .record(let execution):
                directives.append(.record(execution, report: report))
                report = nil
            case .report(let message):
                counts.reports += 1
                var record: Int64?
                if position + 1 < effects.count, case .record(let execution) = effects[position + 1] {
                    record = execution.sequence
                }
                report = record == nil ? nil : message
                outbound.push(Outgoing(message: message, record: record), at: now)
            }
        }
    }
}
