// Fills, limits and fees as the gates of an account need them.

import Books
import Messages
import Scenarios
import Units

extension Scene {
    /// Every fill at the instant at which the broker made it.
    var fillsAsMade: [EquityCurve.TimedFill] {
        positions.trades.compactMap { event in
            Fill(event.execution).map { EquityCurve.TimedFill(stamp: event.stamp, fill: $0) }
        }
    }

    /// Every fill at the instant at which its report reached the governor's interface; one that never did a second
    /// after it was made.
    var fillsAsHeard: [EquityCurve.TimedFill] {
        var heard: [String: Stamp] = [:]
        for message in timeline.messages where message.isInbound && message.type == "8" && !message.execID.isEmpty {
            if heard[message.execID] == nil { heard[message.execID] = message.stamp }
        }
        return fillsAsMade.map { made in
            let late = Stamp(
                at: made.stamp.at + .seconds(1), uncertainty: made.stamp.uncertainty, record: made.stamp.record)
            return EquityCurve.TimedFill(stamp: heard[made.fill.execID] ?? late, fill: made.fill)
        }
    }

    /// What an account is judged by, or why it can't be.
    struct Account {
        let limits: RiskLimits
        let fees: FeeSchedule
    }

    func account() throws(ReasonError) -> Account {
        let limits: RiskLimits
        do { limits = try RiskLimits(evidence.limits) } catch { throw ReasonError(reason: error.text) }
        guard let fees = evidence.fees else { throw ReasonError(reason: "fees.json is not in evidence") }
        guard positions.isWhole else { throw ReasonError(reason: "the broker's drop copy is not whole") }
        guard !timeline.books.isEmpty else { throw ReasonError(reason: "no published book is on record") }
        return Account(limits: limits, fees: fees)
    }

    var hasPriceBands: Bool { evidence.scenario.feed.overlays.crash?.luld == .on }

    func curve(_ account: Account) -> EquityCurve {
        EquityCurve(
            opening: account.limits.openingEquity, fees: account.fees, fills: fillsAsMade, books: timeline.books,
            bands: hasPriceBands)
    }
}
