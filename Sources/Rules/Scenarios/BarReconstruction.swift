// Minute bars of a day whose daily figures are public and whose minutes are not.
//
// Every bar is invented; only the day's open, high, low, close and volume are facts. The path runs from the open
// over the day's low and high, in an order and at minutes that the seed draws, to the close; between these points it
// is a bridge of bell-shaped steps. Integers throughout: the same seed is the same file on every machine.

import Units

package struct BarReconstruction: Hashable, Sendable {
    package var start: WallTime
    package var count: Int
    package var open: Price
    package var high: Price
    package var low: Price
    package var close: Price
    package var volume: Quantity

    /// NVDA on 17 October 2023: 440.00, 447.54, 424.80, 439.38; 81,233,300 shares. From 09:30 in New York.
    package static let nvda = BarReconstruction(
        start: WallTime(nanoseconds: 1_697_549_400 * 1_000_000_000), count: 175, open: Price(units: 4_400_000),
        high: Price(units: 4_475_400), low: Price(units: 4_248_000), close: Price(units: 4_393_800),
        volume: Quantity(shares: 81_233_300))

    /// The seed of the file in `data/`.
    package static let bundledSeed: UInt64 = 20_231_017

    private static let cent: Int64 = 100
    /// Between two closes: standard deviation of a bridge's step.
    private static let step: Int64 = 3_200

    package func bars(seed: UInt64) -> [Bar] {
        let turns = SeededDraw(seed: seed, stream: "turns")
        let lowFirst = turns.isTrue(percent: 50, at: 0)
        let early = Int(turns.whole(in: Int64(count / 8)...Int64(count / 3), at: 1))
        let late = Int(turns.whole(in: Int64(count / 2)...Int64(count * 5 / 6), at: 2))
        let lowBar = lowFirst ? early : late
        let highBar = lowFirst ? late : early
        let closes = closes(seed: seed, lowBar: lowBar, highBar: highBar)
        let volumes = volumes(seed: seed)
        let wicks = SeededDraw(seed: seed, stream: "wicks")
        return (0..<count).map { index in
            let first = index == 0 ? open.units : closes[index - 1]
            let last = closes[index]
            let above = wicks.whole(in: 0...12, at: index * 2) * BarReconstruction.cent
            let below = wicks.whole(in: 0...12, at: index * 2 + 1) * BarReconstruction.cent
            let top = min(max(first, last) + above, high.units - BarReconstruction.cent)
            let bottom = max(min(first, last) - below, low.units + BarReconstruction.cent)
            return Bar(
                timestamp: start + .seconds(60 * index), open: Price(units: first),
                high: index == highBar ? high : Price(units: top), low: index == lowBar ? low : Price(units: bottom),
                close: Price(units: last), volume: volumes[index])
        }
    }

    /// Whole cents, strictly inside the day's range, the last one pinned.
    private func closes(seed: UInt64, lowBar: Int, highBar: Int) -> [Int64] {
        let margin = 15 * BarReconstruction.cent
        let points = [
            (0, open.units), (lowBar, low.units + margin), (highBar, high.units - margin), (count - 1, close.units),
        ].sorted { $0.0 < $1.0 }
        let steps = SeededDraw(seed: seed, stream: "steps")
        var closes = [Int64](repeating: open.units, count: count)
        for (from, to) in zip(points, points.dropFirst()) {
            let length = Int64(to.0 - from.0)
            var walked = [Int64(0)]
            for index in from.0..<to.0 {
                walked.append(walked[walked.count - 1] + steps.bell(at: index) * BarReconstruction.step / 1_000_000)
            }
            for offset in 0...length {
                let straight = from.1 + (to.1 - from.1) * offset / length
                let bridged = straight + walked[Int(offset)] - walked[Int(length)] * offset / length
                let inside = min(max(bridged, low.units + margin), high.units - margin)
                closes[from.0 + Int(offset)] = inside / BarReconstruction.cent * BarReconstruction.cent
            }
        }
        closes[count - 1] = close.units
        return closes
    }

    /// Heavy at both ends, light in the middle, in round lots; together exactly the day's.
    private func volumes(seed: UInt64) -> [Quantity] {
        let draws = SeededDraw(seed: seed, stream: "volumes")
        let half = Int64(count / 2)
        let weights = (0..<count).map { index -> Int64 in
            let distance = (Int64(index) - half).magnitude
            return (400 + Int64(distance) * 600 / max(1, half)) * draws.whole(in: 60...140, at: index)
        }
        let total = weights.reduce(0, +)
        let lots = volume.shares / 100
        var shares = weights.map { lots * $0 / total * 100 }
        shares[0] += volume.shares - shares.reduce(0, +)
        return shares.map { Quantity(shares: $0) }
    }
}
