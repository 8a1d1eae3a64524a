import Units

/// The ratio of two medians with its 95 % interval, by resampling both sides (Efron's percentile bootstrap).
package struct RatioInterval: Hashable, Sendable {
    package let ratio: Double
    package let low: Double
    package let high: Double

    package static let rounds = 2_000

    /// `nil` when a side is empty or a median of `right` is not positive. The same seed gives the same interval.
    package init?(of left: [Double], to right: [Double], seed: UInt64) {
        guard !left.isEmpty, !right.isEmpty, right.allSatisfy({ $0 > 0 }) else { return nil }
        let draws = (SeededDraw(seed: seed, stream: "left"), SeededDraw(seed: seed, stream: "right"))
        var ratios: [Double] = []
        for round in 0..<RatioInterval.rounds {
            ratios.append(
                median(resampled(left, draws.0, round)) / median(resampled(right, draws.1, round)))
        }
        ratios.sort()
        ratio = median(left) / median(right)
        low = ratios[RatioInterval.rounds * 25 / 1_000]
        high = ratios[RatioInterval.rounds * 975 / 1_000 - 1]
    }
}

private func resampled(_ values: [Double], _ draw: SeededDraw, _ round: Int) -> [Double] {
    values.indices.map { values[Int(draw.whole(in: 0...Int64(values.count - 1), at: round * values.count + $0))] }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
