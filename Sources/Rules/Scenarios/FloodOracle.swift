// What the limits say about an order when its surroundings are known only within bounds: how much is held, how much
// is on its way, where the price stands when the governor looks. It shares no code with any governor.
//
// A limit is *certainly* broken when it is broken anywhere within the bounds, *possibly* when it is somewhere. An
// order is admissible when nothing is possibly broken, and breaks exactly one limit when that one is certainly broken
// and no other possibly. Whatever lies between is never sent: nobody could say what a good governor answers.

import Messages
import Units

struct FloodOracle {
    /// One symbol as the governor may see it. Shares; prices in 1/10,000.
    struct View {
        var position: ClosedRange<Int64> = 0...0
        var openBuys: ClosedRange<Int64> = 0...0
        var openSells: ClosedRange<Int64> = 0...0
        /// Of the ask: what exposures are valued at.
        var price: ClosedRange<Int64>
        var middle: ClosedRange<Int64>
    }

    struct Answer {
        var certain: Set<Decision.Reason> = []
        var possible: Set<Decision.Reason> = []

        var isAdmissible: Bool { possible.isEmpty }
        func breaksOnly(_ reason: Decision.Reason) -> Bool { certain == [reason] && possible == [reason] }

        mutating func note(_ reason: Decision.Reason, certain isCertain: Bool, possible isPossible: Bool) {
            if isCertain { certain.insert(reason) }
            if isCertain || isPossible { possible.insert(reason) }
        }
    }

    let limits: FloodLimits
    /// By place in the scenario's list; `nil` without a book to value at.
    var views: [View?]
    /// Over all symbols, 1/10,000.
    var openNotional: ClosedRange<Int64> = 0...0
    /// Own resting bids of a symbol: the highest that certainly works, and the highest that may.
    var certainBid: [Int: Int64] = [:]
    var possibleBid: [Int: Int64] = [:]

    /// A new limit order, of a symbol whose book is good. What hangs on time (rate, repetition) is the sender's to plan.
    func answer(_ place: Int, _ side: Side, _ quantity: Int64, limit: Int64) -> Answer {
        var answer = Answer()
        guard let view = views[place] else { return answer }
        noteCollar(view, limit, &answer)
        if quantity > limits.orderQuantity { answer.note(.maxQuantity, certain: true, possible: true) }
        // Worth its own limit: nothing of the market is in it.
        let notional = limit * quantity
        if notional > limits.orderNotional { answer.note(.maxNotional, certain: true, possible: true) }
        let worst =
            side == .buy
            ? low(view.position, view.openBuys, quantity) : low(negated(view.position), view.openSells, quantity)
        answer.note(
            .maxPosition, certain: worst.lowerBound > limits.position, possible: worst.upperBound > limits.position)
        noteExposures(place, side, quantity, &answer)
        answer.note(
            .openOrders, certain: openNotional.lowerBound + notional > limits.openNotional,
            possible: openNotional.upperBound + notional > limits.openNotional)
        if side == .sell {
            answer.note(
                .selfTrade, certain: certainBid[place].map { $0 >= limit } ?? false,
                possible: possibleBid[place].map { $0 >= limit } ?? false)
        }
        return answer
    }

    private func negated(_ range: ClosedRange<Int64>) -> ClosedRange<Int64> { -range.upperBound ... -range.lowerBound }

    private func low(_ position: ClosedRange<Int64>, _ open: ClosedRange<Int64>, _ more: Int64) -> ClosedRange<Int64> {
        position.lowerBound + open.lowerBound + more ... position.upperBound + open.upperBound + more
    }

    /// Rounding of the collar to whole cents moves it by less than a cent either way.
    private func noteCollar(_ view: View, _ limit: Int64, _ answer: inout Answer) {
        func band(_ middle: Int64) -> ClosedRange<Int64> {
            let wide = middle * limits.collarBasisPoints / 10_000
            return middle - wide ... middle + wide
        }
        let (low, high) = (band(view.middle.lowerBound), band(view.middle.upperBound))
        let isOutside = limit < low.lowerBound - 100 || limit > high.upperBound + 100
        let isInside = limit >= high.lowerBound + 100 && limit <= low.upperBound - 100
        answer.note(.priceCollar, certain: isOutside, possible: !isInside)
    }

    // MARK: exposures

    /// A sum known within bounds.
    private struct Sum {
        var low: Int64 = 0
        var high: Int64 = 0

        static func + (left: Sum, right: Sum) -> Sum { Sum(low: left.low + right.low, high: left.high + right.high) }
        var magnitude: Sum {
            let least = low > 0 ? low : high < 0 ? -high : 0
            return Sum(low: least, high: max(abs(low), abs(high)))
        }
        func larger(of other: Sum) -> Sum { Sum(low: max(low, other.low), high: max(high, other.high)) }
    }

    private struct Exposure {
        var gross = Sum()
        var long = Sum()
        var short = Sum()
        var net: Sum { long.magnitude.larger(of: short.magnitude) }
    }

    private func value(_ shares: ClosedRange<Int64>, _ price: ClosedRange<Int64>) -> Sum {
        let corners = [
            shares.lowerBound * price.lowerBound, shares.lowerBound * price.upperBound,
            shares.upperBound * price.lowerBound, shares.upperBound * price.upperBound,
        ]
        return Sum(low: corners.min() ?? 0, high: corners.max() ?? 0)
    }

    private func exposure(_ view: View, buys: Int64 = 0, sells: Int64 = 0) -> Exposure {
        let high = value(low(view.position, view.openBuys, buys), view.price)
        let fallen = low(negated(view.position), view.openSells, sells)
        let low = value(negated(fallen), view.price)
        return Exposure(gross: high.magnitude.larger(of: low.magnitude), long: high, short: low)
    }

    private func noteExposures(_ place: Int, _ side: Side, _ quantity: Int64, _ answer: inout Answer) {
        guard let view = views[place] else { return }
        var others = Exposure()
        for (other, view) in views.enumerated() where other != place {
            guard let view else { continue }
            let part = exposure(view)
            others = Exposure(
                gross: others.gross + part.gross, long: others.long + part.long, short: others.short + part.short)
        }
        let before = exposure(view)
        let after = exposure(view, buys: side == .buy ? quantity : 0, sells: side == .sell ? quantity : 0)
        let gross = others.gross + after.gross
        // Only what makes it worse is denied. Where the order's own side stays the smaller one, gross doesn't move.
        let grows = after.gross.high > before.gross.high || after.gross.low > before.gross.low
        answer.note(
            .grossExposure, certain: gross.low > limits.grossExposure && after.gross.low > before.gross.high,
            possible: grows && gross.high > limits.grossExposure)
        let netBefore = Exposure(long: others.long + before.long, short: others.short + before.short).net
        let net = Exposure(long: others.long + after.long, short: others.short + after.short).net
        answer.note(
            .netExposure, certain: net.low > limits.netExposure && net.low > netBefore.high,
            possible: net.high > limits.netExposure)
    }
}
