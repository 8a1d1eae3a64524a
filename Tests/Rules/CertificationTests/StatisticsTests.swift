import Certification
import Testing
import Verdicts

/// Golden values: scipy 1.16, `mannwhitneyu(..., alternative='greater', method='exact')`; with ties, all permutations
/// counted.
@Suite struct StatisticsTests {
    private func isNear(_ value: Double?, _ expected: Double) -> Bool { value.map { abs($0 - expected) < 1e-12 } ?? false }

    @Test func `the rank test gives scipy's exact probabilities`() {
        #expect(isNear(RankTest.probabilityGreater([1, 2, 3, 4], than: [5, 6, 7, 8]), 1))
        #expect(
            isNear(
                RankTest.probabilityGreater([12.1, 13.4, 11.9, 15.2, 14.8], than: [10.2, 11.1, 10.9, 11.5, 12.0, 10.4]),
                0.004329004329004329))
        #expect(isNear(RankTest.probabilityGreater([21], than: (1...20).map(Double.init)), 0.047619047619047616))
        #expect(isNear(RankTest.probabilityGreater([21], than: (1...19).map(Double.init)), 0.05))
    }

    @Test func `ties are counted as they are, not smoothed`() {
        #expect(isNear(RankTest.probabilityGreater([1, 2, 2, 3], than: [2, 3, 4, 4, 5]), 125.0 / 126))
        #expect(isNear(RankTest.probabilityGreater([5, 5, 5], than: [5, 5, 5]), 1))
    }

    @Test func `an empty side and one that is too large have no probability`() {
        #expect(RankTest.probabilityGreater([], than: [1]) == nil)
        #expect(RankTest.probabilityGreater([1], than: []) == nil)
        #expect(RankTest.probabilityGreater([Double](repeating: 1, count: 61), than: [1]) == nil)
    }

    @Test func `the smallest probability is that of a complete separation`() {
        #expect(isNear(RankTest.probabilityMinimum(1, 20), 1.0 / 21))
        #expect(isNear(RankTest.probabilityMinimum(4, 4), 1.0 / 70))
        #expect(RankTest.probabilityMinimum(0, 4) == 1)
    }

    @Test func `the ratio's interval holds the ratio, and the same seed gives the same one`() throws {
        let left = [11.0, 12, 13, 12.5, 11.5]
        let right = [10.0, 10.5, 9.5, 10.2, 9.8]
        let interval = try #require(RatioInterval(of: left, to: right, seed: 7))
        #expect(interval.ratio == 1.2)
        #expect(interval.low <= 1.2 && interval.high >= 1.2 && interval.low > 1 && interval.high < 1.4)
        #expect(RatioInterval(of: left, to: right, seed: 7) == interval)
        #expect(RatioInterval(of: left, to: [0, 1], seed: 7) == nil)
    }

    @Test func `worse by chance or by little passes, worse by both fails`() {
        func outcome(_ current: [Double], _ baseline: [Double]) -> Outcome {
            BaselineComparison("x", "recovery_s", current: current, baseline: baseline, seed: 1).outcome
        }
        let base: [Double] = [100, 101, 102, 103, 104]
        #expect(outcome([120, 121, 122, 123], base) == .fail)
        #expect(outcome([105, 106, 107, 108], base) == .pass, "significant, but 4 % is no regression")
        #expect(outcome([99, 130, 100, 101], base) == .pass, "one slow run is chance")
    }

    @Test func `without a baseline, or with too few runs to tell, nothing is known`() {
        let none = BaselineComparison("x", "recovery_s", current: [1], baseline: [], seed: 1)
        #expect(none.outcome == .inconclusive && none.reason == "no baseline of this scenario on this machine")
        let few = BaselineComparison("x", "recovery_s", current: [200], baseline: [100, 101, 102], seed: 1)
        #expect(few.outcome == .inconclusive)
        #expect(few.reason == "1 against 3 runs can't show a difference at 5 %")
        let zero = BaselineComparison("x", "recovery_s", current: [1, 2, 3, 4], baseline: [0, 0, 0, 0], seed: 1)
        #expect(zero.outcome == .inconclusive)
    }
}
