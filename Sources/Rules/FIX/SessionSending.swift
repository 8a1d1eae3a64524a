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

    /// Answers a ResendRequest: replays what the policy replays, fills over the rest.
    mutating func resend(_ range: ClosedRange<Int>) {
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
        var fill = Message(MsgType.sequenceReset, [(.gapFillFlag, "Y"), (.newSeqNo, "\(seqs.upperBound + 1)")])
        stamp(&fill, seq: seqs.lowerBound)
        fill.header.possDup = true
        fill.header.origSendingTime = wall
        write(fill)
        output.append(.gapFilled(seqs: seqs, withheld: withheld))
    }
}
