// The upper 95 % bound of a P99. Latencies come in clumps, so the count of exceedances varies more than independent
// ones would: its variance is taken from blocks of time (Woodruff's interval with a block variance). With few samples
// the exact binomial bound is taken as well, and the worse one decides.

import Units

package struct LatencySample: Hashable, Sendable {
    package let at: Instant
    /// Infinite for what was never answered.
    package let value: Double

    package init(at: Instant, value: Double) {
        self.at = at
        self.value = value
    }
}

package struct QuantileBound: Hashable, Sendable {
    package let estimate: Double
    package let low: Double
    package let high: Double
    package let method: String
    package let count: Int
    package let blocks: Int

    /// Below this no finite 95 % upper bound of a P99 exists: 0.99^n ≤ 0.05.
    package static let samplesMinimum = 299
    package static let binomialBelow = 2_000
    private static let quantile = 0.99
    /// One-sided 95 %.
    private static let deviations = 1.6448536269514722

    /// `nil` with too few samples, or when one of them is not a number.
    package static func percentile99(_ samples: [LatencySample]) -> QuantileBound? {
        guard samples.count >= samplesMinimum, samples.allSatisfy({ !$0.value.isNaN }) else { return nil }
        // Sorted where it is: a flood has half a million.
        var sorted = samples.map(\.value)
        sorted.sort()
        let count = sorted.count
        let estimate = sorted[rank(quantile, count)]
        let blocks = exceedancesByBlock(samples, above: estimate)
        let spread = deviations * max(blockDeviation(blocks), independentDeviation(count)) / Double(count)
        var high = quantile + spread
        var method = "Woodruff, \(blocks.count) blocks"
        if count < binomialBelow {
            let exact = (Double(binomialUpperRank(count)) + 1) / Double(count)
            if exact > high {
                high = exact
                method = "exact binomial"
            }
        }
        let upper = high >= 1 ? sorted.last ?? estimate : sorted[rank(high, count)]
        // Beyond the largest sample nothing is known: the bound is infinite, unless blocks say less than one sample.
        return QuantileBound(
            estimate: estimate, low: sorted[rank(max(0, quantile - spread), count)],
            high: high > 1 ? .infinity : upper, method: method, count: count, blocks: blocks.count)
    }

    /// Pass or fail only when the whole interval lies on one side.
    package func outcome(below threshold: Double) -> Outcome {
        if high < threshold { return .pass }
        return low >= threshold ? .fail : .inconclusive
    }

    private static func rank(_ quantile: Double, _ count: Int) -> Int {
        min(count - 1, max(0, Int((quantile * Double(count) - 1e-9).rounded(.up)) - 1))
    }

    private static func exceedancesByBlock(_ samples: [LatencySample], above limit: Double) -> [(hits: Double, of: Double)] {
        let times = samples.map(\.at.nanoseconds)
        guard let first = times.min(), let last = times.max(), last > first else { return [(0, Double(samples.count))] }
        let duration = last - first + 1
        let tenSeconds: Int64 = 10_000_000_000
        let length = duration / tenSeconds >= 30 ? tenSeconds : max(1_000_000_000, duration / 30)
        var blocks = [(hits: Double, of: Double)](repeating: (0, 0), count: Int((duration + length - 1) / length))
        for sample in samples {
            let index = Int((sample.at.nanoseconds - first) / length)
            blocks[index].of += 1
            if sample.value > limit { blocks[index].hits += 1 }
        }
        return blocks.filter { $0.of > 0 }
    }

    /// Standard deviation of the number of exceedances, from its residuals block by block (ratio estimator).
    private static func blockDeviation(_ blocks: [(hits: Double, of: Double)]) -> Double {
        guard blocks.count > 1 else { return 0 }
        let rate = blocks.reduce(0) { $0 + $1.hits } / blocks.reduce(0) { $0 + $1.of }
        let squares = blocks.reduce(0) { $0 + ($1.hits - rate * $1.of) * ($1.hits - rate * $1.of) }
        let count = Double(blocks.count)
        return (squares * count / (count - 1)).squareRoot()
    }

    private static func independentDeviation(_ count: Int) -> Double {
        (Double(count) * quantile * (1 - quantile)).squareRoot()
    }

    /// The smallest k with P(at most k of `count` lie below the quantile) ≥ 95 %.
    private static func binomialUpperRank(_ count: Int) -> Int {
        // From the top: P(X = n) = q^n, each step down multiplies by k (1-q) / ((n-k+1) q).
        var probability = 1.0
        for _ in 0..<count { probability *= quantile }
        var above = 0.0
        var successes = count
        while successes > 0 {
            above += probability
            if above > 0.05 { return successes }
            probability *= Double(successes) * (1 - quantile) / (Double(count - successes + 1) * quantile)
            successes -= 1
        }
        return 0
    }
}
