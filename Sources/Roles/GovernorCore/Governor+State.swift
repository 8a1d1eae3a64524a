import Messages
import Units

extension Governor {
    /// After every event: the state that follows from the conditions, and the next step of an obligation.
    mutating func settle(at moment: Moment) {
        guard recovered else { return }
        followConditions(at: moment)
        if killed { cancelEverything(at: moment) } else { stepFlattening(at: moment) }
        // A flattening that has just ended is a condition less.
        followConditions(at: moment)
        if let since = troubleSince, sessionUp, reconciliation.isDone, ledger.isFlat {
            recoveryTime = moment.now - since
            troubleSince = nil
        }
    }

    private mutating func followConditions(at moment: Moment) {
        let (kind, reason) = conditions(at: moment.now)
        if kind != self.kind || reason != self.reason { changeState(kind, reason, at: moment) }
    }

    private func conditions(at now: Instant) -> (GovernorState.Kind, String) {
        if killed { return (.killed, "operator") }
        let isReadable = flags.isReadable(at: now)
        if flags.isLatched, flags.cause != nil || isReadable { return (.paused, waiting(flags.latchReason)) }
        if !isReadable { return (.paused, "flags unreadable") }
        if flags.isPausedByOperator { return (.paused, waiting("paused by the operator")) }
        if !sessionUp { return (.paused, "session down") }
        if !reconciliation.isDone { return (.paused, "not reconciled") }
        if !storeReachable { return (.paused, "store unavailable") }
        if let flattening { return (.reduceOnly, flattening.reason.rawValue) }
        if let lossLatched { return (.reduceOnly, lossLatched.rawValue) }
        if latency.isSustained { return (.reduceOnly, Decision.Reason.sustainedLatency.rawValue) }
        // A slow path keeps nobody from going on, but from starting again.
        if kind != .active, latency.isHigh { return (.paused, "path too slow") }
        return (.active, "ok")
    }

    /// A pause in words, with what a resume would still wait for: the operator reads it there, and nowhere else.
    private func waiting(_ pause: String) -> String {
        guard let obstacle else { return "\(pause); ready\(ledger.isFlat ? ", flat" : "")" }
        return "\(pause); a resume waits for \(obstacle)"
    }

    private var obstacle: String? {
        if !sessionUp { return "the session" }
        if !reconciliation.isDone { return "reconciliation" }
        if !storeReachable { return "the store" }
        if flattening != nil { return "the flattening" }
        return latency.isHigh ? "a faster path" : nil
    }

    /// What an opening order is told before anything of its own is looked at.
    func closedGate(at moment: Moment) -> Decision.Reason? {
        if killed { return .killed }
        if flags.isLatched, flags.lastConfirmed != nil { return .criticalPaused }
        if !flags.isReadable(at: moment.now) || flags.isPausedByOperator { return .paused }
        if !sessionUp { return .sessionDown }
        if !reconciliation.isDone { return .notReconciled }
        if !storeReachable { return .storeUnavailable }
        if moment.unsentBytes > 0 { return .pathBackedUp }
        return kind == .paused ? .paused : nil
    }

    mutating func changeState(
        _ kind: GovernorState.Kind, _ reason: String, raise: Bool = false, deemedDead: Bool = false, at moment: Moment
    ) {
        func isClosed(_ kind: GovernorState.Kind) -> Bool { kind == .paused || kind == .killed }
        // A pause that only changes its words leaves alone what may be on its way under it: cancels and exits.
        let closes = isClosed(kind) && (raise || !isClosed(self.kind))
        self.kind = kind
        self.reason = reason
        epoch += 1
        since = moment.wall
        if raise { flags.raise(reason, epoch: epoch) }
        if kind != .active { withdrawOpenings(at: moment) }
        if closes { out.append(.closePath(deemedDead: deemedDead, reason: reason)) }
        if raise { self.reason = conditions(at: moment.now).1 }
        out.append(
            .writeState(GovernorState(kind: kind, epoch: epoch, reason: self.reason, since: since), raise: raise))
        out.append(.store(.memory(epoch: epoch, peakEquity: peakEquity)))
        out.append(.announce("\(kind.rawValue) at epoch \(epoch): \(self.reason)"))
    }

    /// The critical pause. The gate is closed by the state before the flag is written, and what the kernel still
    /// holds is taken back: directives are carried out in order.
    mutating func raiseCriticalPause(_ cause: String, deemedDead: Bool, at moment: Moment) {
        if troubleSince == nil { troubleSince = moment.now }
        guard !flags.isLatched || flags.lastConfirmed == nil else { return }
        changeState(killed ? .killed : .paused, cause, raise: true, deemedDead: deemedDead, at: moment)
    }

    mutating func receive(_ keys: Keys, at moment: Moment) {
        let outage = flags.confirm(keys, at: moment.now)
        if let outage, outage > timing.outageRaises, !flags.eitherIsSet {
            raiseCriticalPause("flags unreadable for \(outage.written(to: 100))", deemedDead: false, at: moment)
        }
        guard let command = keys.command, !command.isEmpty else {
            commandHandled = false
            return
        }
        guard !commandHandled else { return }
        commandHandled = true
        switch command {
        case "kill":
            killed = true
        case "flatten":
            out.append(.forgetCommand)
            startFlattening(.operator, at: moment)
        default:
            out.append(.announce("governor.command: expected flatten or kill, found '\(command)'"))
        }
    }
}

// Losses.
extension Governor {
    mutating func lookAtEquity(at moment: Moment) {
        equity = ledger.equity(opening: limits.openingEquity) { market.mark($0, isLong: $1 > .zero) }
        guard let equity else { return }
        if equity > peakEquity { peakEquity = equity }
        guard lossLatched != .drawdown else { return }
        if isDrawdownExceeded(equity) {
            lossLatched = .drawdown
            startFlattening(.drawdown, at: moment)
        } else if isDailyLossExceeded(equity), lossLatched == nil {
            lossLatched = .dailyLoss
        }
    }

    func isDailyLossExceeded(_ equity: Money) -> Bool {
        Int128(limits.openingEquity.units) - Int128(equity.units) > Int128(limits.maxDailyLoss.units)
    }

    func isDrawdownExceeded(_ equity: Money) -> Bool {
        let fall = Int128(peakEquity.units) - Int128(equity.units)
        return fall * 10_000 > Int128(limits.maxDrawdownBasisPoints) * Int128(peakEquity.units)
    }
}

extension Duration {
    /// Rounded down to a multiple of so many milliseconds: for words, not for arithmetic.
    fileprivate func written(to milliseconds: Int64) -> String {
        "\(nanoseconds / 1_000_000 / milliseconds * milliseconds) ms"
    }
}
