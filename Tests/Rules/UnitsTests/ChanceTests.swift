import Testing
import Units

@Suite struct ChanceTests {
    // 1,000 draws at 0.3: 300, standard error 14.5; 3.3 of them are 47.8, and half a hit more.
    @Test(arguments: [(300, true), (252, true), (348, true), (251, false), (349, false), (0, false)])
    func `a count within 3.3 standard errors is chance, one beyond isn't`(_ hits: Int, _ explained: Bool) {
        #expect(Chance.explains(hits: hits, of: 1_000, perMillion: 300_000...300_000) == explained)
    }

    @Test func `none and all leave chance nothing`() {
        #expect(Chance.explains(hits: 0, of: 9, perMillion: 0...0) && !Chance.explains(hits: 1, of: 9, perMillion: 0...0))
        #expect(Chance.explains(hits: 9, of: 9, perMillion: 1_000_000...1_000_000))
        #expect(!Chance.explains(hits: 8, of: 9, perMillion: 1_000_000...1_000_000))
    }
}
