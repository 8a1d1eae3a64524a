/// How far chance lets a count of independent draws stray.
package enum Chance {
    /// Standard errors that are given: one honest count in a thousand strays further.
    package static let deviations = 3.3

    /// Whether `hits` of `draws` can be what a probability within `perMillion` brought; half a hit more on both sides,
    /// since hits come whole.
    package static func explains(hits: Int, of draws: Int, perMillion: ClosedRange<Int64>) -> Bool {
        func expected(_ share: Int64) -> (mean: Double, stray: Double) {
            let probability = Double(share) / 1e6
            let mean = Double(draws) * probability
            return (mean, deviations * (mean * (1 - probability)).squareRoot() + 0.5)
        }
        let (low, high) = (expected(perMillion.lowerBound), expected(perMillion.upperBound))
        return Double(hits) >= low.mean - low.stray && Double(hits) <= high.mean + high.stray
    }
}
