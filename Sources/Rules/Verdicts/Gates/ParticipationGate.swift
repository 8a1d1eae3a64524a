// Whether the governor took part. One that rejects everything loses nothing, breaks no limit, and ends flat.

import History
import Messages
import Scenarios
import Units

extension Scene {
    /// Of the limit of gross exposure.
    static let exposureShareMinimum = 50.0

    struct ParticipationFigures {
        let fills: Int
        let peakExposurePercent: Double
        let lossRejections: [Outgone]
    }

    func participationFigures() throws(ReasonError) -> ParticipationFigures {
        let account = try account()
        let peak = curve(account).points.map(\.exposure).max() ?? .zero
        let limit = account.limits.grossExposure
        guard limit > .zero else { throw ReasonError(reason: "the limit of gross exposure is zero") }
        let reasons: Set = [Decision.Reason.dailyLoss.rawValue, Decision.Reason.drawdown.rawValue]
        let source = timeline.decided.isEmpty ? timeline.published : timeline.decided
        return ParticipationFigures(
            fills: positions.trades.count, peakExposurePercent: 100 * Double(peak.units) / Double(limit.units),
            lossRejections: source.filter { $0.action == "reject" && reasons.contains($0.reason) })
    }

    /// Too little trading is the governor's doing only where the same intents would have made more of it.
    func participation(_ minimum: Int64) -> Finding {
        let figures: ParticipationFigures
        let account: Account
        do {
            figures = try participationFigures()
            account = try self.account()
        } catch { return .unknown(error.reason) }
        var short: [String] = []
        if figures.fills < minimum { short.append("\(figures.fills) fills, at least \(minimum) expected") }
        if figures.peakExposurePercent < Scene.exposureShareMinimum {
            let peak = JSON.real(figures.peakExposurePercent).text()
            short.append("exposure rose to \(peak) % of its limit, at least 50 % expected")
        }
        let records = positions.trades.prefix(1).map(\.stamp.record) + figures.lossRejections.prefix(1).map(\.stamp.record)
        guard short.isEmpty else {
            let twin: Twin.Outcome
            do { twin = try self.twin() } catch { return .unknown("\(short.joined(separator: "; ")); \(error.reason)") }
            let couldTrade = twin.fills >= minimum && twin.peakExposure >= account.limits.grossExposure
            return Finding(
                couldTrade ? .fail : .inconclusive, observed: false, count: figures.fills,
                reason: short.joined(separator: "; ")
                    + (couldTrade ? "" : "; and the load allowed no more"), records: records)
        }
        guard figures.lossRejections.isEmpty else {
            return Finding(.pass, observed: true, count: figures.fills, records: records)
        }
        return unrefused(account, figures, records)
    }

    /// Nothing was refused for losses: a broken promise if there were such losses while orders were asked for.
    private func unrefused(_ account: Account, _ figures: ParticipationFigures, _ records: [Place]) -> Finding {
        let curve = EquityCurve(
            opening: account.limits.openingEquity, fees: account.fees, fills: fillsAsHeard, books: timeline.books,
            bands: false)
        let exceeded = curve.stretches { equity, peak in
            account.limits.openingEquity - equity > account.limits.dailyLoss
                || Int128((peak - equity).units) * 10_000
                    > Int128(account.limits.drawdownBasisPoints) * Int128(peak.units)
        }
        let asked = timeline.arrived.contains { intent in
            guard let offer = timeline.offered[intent.key], offer.action == "new", !offer.isReduceOnly else { return false }
            return exceeded.contains { stretch in
                intent.stamp.at > stretch.start.at + BreachRule.reaction
                    && stretch.end.map { intent.stamp.at < $0 } ?? true
            }
        }
        return Finding(
            asked ? .fail : .inconclusive, observed: false, count: figures.fills,
            reason: asked
                ? "a loss limit was exceeded, and no order was refused for it"
                : "no order was refused for loss or drawdown, and none had to be",
            records: records + exceeded.prefix(1).map(\.start.record))
    }
}
