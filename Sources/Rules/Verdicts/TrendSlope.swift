// A robust slope: the median of the slopes between all pairs of points (Theil, Sen), with the interval that Kendall's
// statistic gives it. A single jump, or a garbage collector's teeth, hardly move it; the difference of two ends does.

package struct TrendSlope: Hashable, Sendable {
    /// Per unit of x.
    package let estimate: Double
    package let low: Double
    package let high: Double
    package let count: Int

    private static let deviations = 1.959963984540054

    /// `nil` below five points, or when all stand at one x.
    package init?(_ points: [(x: Double, y: Double)]) {
        guard points.count >= 5 else { return nil }
        var slopes: [Double] = []
        slopes.reserveCapacity(points.count * points.count / 2)
        for right in points.indices {
            for left in points.indices[..<right] where points[right].x != points[left].x {
                slopes.append((points[right].y - points[left].y) / (points[right].x - points[left].x))
            }
        }
        guard !slopes.isEmpty else { return nil }
        slopes.sort()
        let count = Double(points.count)
        let spread = TrendSlope.deviations * (count * (count - 1) * (2 * count + 5) / 18).squareRoot()
        let middle = Double(slopes.count)
        func slope(at rank: Double) -> Double { slopes[min(slopes.count - 1, max(0, Int(rank.rounded())))] }
        estimate = (slopes[(slopes.count - 1) / 2] + slopes[slopes.count / 2]) / 2
        low = slope(at: (middle - spread) / 2 - 1)
        high = slope(at: (middle + spread) / 2)
        self.count = points.count
    }
}
