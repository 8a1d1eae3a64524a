import History
import Books
import Messages
import Scenarios
import Units

extension Scene {
    struct DrawdownFigures {
        /// In percent of the running peak, from the crash's start until flat.
        let whole: Double
        /// Within the fall alone: the requirement's thirty seconds.
        let fall: Double
        let record: Place?
        let isExposed: Bool
    }

    /// Longs at the published bid, shorts at the ask, cash from the drop copy, fees taken off.
    func drawdown() throws(ReasonError) -> DrawdownFigures {
        let account = try account()
        let crash = try crash()
        let curve = curve(account)
        if let defect = curve.defects.first { throw ReasonError(reason: "a fill can't be counted: \(defect)") }
        let until = max(flatAfter(crash.start), crash.fallEnd)
        let span = crash.start...until
        if let stamp = curve.unmarked.first(where: { span.contains($0.at) }) {
            throw ReasonError(reason: "a position stood with nothing published to close it at, record \(stamp.record)")
        }
        guard let whole = curve.deepest(within: span), let fall = curve.deepest(within: crash.start...crash.fallEnd)
        else { throw ReasonError(reason: "the opening equity is not above zero") }
        return DrawdownFigures(
            whole: whole.fall.percent, fall: fall.fall.percent, record: whole.record,
            isExposed: curve.points.contains { span.contains($0.at) && !$0.isFlat })
    }

    /// When the position was closed for good after `start`; the history's end when it never was.
    private func flatAfter(_ start: Instant) -> Instant {
        positions.flatSince(at: timeline.end, notBefore: start)?.at ?? max(start, timeline.end)
    }

    func maxDrawdown(_ limit: Figure) -> Finding {
        let figures: DrawdownFigures
        do { figures = try drawdown() } catch { return .unknown(error.reason) }
        let holds = GateName.maxDrawdown.comparator.holds(figures.whole, limit)
        let text = "fell \(JSON.real(figures.whole).text()) % from its peak, less than \(limit) % is allowed"
        return Finding(
            holds ? .pass : .fail, observed: .real(figures.whole), count: positions.trades.count,
            reason: holds ? nil : text, isVacuous: !figures.isExposed, records: [figures.record].compactMap { $0 })
    }

    /// Everything that the broker's ledger still holds at the end, whichever way round.
    func finalPosition(_ limit: Figure) -> Finding {
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        let held = positions.state(at: timeline.end).positions
        let shares = held.values.reduce(0) { $0 + $1.magnitude.shares }
        let holds = GateName.finalPositionShares.comparator.holds(Double(shares), limit)
        let text = held.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return Finding(
            holds ? .pass : .fail, observed: .integer(shares), count: positions.trades.count,
            reason: holds ? nil : "still held at the end: \(text)", isVacuous: positions.trades.isEmpty,
            records: positions.trades.last.map { [$0.stamp.record] } ?? [])
    }
}
