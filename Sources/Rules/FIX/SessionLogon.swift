import Units

// The first message of a connection, and the one that starts the numbers anew. What isn't from our peer gets no
// answer at all: a Reject or Logout would use up a number of the real peer's session.

extension Session {
    mutating func receiveFirst(_ message: Message) {
        let header = message.header
        let isLogon = message.msgType == MsgType.logon
        if settings.role == .acceptor, let reason = strangerReason(message) { return giveUp(reason) }
        if settings.role == .initiator, message.msgType == MsgType.logout, compIDDefect(header) == nil {
            if header.seq == numbers.nextIncoming { numbers.nextIncoming += 1 }
            return giveUp("the peer refused the Logon: \(message[.text] ?? "no reason given")")
        }
        guard isLogon else { return logOutAndGiveUp("first message is not a Logon") }
        if header.beginString != "FIX.4.4" {
            return logOutAndGiveUp("BeginString is \(header.beginString), expected FIX.4.4")
        }
        if let defect = logonDefect(message) {
            if header.seq == numbers.nextIncoming { numbers.nextIncoming += 1 }
            if header.seq > 0 { reject(message, defect) }
            return logOutAndGiveUp(defect.text)
        }
        accept(message)
    }

    private func strangerReason(_ message: Message) -> String? {
        if message.msgType != MsgType.logon { return "first message is not a Logon" }
        if message.header.beginString != "FIX.4.4" {
            return "BeginString is \(message.header.beginString), expected FIX.4.4"
        }
        return compIDDefect(message.header)?.text
    }

    private func logonDefect(_ logon: Message) -> Defect? {
        if let defect = compIDDefect(logon.header) ?? accuracyDefect(logon.header) { return defect }
        if let defect = MessageDictionary.defect(of: logon) { return defect }
        guard logon[.encryptMethod] == "0" else {
            return Defect(.valueIncorrect, .encryptMethod, "EncryptMethod(98) must be 0")
        }
        if let defect = intervalDefect(logon.integer(.heartBtInt) ?? -1) { return defect }
        if logon.flag(.resetSeqNumFlag) == true {
            if logon.header.seq != 1 {
                let text = "ResetSeqNumFlag(141)=Y needs MsgSeqNum(34)=1, not \(logon.header.seq)"
                return Defect(.valueIncorrect, .msgSeqNum, text)
            }
            if settings.role == .initiator, !resetPending {
                return Defect(.valueIncorrect, .resetSeqNumFlag, "ResetSeqNumFlag(141)=Y was not asked for")
            }
        }
        return nil
    }

    private func intervalDefect(_ seconds: Int) -> Defect? {
        switch settings.role {
        case .initiator:
            let asked = Int(interval.nanoseconds / 1_000_000_000)
            if seconds == asked { return nil }
            return Defect(.valueIncorrect, .heartBtInt, "HeartBtInt(108) is \(seconds), \(asked) was asked for")
        case .acceptor:
            let range = settings.heartbeatIntervalsAccepted
            if range.contains(seconds) { return nil }
            let text = "HeartBtInt(108) is \(seconds), accepted are \(range.lowerBound) to \(range.upperBound)"
            return Defect(.valueIncorrect, .heartBtInt, text)
        }
    }

    private mutating func accept(_ logon: Message) {
        let wantsReset = logon.flag(.resetSeqNumFlag) == true
        if settings.role == .acceptor, wantsReset { resetNumbers() }
        let seq = logon.header.seq
        if seq < numbers.nextIncoming {
            return logOutAndGiveUp("MsgSeqNum too low, expecting \(numbers.nextIncoming) but received \(seq)")
        }
        if settings.role == .acceptor {
            interval = .seconds(logon.integer(.heartBtInt) ?? 0)
            answer(logonWithReset: wantsReset)
        }
        resetPending = false
        enter(.loggedOn)
        output.append(.loggedOn)
        if seq == numbers.nextIncoming { numbers.nextIncoming += 1 } else { hold(logon, wasAnswered: true) }
    }

    private mutating func answer(logonWithReset: Bool) {
        var answer = Message(
            MsgType.logon, [(.encryptMethod, "0"), (.heartBtInt, "\(interval.nanoseconds / 1_000_000_000)")])
        if logonWithReset { answer[.resetSeqNumFlag] = "Y" }
        transmit(answer)
    }

    /// A Logon with ResetSeqNumFlag(141)=Y on a live session: both sides start at 1 again.
    mutating func restart(by logon: Message) {
        guard settings.role == .acceptor, phase == .loggedOn else {
            return logOutAndGiveUp("ResetSeqNumFlag(141)=Y was not asked for")
        }
        if let defect = logonDefect(logon) {
            if logon.header.seq == numbers.nextIncoming { numbers.nextIncoming += 1 }
            reject(logon, defect)
            return logOutAndGiveUp(defect.text)
        }
        resetNumbers()
        numbers.nextIncoming = 2
        interval = .seconds(logon.integer(.heartBtInt) ?? 0)
        answer(logonWithReset: true)
    }
}
