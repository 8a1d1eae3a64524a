import Units

// Everything that goes out passes through `transmit`, which is the only place that takes a number.

extension Session {
    mutating func transmit(_ message: Message) {
        var message = message
        let seq = numbers.nextOutgoing
        numbers.nextOutgoing += 1
        stamp(&message, seq: seq)
        if !message.isSession {
            store.keep(message, seq: seq)
            output.append(.store(seq: seq, message: message))
            guard phase == .loggedOn else { return }
        }
        write(message)
    }

    private func stamp(_ message: inout Message, seq: Int) {
        message.header.sender = settings.senderCompID
        message.header.target = settings.targetCompID
        message.header.seq = seq
        message.header.sendingTime = wall
    }

    private mutating func write(_ message: Message) {
        lastSent = now
        output.append(.transmit(message.encoded(), seq: message.header.seq, msgType: message.msgType))
    }

    mutating func sendLogon() {
        if resetPending { resetNumbers() }
        var logon = Message(
            MsgType.logon, [(.encryptMethod, "0"), (.heartBtInt, "\(interval.nanoseconds / 1_000_000_000)")])
        if resetPending { logon[.resetSeqNumFlag] = "Y" }
        transmit(logon)
    }

    mutating func resetNumbers() {
        numbers = Numbers()
        store.forget()
        gap = Gap()
        output.append(.forgetStored)
    }

    /// A session Reject. A Reject is never rejected: two sides that disagree would do so for ever.
    mutating func reject(_ message: Message, _ defect: Defect) {
        if message.msgType == MsgType.reject {
            output.append(.ignored(reason: "malformed Reject \(message.header.seq): \(defect.text)"))
            return
        }
        var reject = Message(MsgType.reject, [(.refSeqNum, "\(message.header.seq)")])
        if let tag = defect.tag { reject[.refTagID] = "\(tag)" }
        reject[.refMsgType] = message.msgType
        reject[.sessionRejectReason] = "\(defect.reason.rawValue)"
        reject[.text] = defect.text
        transmit(reject)
    }

    /// BusinessRejectReason(380): 3 unsupported message type, 4 application not available,
    /// 5 conditionally required field missing.
    mutating func rejectBusiness(_ message: Message, reason: Int, text: String) {
        if message.msgType == MsgType.businessMessageReject { return }
        var reject = Message(MsgType.businessMessageReject)
        reject[.refSeqNum] = "\(message.header.seq)"
        reject[.refMsgType] = message.msgType
        reject[.businessRejectRefID] = message[.clOrdID]
        reject[.businessRejectReason] = "\(reason)"
        reject[.text] = text
        transmit(reject)
    }

    /// Answers a ResendRequest: resets over what is lost, replays what the policy replays, fills over the rest.
    mutating func resend(_ range: ClosedRange<Int>) {
        guard range.lowerBound <= store.lostThrough else { return resendKept(range) }
        let lost = range.lowerBound...min(store.lostThrough, range.upperBound)
        reset(over: lost)
        if lost.upperBound < range.upperBound { resendKept(lost.upperBound + 1...range.upperBound) }
    }

    private mutating func resendKept(_ range: ClosedRange<Int>) {
        var fillStart: Int?
        var withheld: [Message] = []
        for seq in range {
            if let message = store[seq], settings.resend(message) == .replay {
                if let start = fillStart { fill(start...(seq - 1), withheld) }
                fillStart = nil
                withheld = []
                replay(message)
            } else {
                fillStart = fillStart ?? seq
                if let message = store[seq] { withheld.append(message) }
            }
        }
        if let start = fillStart { fill(start...range.upperBound, withheld) }
    }

    private mutating func replay(_ message: Message) {
        var copy = message
        copy.header.possDup = true
        copy.header.origSendingTime = message.header.sendingTime
        copy.header.sendingTime = wall
        write(copy)
    }

    private mutating func fill(_ seqs: ClosedRange<Int>, _ withheld: [Message]) {
        goOn(behind: seqs, isGapFill: true)
        output.append(.gapFilled(seqs: seqs, withheld: withheld))
    }

    /// A gap fill would say that nothing but session messages is missing. Nobody may be told so when reports are lost.
    private mutating func reset(over seqs: ClosedRange<Int>) {
        goOn(behind: seqs, isGapFill: false)
        output.append(.lost(seqs: seqs))
    }

    private mutating func goOn(behind seqs: ClosedRange<Int>, isGapFill: Bool) {
        var message = Message(
            MsgType.sequenceReset, [(.gapFillFlag, isGapFill ? "Y" : "N"), (.newSeqNo, "\(seqs.upperBound + 1)")])
        stamp(&message, seq: seqs.lowerBound)
        message.header.possDup = true
        message.header.origSendingTime = wall
        write(message)
    }
}
