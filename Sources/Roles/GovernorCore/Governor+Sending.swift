import Messages
import Units

// From the decision to the socket: durable first, then the last gate.
extension Governor {
    mutating func submit(_ order: TrackedOrder, at moment: Moment) {
        orders.put(order)
        undurable.append((order.clOrdID, moment.now))
        out.append(.store(.order(order.row(.pending, at: moment.wall), gates: true)))
    }

    /// The row is durable: the last gate looks once more, and the order leaves or is withdrawn.
    mutating func leave(_ clOrdID: String, at moment: Moment) {
        undurable.removeAll { $0.clOrdID == clOrdID }
        if let holder = orders.holder(ofReplacement: clOrdID) { return leaveReplacement(of: holder, at: moment) }
        guard var order = orders[clOrdID], order.stage == .undurable else { return }
        let reason = order.reducing ? exitLastGate(order, at: moment) : openingLastGate(order, at: moment)
        if let reason { return withdraw(clOrdID, reason, at: moment) }
        order.stage = .sent
        orders.put(order)
        out.append(
            .sendOrder(clOrdID: clOrdID, reference: order.reference, OrderWire.new(order, at: moment.wall)))
    }

    private mutating func leaveReplacement(of holder: String, at moment: Moment) {
        guard var order = orders[holder], var change = order.replacement, !change.isSent else { return }
        let reason = lastGate(order.symbol, epoch: change.epoch, decided: change.decided, at: moment)
        if let reason { return withdraw(change.clOrdID, reason, at: moment) }
        change.isSent = true
        order.replacement = change
        orders.put(order)
        out.append(
            .sendOrder(
                clOrdID: change.clOrdID, reference: change.reference,
                OrderWire.replace(order, with: change, at: moment.wall)))
    }

    private func openingLastGate(_ order: TrackedOrder, at moment: Moment) -> Decision.Reason? {
        lastGate(order.symbol, epoch: order.epoch, decided: order.decided, at: moment)
    }

    private func lastGate(_ symbol: String, epoch: Int64, decided: Instant, at moment: Moment) -> Decision.Reason? {
        if let reason = closedGate(at: moment) { return reason }
        guard epoch == self.epoch, kind == .active else { return kind == .reduceOnly ? .reduceOnly : .paused }
        if moment.now - decided > timing.decisionAgeMaximum { return .decisionStale }
        switch market.fitness(symbol, at: moment.now, ageMaximum: limits.maxQuoteAge) {
        case .good: return nil
        case .halted: return .halted
        case .missing, .stale: return .staleFeed
        }
    }

    private func exitLastGate(_ order: TrackedOrder, at moment: Moment) -> Decision.Reason? {
        if let reason = exitGate(at: moment, permitsKilled: false) { return reason }
        if moment.now - order.decided > timing.decisionAgeMaximum { return .decisionStale }
        return reducible(order.symbol, order.side, besides: order) < order.quantity ? .notReducing : nil
    }

    /// What is not durable by now must be called off while the second of the contract lasts.
    mutating func withdrawOverdue(at moment: Moment) {
        let overdue = undurable.prefix { moment.now - $0.decided > timing.commitPatience }
        for entry in overdue { withdraw(entry.clOrdID, .storeUnavailable, at: moment) }
        undurable.removeFirst(min(overdue.count, undurable.count))
    }

    /// The gate is closed: whatever waits behind it is called off at once, exits excepted while there is a session.
    mutating func withdrawOpenings(at moment: Moment) {
        guard !undurable.isEmpty else { return }
        let reason = closedGate(at: moment) ?? (kind == .reduceOnly ? .reduceOnly : .paused)
        for entry in undurable {
            let keeps = sessionUp && !killed && orders[entry.clOrdID]?.reducing == true
            if !keeps { withdraw(entry.clOrdID, reason, at: moment) }
        }
        undurable.removeAll { entry in
            orders[entry.clOrdID]?.stage != .undurable && orders.holder(ofReplacement: entry.clOrdID) == nil
        }
    }

    mutating func withdraw(_ clOrdID: String, _ reason: Decision.Reason, at moment: Moment) {
        if let holder = orders.holder(ofReplacement: clOrdID), let order = orders[holder],
            let change = order.replacement
        {
            out.append(.store(.order(order.row(of: change, .withdrawn, at: moment.wall), gates: false)))
            orders.dropReplacement(of: holder)
            return publishWithdrawn(change.reference, change.tick, clOrdID, reason)
        }
        guard let order = orders[clOrdID] else { return }
        out.append(.store(.order(order.row(.withdrawn, at: moment.wall), gates: false)))
        orders.retire(clOrdID)
        if !order.isFlattening { publishWithdrawn(order.reference, order.tick, clOrdID, reason) }
    }

    mutating func publishWithdrawn(_ intent: String, _ tick: Int64?, _ clOrdID: String, _ reason: Decision.Reason) {
        out.append(
            .publish(
                Decision(
                    intent: intent, tick: tick, action: .withdrawn, quantity: .zero, reason: reason, epoch: epoch,
                    clOrdID: clOrdID)))
    }
}
