import Units

// What happens because time passes: heartbeats, probes, time-outs.

extension Session {
    /// When `tick` is due; `nil` when nothing is.
    package var nextDeadline: Instant? {
        switch phase {
        case .disconnected, .closing: nil
        case .loggingOn: phaseSince + settings.logonTimeout
        case .loggingOut, .loggedOutByPeer: phaseSince + settings.logoutTimeout
        case .loggedOn: [heartbeatDue, probeDue, silenceEnd, gapEnd].compactMap { $0 }.min()
        }
    }

    private var heard: Instant { max(lastReceived ?? phaseSince, phaseSince) }
    private var heartbeatDue: Instant? { interval > .zero ? lastSent + interval : nil }
    private var silenceEnd: Instant? { silence(percent: settings.disconnectAfterPercent) }
    private var probeDue: Instant? { isProbing ? nil : silence(percent: settings.testRequestAfterPercent) }
    private var gapEnd: Instant? { gap.requestedThrough == nil ? nil : gap.since + settings.gapTimeout }

    private func silence(percent: Int?) -> Instant? {
        guard let percent, interval > .zero else { return nil }
        return heard + .nanoseconds(interval.nanoseconds * Int64(percent) / 100)
    }

    mutating func runTimers() {
        switch phase {
        case .disconnected, .closing:
            break
        case .loggingOn:
            if now >= phaseSince + settings.logonTimeout {
                giveUp("no Logon within \(settings.logonTimeout.written)")
            }
        case .loggingOut:
            if now >= phaseSince + settings.logoutTimeout {
                giveUp("Logout not answered within \(settings.logoutTimeout.written)")
            }
        case .loggedOutByPeer:
            if now >= phaseSince + settings.logoutTimeout { giveUp("the peer logged out and did not disconnect") }
        case .loggedOn:
            runSessionTimers()
        }
    }

    private mutating func runSessionTimers() {
        if let end = silenceEnd, now >= end {
            return giveUp("nothing received for \((now - heard).written)")
        }
        if let end = gapEnd, now >= end {
            return logOutAndGiveUp("message \(numbers.nextIncoming) not resent within \(settings.gapTimeout.written)")
        }
        if let due = probeDue, now >= due {
            isProbing = true
            probes += 1
            transmit(Message(MsgType.testRequest, [(.testReqID, "silence-\(probes)")]))
        }
        if let due = heartbeatDue, now >= due { transmit(Message(MsgType.heartbeat)) }
    }
}
