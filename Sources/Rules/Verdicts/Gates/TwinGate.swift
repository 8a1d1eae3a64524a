import Books
import Messages
import Scenarios
import Units

extension Scene {
    func twin() throws(ReasonError) -> Twin.Outcome {
        let account = try account()
        let crash = try crash()
        guard let plan = evidence.plan else { throw ReasonError(reason: "plan.ndjson is not in evidence") }
        if let defect = difference(from: plan) { throw ReasonError(reason: defect) }
        let broker = evidence.scenario.broker
        guard let model = FillModel(rawValue: broker.fillModel.rawValue) else {
            throw ReasonError(reason: "no fill model '\(broker.fillModel.rawValue)'")
        }
        let draws = SeededDraw(seed: plan.seed, stream: "twin's way to the broker")
        let variance = Double(broker.roundTripVariance.units) / 10_000 / 2
        let deviation = Int64(variance.squareRoot() * 1_000_000)
        var twin = Twin(model, opening: account.limits.openingEquity, start: try feedStart())
        twin.run(plan) { index in
            let leg = broker.roundTripMean.nanoseconds / 2 + draws.bell(at: index) * deviation / 1_000_000
            return .nanoseconds(max(0, leg))
        }
        guard let outcome = twin.outcome(account, from: crash.start, bands: hasPriceBands) else {
            throw ReasonError(reason: "the opening equity is not above zero")
        }
        return outcome
    }

    /// What was sent must be what was planned, or the twin would go through another crash than the governor did.
    private func difference(from plan: Plan) -> String? {
        func event(_ tick: Int64) -> Plan.Content? {
            tick >= 1 && tick <= Int64(plan.events.count) ? plan.events[Int(tick) - 1].content : nil
        }
        for book in timeline.books {
            guard case .depth(let depth)? = event(book.tick), depth.symbol == book.symbol,
                depth.bids.first?.price == book.bid, depth.asks.first?.price == book.ask,
                (depth.status == .halted) == book.isHalted
            else { return "\(book.stamp.record): the book of tick \(book.tick) is not the plan's" }
        }
        for offer in timeline.offered {
            guard case .intent(let intent, _)? = event(offer.key.tick), intent.id == offer.key.id else {
                return "\(offer.stamp.record): the intent of tick \(offer.key.tick) is not the plan's"
            }
        }
        return nil
    }

    /// A drill in which nobody could have lost much shows nothing: inconclusive, and nobody's failure.
    func ungovernedTwin(_ minimum: Figure) -> Finding {
        let outcome: Twin.Outcome
        do { outcome = try twin() } catch { return .unknown(error.reason) }
        let lost = JSON.real(outcome.drawdownPercent)
        guard GateName.ungovernedTwin.comparator.holds(outcome.drawdownPercent, minimum) else {
            return Finding(
                .inconclusive, observed: lost, count: outcome.fills,
                reason: "without a governor the same intents lost \(lost.text()) %, at least \(minimum) % would make it a crash")
        }
        return Finding(.pass, observed: lost, count: outcome.fills)
    }
}
