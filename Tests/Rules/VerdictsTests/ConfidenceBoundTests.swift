import Testing
import Units
import Verdicts

@Suite struct ConfidenceBoundTests {
    /// Samples 1 ms apart.
    private func samples(_ values: [Double]) -> [LatencySample] {
        values.enumerated().map { LatencySample(at: Instant(nanoseconds: Int64($0.offset) * 1_000_000), value: $0.element) }
    }

    @Test func `298 samples know no bound, 299 do`() {
        #expect(QuantileBound.percentile99(samples((0..<298).map(Double.init))) == nil)
        #expect(QuantileBound.percentile99(samples((0..<299).map(Double.init)))?.high == 298)
    }

    @Test func `one sample that is not a number leaves nothing known`() {
        #expect(QuantileBound.percentile99(samples([Double](repeating: 1, count: 500) + [.nan])) == nil)
    }

    @Test func `a bound that spans the threshold is inconclusive`() throws {
        let values = (0..<10_000).map { Double($0 * 7_919 % 10_000) / 10_000 }
        let bound = try #require(QuantileBound.percentile99(samples(values)))
        #expect(bound.low < 0.99 && bound.high > 0.99)
        #expect(bound.outcome(below: 0.99) == .inconclusive)
        #expect(bound.outcome(below: 1) == .pass)
        #expect(bound.outcome(below: 0.9) == .fail)
    }

    @Test func `slow samples in one clump widen the bound that the same samples spread out do not`() throws {
        func value(_ index: Int, isSlow: Bool) -> Double {
            isSlow ? 10 + Double(index) / 1e6 : Double(index % 97) / 100
        }
        let clump = (0..<20_000).map { value($0, isSlow: $0 >= 5_000 && $0 < 5_190) }
        let spread = (0..<20_000).map { value($0, isSlow: $0 % 105 == 0) }
        let wide = try #require(QuantileBound.percentile99(samples(clump)))
        let narrow = try #require(QuantileBound.percentile99(samples(spread)))
        #expect(wide.high >= 10)
        #expect(narrow.high < 10 || wide.high > narrow.high)
    }

    @Test func `what was never answered is infinitely late`() throws {
        let values = (0..<5_000).map { $0 % 20 == 0 ? Double.infinity : 1 }
        #expect(try #require(QuantileBound.percentile99(samples(values))).outcome(below: 20) == .fail)
    }
}
