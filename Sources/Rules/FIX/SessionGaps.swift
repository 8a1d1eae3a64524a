import Units

// Messages that are missing. One ResendRequest is under way at a time; what comes after the gap is held and taken
// when its turn comes, so nothing has to be sent twice.

/// What is known beyond the next expected number.
struct Gap: Sendable {
    struct Held: Sendable {
        let message: Message
        /// Answered on arrival: only its number is still to be counted.
        let wasAnswered: Bool
    }

    var held: [Int: Held] = [:]
    /// The last number asked for; `nil` when nothing is missing.
    var requestedThrough: Int?
    var since = Instant(nanoseconds: 0)
}

extension Session {
    /// Above the expected number: hold it, ask for what is missing. Two kinds can't wait: a ResendRequest, since
    /// two sides each waiting for the other would never end, and the Logout that answers ours.
    mutating func receiveEarly(_ message: Message) {
        var wasAnswered = false
        if message.msgType == MsgType.resendRequest, MessageDictionary.defect(of: message) == nil {
            answerResendRequest(message)
            wasAnswered = true
        } else if message.msgType == MsgType.logout, phase == .loggingOut {
            return giveUp("logged out; messages from \(numbers.nextIncoming) on are missing")
        }
        hold(message, wasAnswered: wasAnswered)
    }

    mutating func hold(_ message: Message, wasAnswered: Bool) {
        if gap.held.count < settings.heldMessagesLimit, gap.held[message.header.seq] == nil {
            gap.held[message.header.seq] = Gap.Held(message: message, wasAnswered: wasAnswered)
        }
        if gap.requestedThrough == nil { requestMissing(before: message.header.seq) }
    }

    private mutating func requestMissing(before seq: Int) {
        gap.requestedThrough = seq - 1
        gap.since = now
        transmit(Message(
            MsgType.resendRequest, [(.beginSeqNo, "\(numbers.nextIncoming)"), (.endSeqNo, "\(seq - 1)")]))
    }

    /// Takes what was held for the numbers reached, and asks again when a further gap shows.
    mutating func drainHeld() {
        if gap.requestedThrough != nil { gap.since = now }
        while phase != .closing, let held = gap.held.removeValue(forKey: numbers.nextIncoming) {
            if held.wasAnswered { numbers.nextIncoming += 1 } else { take(held.message) }
        }
        guard phase != .closing, let requested = gap.requestedThrough, numbers.nextIncoming > requested else { return }
        gap.requestedThrough = nil
        gap.held = gap.held.filter { $0.key >= numbers.nextIncoming }
        if let next = gap.held.keys.min() { requestMissing(before: next) }
    }

    func isReset(_ message: Message) -> Bool {
        message.msgType == MsgType.sequenceReset && message.flag(.gapFillFlag) != true
    }

    /// SequenceReset-Reset: its own number doesn't matter, and the expected number never goes down.
    mutating func reset(by message: Message) {
        if let defect = MessageDictionary.defect(of: message) {
            if message.header.seq == numbers.nextIncoming { numbers.nextIncoming += 1 }
            return reject(message, defect)
        }
        guard let new = message.integer(.newSeqNo) else { return }
        let expected = numbers.nextIncoming
        guard new >= expected else {
            let text = "NewSeqNo(36) is \(new), expected at least \(expected)"
            return reject(message, Defect(.valueIncorrect, .newSeqNo, text))
        }
        if new == expected { output.append(.ignored(reason: "SequenceReset to \(new), which was expected anyway")) }
        if new > expected { output.append(.skipped(seqs: expected...(new - 1))) }
        numbers.nextIncoming = new
        drainHeld()
    }

    /// SequenceReset-GapFill in its turn; `take` has already counted its own number.
    mutating func fillGap(by message: Message) {
        guard let new = message.integer(.newSeqNo) else { return }
        guard new > message.header.seq else {
            let text = "attempt to lower the sequence number, NewSeqNo(36) is \(new)"
            return reject(message, Defect(.valueIncorrect, .newSeqNo, text))
        }
        numbers.nextIncoming = new
    }
}
