import FIX
import Messages
import Units

extension Governor {
    mutating func receive(_ event: SessionEvent, at moment: Moment) {
        switch event {
        case .heard:
            lastHeard = moment.now
        case .testRequestAnswered(let id):
            latency.broker.answered(id, at: moment.now)
        case .loggedOn:
            sessionUp = true
            hadSession = true
            sessionLost = nil
            brokerDownAnnounced = false
            lastHeard = moment.now
            latency.broker.restart()
            nextTestRequest = moment.now
            massCancelAsked = nil
            forgetCancelRequests()
            askStatus(at: moment)
        case .ended(let planned, let reason):
            guard sessionUp else { return }
            sessionUp = false
            sessionLost = moment.now
            nextTestRequest = nil
            latency.broker.restart()
            reconciliation.sessionEnded()
            if !planned { raiseCriticalPause("broker session lost: \(reason)", deemedDead: true, at: moment) }
            withdrawOpenings(at: moment)
        }
    }

    /// Silence of the broker, the round trips of its session, and the time without one.
    mutating func watchSession(at moment: Moment) {
        if !sessionUp, hadSession, !brokerDownAnnounced, let lost = sessionLost,
            moment.now - lost >= timing.brokerDownAfter
        {
            brokerDownAnnounced = true
            if flattening == nil { startFlattening(.brokerDown, at: moment) }
        }
        guard sessionUp, let heard = lastHeard else { return }
        let silence = moment.now - heard
        if silence >= timing.silenceSuspicious {
            raiseCriticalPause("nothing heard from the broker", deemedDead: true, at: moment)
        }
        if silence >= timing.silenceFatal { out.append(.abortSession(reason: "nothing heard from the broker")) }
        while let due = nextTestRequest, due <= moment.now {
            testRequests += 1
            latency.broker.sent(testRequests, at: moment.now)
            out.append(.testRequest(testRequests))
            // Open loop, but after a stall one request is enough.
            nextTestRequest = max(due + timing.testRequestEvery, moment.now)
            if due + timing.testRequestEvery <= moment.now { nextTestRequest = moment.now + timing.testRequestEvery }
        }
    }

    mutating func askStatus(at moment: Moment) {
        for var order in orders.live.values where order.isNamed {
            order.isNamed = false
            orders.put(order)
        }
        let id = reconciliation.ask(instance: instance, at: moment.now)
        out.append(.send(OrderWire.statusOfEverything(id: id)))
    }

    /// What was asked on a connection that is gone is not an answer to wait for.
    private mutating func forgetCancelRequests() {
        for order in orders.live.values where order.cancelAsked != nil {
            var order = order
            order.cancelAsked = nil
            orders.put(order)
        }
    }

    /// One line of the mass status: the order it names is alive.
    mutating func receiveStatus(_ report: Report, at moment: Moment) {
        guard reconciliation.isAsked(report.statusRequest) else { return }
        if !report.isEmptyStatus {
            if var order = orders[report.clOrdID] {
                order.isNamed = true
                order.stage = .working
                orders.put(order)
            } else if let holder = orders.holder(ofReplacement: report.clOrdID), var order = orders.rename(holder) {
                order.isNamed = true
                orders.put(order)
            } else if !report.isFinal {
                adopt(report, at: moment)
            }
        }
        if report.endsStatus { finishReconciliation(at: moment) }
    }

    /// An order that this governor doesn't remember is its own all the same: the broker says so.
    private mutating func adopt(_ report: Report, at moment: Moment) {
        var order = TrackedOrder(
            clOrdID: report.clOrdID, origClOrdID: report.origClOrdID, reference: report.reference ?? report.clOrdID,
            tick: nil, symbol: report.symbol, side: report.side, quantity: report.quantity,
            price: report.price ?? report.lastPrice, timeInForce: .day, reducing: report.reducing,
            isFlattening: report.reference?.hasPrefix("flatten-") ?? false, epoch: epoch, decided: moment.now,
            decidedWall: moment.wall, cumulative: report.cumulative, stage: .working)
        order.isNamed = true
        orders.put(order)
        out.append(.store(.order(order.row(.working, at: moment.wall), gates: false)))
        out.append(.announce("adopted order \(report.clOrdID), which the broker holds and this governor didn't know"))
    }

    /// What the broker did not name was never accepted, or is over.
    private mutating func finishReconciliation(at moment: Moment) {
        reconciliation.finish()
        for order in orders.live.values where !order.isNamed && order.stage != .undurable {
            finish(order.clOrdID, order.stage == .sent ? .lost : .cancelled, at: moment)
        }
        for order in orders.live.values {
            guard let change = order.replacement, change.isSent else { continue }
            // The order stands under its old name, so the replace never arrived.
            out.append(.store(.order(order.row(of: change, .lost, at: moment.wall), gates: false)))
            orders.dropReplacement(of: order.clOrdID)
        }
    }
}
