import FIX
import Units

/// One session with its peer played by the test: time stands still unless it is told to pass.
struct Bench {
    var session: Session
    var now = Instant(nanoseconds: 1_000_000_000)
    var wall = wallStart
    /// Everything the session said since the last look, oldest first.
    var directives: [Session.Directive] = []

    init(
        _ role: Session.Role, numbers: Session.Numbers = Session.Numbers(), sent: [Int: Message] = [:],
        lostThrough: Int = 0, _ change: (inout Session.Settings) -> Void = { _ in }
    ) {
        var settings = Session.Settings(
            role: role, senderCompID: role == .initiator ? "GOVERNOR" : "BROKER",
            targetCompID: role == .initiator ? "BROKER" : "GOVERNOR")
        change(&settings)
        session = Session(settings: settings, numbers: numbers, sent: sent, lostThrough: lostThrough)
    }

    /// A session that is logged on, with number 2 next both ways, and nothing left to look at.
    static func loggedOn(
        _ role: Session.Role, _ change: (inout Session.Settings) -> Void = { _ in }
    ) -> Bench {
        var bench = Bench(role, change)
        bench.connect()
        bench.receive("A", 1, "98=0|108=1|")
        bench.directives = []
        return bench
    }

    mutating func connect() { directives += session.connected(at: now, wall: wall) }

    mutating func pass(_ duration: Duration) {
        now = now + duration
        wall = wall + duration
        directives += session.tick(at: now, wall: wall)
    }

    mutating func send(_ message: Message) { directives += session.send(message, at: now, wall: wall) }

    mutating func receive(_ bytes: [UInt8]) { directives += session.received(bytes[...], at: now, wall: wall) }

    /// A message of the peer. `header` comes after SendingTime.
    mutating func receive(_ type: String, _ seq: Int, _ body: String = "", header: String = "", time: String? = nil) {
        receive(raw(type, seq, body, header: header, time: time))
    }

    func raw(_ type: String, _ seq: Int, _ body: String = "", header: String = "", time: String? = nil) -> [UInt8] {
        let peer = session.settings.targetCompID
        let us = session.settings.senderCompID
        let time = time ?? Timestamp.written(wall)
        return Wire.framed("35=\(type)|34=\(seq)|49=\(peer)|56=\(us)|52=\(time)|\(header)\(body)")
    }

    /// What was transmitted, read back.
    var transmitted: Transmitted {
        Transmitted(messages: directives.compactMap { directive in
            guard case .transmit(let bytes, _, _) = directive else { return nil }
            return Wire.message(bytes)
        })
    }

    var delivered: [Message] {
        directives.compactMap { if case .deliver(let message) = $0 { message } else { nil } }
    }

    var ignored: [String] {
        directives.compactMap { if case .ignored(let reason) = $0 { reason } else { nil } }
    }

    var disconnectReason: String? {
        for case .disconnect(let reason) in directives { return reason }
        return nil
    }

    /// `type seq` of everything transmitted: `["3 2", "5 3"]`.
    var types: [String] { transmitted.map { "\($0.msgType) \($0.header.seq)" } }
}

/// Messages in order. One that isn't there is a message of no type, so that the expectation fails and says so.
struct Transmitted: RandomAccessCollection {
    let messages: [Message]

    var startIndex: Int { 0 }
    var endIndex: Int { messages.count }
    subscript(position: Int) -> Message { position < messages.count ? messages[position] : Message("none") }
}

let orderBody =
    "11=G-1|55=NVDA|54=1|60=20231017-13:30:00.000|38=100|40=2|44=440.25|"
