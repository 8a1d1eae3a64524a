// Which reply answers which command, on one connection to Redis as the wire showed it.
//
// RESP has no numbers: replies come in the order of the commands, and nothing else says which is whose. One value taken
// for a reply that is none shifts every pair after it by one, and the figures still look plausible. So whatever makes the
// order uncertain ends the pairing on that connection: a hole, bytes of no known form, a beginning that nobody saw, a
// reply to nothing, a command after which the server speaks on its own. It begins again with the next connection, whose
// SYN was seen. What is no reply though it comes from the server: pushes of RESP3, and messages of a connection that has
// subscribed in RESP2.
//
// A pair is not a measurement yet: what waits on purpose (BLPOP) or is only taken down (in a transaction) says nothing of
// the way to Redis and back, nor does anything that stands behind a command that waits.

import Units

struct CommandPairing: Sendable {
    struct RoundTrip: Hashable, Sendable {
        /// Upper case, at most `nameMaximum` bytes.
        let command: String
        /// From the packet with the command's last byte to the packet with the reply's last byte.
        let took: Duration
    }

    enum Answer: Hashable, Sendable {
        /// No reply, or nothing that can be told.
        case none
        /// A reply to a command whose time says nothing.
        case untimed
        case timed(RoundTrip)
    }

    private struct Sent {
        enum Kind { case timed, untimed, waits, subscription }

        let at: WallTime
        let command: String
        let kind: Kind
        /// Values of the server's that belong to it; more than one for a subscription.
        var replies = 1
    }

    /// More commands than these without a reply, and the connection is given up: memory doesn't grow with an outage.
    static let waitingMaximum = 65_536
    /// Longer names are cut: none of Redis' own that is timed is so long.
    static let nameMaximum = 15

    /// Why the order of the replies is not certain any more; `nil` while it is.
    private(set) var doubt: String?
    private var waiting: [Sent] = []
    /// Those before it are answered.
    private var head = 0
    private var blocking = 0
    private var isInTransaction = false
    /// What RESP2 brings to a subscribed connection is no reply.
    private var isSubscribed = false

    /// - Parameter isWhole: its SYN was seen, so that nothing waits for a reply yet.
    init(seenFromItsBeginning isWhole: Bool) { if !isWhole { doubt = "joined in mid-stream" } }

    /// Commands whose reply has not come.
    var unanswered: Int { waiting.count - head }
    /// Places that the array takes up, past ones included.
    var room: Int { waiting.capacity }

    mutating func giveUp(_ reason: String) {
        guard doubt == nil else { return }
        doubt = reason
        waiting = []
        head = 0
    }

    /// A value that left the governor; its last byte with the packet of `stamp`.
    mutating func left(_ value: RESPValue, at stamp: WallTime) {
        guard doubt == nil else { return }
        guard case .array(let words) = value, let first = words.first?.bytes, !first.isEmpty else {
            return giveUp("something that is no command left")
        }
        guard unanswered < CommandPairing.waitingMaximum else { return giveUp("too many commands without a reply") }
        let command = CommandPairing.name(first)
        if let reason = CommandPairing.unpairable(command, words) { return giveUp(reason) }
        var kind = Sent.Kind.timed
        var replies = 1
        if let count = CommandPairing.confirmations(command, words) {
            // Inside a transaction they come at its end, and how many is not known before: nor after UNSUBSCRIBE alone.
            guard !isInTransaction, count > 0 else { return giveUp("\(command) whose replies can't be counted") }
            kind = .subscription
            replies = count
        } else if CommandPairing.waits(command, words) {
            kind = .waits
        } else if isInTransaction || command == "MULTI" || blocking > 0 {
            kind = .untimed
        }
        switch command {
        case "MULTI": isInTransaction = true
        case "EXEC":
            isInTransaction = false
            if blocking == 0 { kind = .timed }
        case "DISCARD": isInTransaction = false
        default: break
        }
        if kind == .waits { blocking += 1 }
        waiting.append(Sent(at: stamp, command: command, kind: kind, replies: replies))
    }

    /// A value that came from Redis; its last byte with the packet of `stamp`.
    mutating func came(_ value: RESPValue, at stamp: WallTime) -> Answer {
        guard doubt == nil else { return .none }
        let next = head < waiting.count ? waiting[head] : nil
        let word = value.elements?.first?.text?.lowercased()
        if let word, CommandPairing.confirming.contains(word), next?.kind == .subscription {
            return confirmed(value, isPush: value.isPush)
        }
        if value.isPush || (isSubscribed && word.map(CommandPairing.messages.contains) == true) { return .none }
        guard let next else {
            giveUp("a reply to nothing came")
            return .none
        }
        if next.kind == .subscription {
            guard case .error = value else {
                giveUp("\(next.command) was answered with something else")
                return .none
            }
        }
        answered(next)
        guard next.kind == .timed else { return .untimed }
        return .timed(RoundTrip(command: next.command, took: stamp - next.at))
    }

    /// One of the confirmations of a subscription: `subscribe`, channel, how many are subscribed now.
    private mutating func confirmed(_ value: RESPValue, isPush: Bool) -> Answer {
        if !isPush, case .integer(let count)? = value.elements?.last { isSubscribed = count > 0 }
        waiting[head].replies -= 1
        guard waiting[head].replies == 0 else { return .none }
        answered(waiting[head])
        return .untimed
    }

    private mutating func answered(_ sent: Sent) {
        if sent.kind == .waits { blocking -= 1 }
        head += 1
        // The array is moved down when half of it is past, so that a command costs the same however many there were.
        guard head == waiting.count || head >= 1_024 else { return }
        waiting.removeFirst(head)
        head = 0
    }
}

extension CommandPairing {
    private static let confirming: Set = ["subscribe", "psubscribe", "unsubscribe", "punsubscribe"]
    private static let messages: Set = ["message", "pmessage"]
    private static let blockers: Set = [
        "BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF",
    ]

    private static func name(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(nameMaximum), as: UTF8.self).uppercased()
    }

    /// After these the server speaks on its own, or not at all.
    private static func unpairable(_ command: String, _ words: [RESPValue]) -> String? {
        switch command {
        // Subscriptions to shards are counted apart, so that the last confirmation doesn't say whether any is left.
        case "MONITOR", "SYNC", "PSYNC", "RESET", "SSUBSCRIBE", "SUNSUBSCRIBE": return "\(command) left"
        case "CLIENT":
            let what = words.count > 1 ? words[1].text?.uppercased() : nil
            return what == "REPLY" ? "CLIENT REPLY left" : nil
        default: return nil
        }
    }

    /// Values that answer a subscription; `nil` for another command, 0 where it can't be known.
    private static func confirmations(_ command: String, _ words: [RESPValue]) -> Int? {
        confirming.contains(command.lowercased()) ? words.count - 1 : nil
    }

    private static func waits(_ command: String, _ words: [RESPValue]) -> Bool {
        if blockers.contains(command) { return true }
        guard command == "XREAD" || command == "XREADGROUP" else { return false }
        return words.contains { $0.text?.uppercased() == "BLOCK" }
    }
}
