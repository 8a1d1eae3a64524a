// What left while a symbol was halted. A governor may act on any book that was current within the last `max_quote_age`,
// so a halt counts from that much after the first halted book to the first book that trades again. Exits are exempt by
// the contract: the venue refuses them, and nobody's risk grows.

import Messages
import Scenarios
import Units

extension Scene {
    /// Fewer requests in a halt say little of who refuses them.
    static let requestsInHaltMinimum = 20

    /// Only those that ended: a halt without an end shows nothing of who trades again.
    private func halts(after age: Duration) -> [String: [Range<Instant>]] {
        var since: [String: Instant] = [:]
        var found: [String: [Range<Instant>]] = [:]
        for book in timeline.books {
            if book.isHalted {
                since[book.symbol] = since[book.symbol] ?? book.stamp.at
            } else if let start = since.removeValue(forKey: book.symbol), start + age < book.stamp.at {
                found[book.symbol, default: []].append(start + age..<book.stamp.at)
            }
        }
        return found
    }

    func ordersInHalt() -> Finding {
        // Without limits it isn't known how old a book may be that an order is based on.
        guard let age = try? RiskLimits(evidence.limits).quoteAge else { return .unknown("limits.json is not in evidence") }
        let halts = halts(after: age)
        guard !halts.isEmpty else {
            return .unknown("no symbol was halted for longer than max_quote_age and then traded again")
        }
        func isHalted(_ symbol: String, _ at: Instant) -> Bool { halts[symbol]?.contains { $0.contains(at) } ?? false }
        let offered = timeline.offered
        let asked = timeline.arrived.count { arrival in
            offered[arrival.key].map {
                $0.kind != .cancel && !$0.isReduceOnly && isHalted($0.symbol, arrival.stamp.at)
            } ?? false
        }
        let left = timeline.departures.filter { departure in
            ["D", "G"].contains(departure.type) && !departure.isPossibleDuplicate
                && !leaks.verified.contains(departure.stamp.record)
                && isHalted(departure.symbol, departure.stamp.at)
        }.map { Violation(text: "\($0.name) left for \($0.symbol), which was halted", record: $0.stamp.record) }
        // The rig's own broker: that it trades in a halt is nobody else's failure.
        let traded = timeline.ledger.filter { $0.execution.kind == .trade && isHalted($0.execution.symbol, $0.stamp.at) }
            .map { Violation(text: "the broker traded \($0.execution.symbol) in a halt", record: $0.stamp.record) }
        guard !left.isEmpty || asked >= Scene.requestsInHaltMinimum else {
            return .unknown(
                "\(asked) intents asked for an opening in a halt, at least \(Scene.requestsInHaltMinimum) show who refuses")
        }
        return .never(left, unsure: traded, of: asked)
    }
}
