// Is one sample of figures greater than another? Mann and Whitney's U (Ann. Math. Statist. 18, 1947), one-sided, by its
// exact permutation distribution: runs are few, and figures that are equal make the usual approximation wrong.

package enum RankTest {
    /// Figures of one side at most; the newest are kept. Bounds the work, which grows with the cube.
    package static let samplesMaximum = 60

    /// P(U ≥ the observed U) if both came from one distribution: small when `left` is greater. `nil` when a side is
    /// empty or too large.
    package static func probabilityGreater(_ left: [Double], than right: [Double]) -> Double? {
        guard !left.isEmpty, !right.isEmpty, max(left.count, right.count) <= samplesMaximum else { return nil }
        let ranks = doubledRanks(left + right)
        let observed = ranks[..<left.count].reduce(0, +)
        let ways = subsets(of: ranks, size: left.count)
        let total = ways.reduce(0, +)
        return ways[observed...].reduce(0, +) / total
    }

    /// The smallest probability that samples of these sizes can give: nothing below it can ever be shown.
    package static func probabilityMinimum(_ left: Int, _ right: Int) -> Double {
        guard left > 0, right > 0 else { return 1 }
        // 1 / C(left + right, left), factor by factor.
        var result = 1.0
        for step in 1...left { result *= Double(step) / Double(right + step) }
        return result
    }

    /// Twice the mid-rank of each value, so that ties stay whole numbers.
    private static func doubledRanks(_ values: [Double]) -> [Int] {
        values.map { value in values.count { $0 < value } * 2 + values.count { $0 == value } + 1 }
    }

    /// For each sum, how many choices of `size` of the ranks have it.
    private static func subsets(of ranks: [Int], size: Int) -> [Double] {
        let sum = ranks.reduce(0, +)
        var ways = [[Double]](repeating: [Double](repeating: 0, count: sum + 1), count: size + 1)
        ways[0][0] = 1
        for rank in ranks {
            for chosen in stride(from: size, to: 0, by: -1) {
                for total in stride(from: sum, through: rank, by: -1) where ways[chosen - 1][total - rank] > 0 {
                    ways[chosen][total] += ways[chosen - 1][total - rank]
                }
            }
        }
        return ways[size]
    }
}
