import Units

// A message that came in: whose is it, is it its turn, is it sound, what does it say. In this order.

extension Session {
    mutating func receive(_ message: Message) {
        if phase == .loggingOn { return receiveFirst(message) }
        guard isOurs(message), isTimely(message) else { return }
        if isReset(message) { return reset(by: message) }
        if message.msgType == MsgType.logon, message.flag(.resetSeqNumFlag) == true { return restart(by: message) }
        let expected = numbers.nextIncoming
        if message.header.seq < expected {
            receiveOld(message)
        } else if message.header.seq > expected {
            receiveEarly(message)
        } else {
            take(message)
            drainHeld()
        }
    }

    /// BeginString, MsgSeqNum and CompIDs: a message without them can't be placed at all.
    private mutating func isOurs(_ message: Message) -> Bool {
        let header = message.header
        guard header.beginString == "FIX.4.4" else {
            logOutAndGiveUp("BeginString is \(header.beginString), expected FIX.4.4")
            return false
        }
        guard header.seq > 0 else {
            logOutAndGiveUp("MsgSeqNum is missing or no number")
            return false
        }
        if let defect = compIDDefect(header) {
            consumeIfNext(message)
            reject(message, defect)
            logOutAndGiveUp(defect.text)
            return false
        }
        return true
    }

    func compIDDefect(_ header: Header) -> Defect? {
        if header.sender != settings.targetCompID {
            let text = "SenderCompID is '\(header.sender)', expected '\(settings.targetCompID)'"
            return Defect(.compIDProblem, .senderCompID, text)
        }
        if header.target != settings.senderCompID {
            let text = "TargetCompID is '\(header.target)', expected '\(settings.senderCompID)'"
            return Defect(.compIDProblem, .targetCompID, text)
        }
        return nil
    }

    private mutating func isTimely(_ message: Message) -> Bool {
        guard let defect = accuracyDefect(message.header) else { return true }
        consumeIfNext(message)
        reject(message, defect)
        logOutAndGiveUp(defect.text)
        return false
    }

    func accuracyDefect(_ header: Header) -> Defect? {
        guard let sent = header.sendingTime else { return nil }
        let difference = sent - wall
        let limit = settings.sendingTimeAccuracy
        guard difference > limit || difference < .zero - limit else { return nil }
        let text = "SendingTime is \(difference.written) off, at most \(limit.written) are allowed"
        return Defect(.sendingTimeAccuracy, .sendingTime, text)
    }

    private mutating func consumeIfNext(_ message: Message) {
        if message.header.seq == numbers.nextIncoming { numbers.nextIncoming += 1 }
    }

    /// Below the expected number: a duplicate if it says so, else the numbers can't be trusted any more.
    private mutating func receiveOld(_ message: Message) {
        guard message.header.possDup else {
            logOutAndGiveUp(
                "MsgSeqNum too low, expecting \(numbers.nextIncoming) but received \(message.header.seq)")
            return
        }
        guard passesDuplicateRules(message) else { return }
        output.append(.ignored(reason: "duplicate \(message.msgType) \(message.header.seq)"))
    }

    /// OrigSendingTime must be there and not after SendingTime. A gap fill has no original to speak of.
    private mutating func passesDuplicateRules(_ message: Message) -> Bool {
        let header = message.header
        guard header.possDup, message.msgType != MsgType.sequenceReset else { return true }
        guard let original = header.origSendingTime else {
            if message.defects.isEmpty {
                let text = "PossDupFlag(43)=Y needs OrigSendingTime(122)"
                reject(message, Defect(.requiredTagMissing, .origSendingTime, text))
            }
            return !message.defects.isEmpty
        }
        if let sent = header.sendingTime, original > sent {
            let text = "OrigSendingTime(122) is after SendingTime(52)"
            reject(message, Defect(.sendingTimeAccuracy, .origSendingTime, text))
            logOutAndGiveUp(text)
            return false
        }
        return true
    }

    /// The message with the expected number.
    mutating func take(_ message: Message) {
        numbers.nextIncoming += 1
        guard passesDuplicateRules(message) else { return }
        if !MsgType.isDefined(message.msgType) {
            let text = "FIX 4.4 has no MsgType '\(message.msgType)'"
            return reject(message, Defect(.invalidMsgType, .msgType, text))
        }
        if let defect = MessageDictionary.defect(of: message) { return reject(message, defect) }
        if message.isSession { return takeSession(message) }
        guard settings.accepted.contains(message.msgType) else {
            return rejectBusiness(message, reason: 3, text: "MsgType '\(message.msgType)' is not supported here")
        }
        if let tag = MessageDictionary.conditionallyMissing(in: message) {
            return rejectBusiness(message, reason: 5, text: "tag \(tag) is required here")
        }
        guard isApplicationAvailable else {
            return rejectBusiness(message, reason: 4, text: "the application is not available")
        }
        output.append(.deliver(message))
    }

    private mutating func takeSession(_ message: Message) {
        switch message.msgType {
        case MsgType.heartbeat:
            if let id = message[.testReqID] { output.append(.heartbeat(testReqID: id)) }
        case MsgType.testRequest:
            transmit(Message(MsgType.heartbeat, [(.testReqID, message[.testReqID] ?? "")]))
        case MsgType.resendRequest:
            answerResendRequest(message)
        case MsgType.reject:
            output.append(.deliver(message))
        case MsgType.sequenceReset:
            fillGap(by: message)
        case MsgType.logout:
            takeLogout(message)
        case MsgType.logon:
            reject(message, Defect(.other, .msgType, "already logged on"))
        default:
            break
        }
    }

    mutating func answerResendRequest(_ message: Message) {
        guard let begin = message.integer(.beginSeqNo), let end = message.integer(.endSeqNo) else { return }
        let last = numbers.nextOutgoing - 1
        guard begin >= 1, begin <= last else {
            let text = "BeginSeqNo(7) is \(begin), sent were 1 to \(last)"
            return reject(message, Defect(.valueIncorrect, .beginSeqNo, text))
        }
        guard end == 0 || end >= begin else {
            let text = "EndSeqNo(16) \(end) is below BeginSeqNo(7) \(begin)"
            return reject(message, Defect(.valueIncorrect, .endSeqNo, text))
        }
        resend(begin...(end == 0 ? last : min(end, last)))
    }

    mutating func takeLogout(_ message: Message) {
        let reason = message[.text].map { "the peer logged out: \($0)" } ?? "the peer logged out"
        switch phase {
        case .loggedOn:
            transmit(Message(MsgType.logout))
            output.append(.loggedOut(reason: reason))
            enter(.loggedOutByPeer)
        case .loggingOut:
            giveUp("logged out")
        case .disconnected, .loggingOn, .loggedOutByPeer, .closing:
            break
        }
    }
}
