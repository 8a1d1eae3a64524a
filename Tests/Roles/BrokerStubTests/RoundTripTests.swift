import Testing
import Units

@testable import BrokerStubCore

@Suite struct RoundTripTests {
    let roundTrip = RoundTrip(mean: .nanoseconds(30_000_000), varianceSquareMilliseconds: 8)

    func legs(_ stream: BrokerStubCore.Stream, seed: UInt64 = 7, count: UInt64 = 20_000) -> [Double] {
        (0..<count).map { roundTrip.leg(seed: seed, stream, index: $0).milliseconds }
    }

    @Test func `a round trip has the mean and the variance that were asked for`() {
        let trips = zip(legs(.inbound), legs(.outbound)).map { $0 + $1 }
        let mean = trips.reduce(0, +) / Double(trips.count)
        let variance = trips.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(trips.count)
        // Standard errors: 0.02 ms and 0.08 ms².
        #expect(abs(mean - 30) < 0.1)
        #expect(abs(variance - 8) < 0.4)
    }

    @Test func `the two legs are independent`() {
        let pairs = Array(zip(legs(.inbound), legs(.outbound)))
        let covariance = pairs.reduce(0) { $0 + ($1.0 - 15) * ($1.1 - 15) } / Double(pairs.count)
        #expect(abs(covariance / 4) < 0.03)
    }

    @Test func `68 and 95 percent of the delays lie within one and two deviations, as of a normal`() {
        let within = { (deviations: Double) in
            Double(legs(.inbound).count { abs($0 - 15) <= 2 * deviations }) / 20_000
        }
        #expect(abs(within(1) - 0.6827) < 0.012)
        #expect(abs(within(2) - 0.9545) < 0.006)
    }

    @Test func `a delay follows from seed, stream and index, and from nothing else`() {
        #expect(legs(.inbound, count: 100) == legs(.inbound, count: 100))
        #expect(legs(.inbound, count: 100) != legs(.outbound, count: 100))
        #expect(legs(.inbound, count: 100) != legs(.inbound, seed: 8, count: 100))
    }

    @Test func `no delay is below zero, however wide the spread`() {
        let wide = RoundTrip(mean: .nanoseconds(1_000_000), varianceSquareMilliseconds: 64)
        #expect((0..<5_000).allSatisfy { wide.leg(seed: 1, .inbound, index: $0) >= .zero })
    }

    @Test func `no message overtakes another on a leg`() {
        var settings = BrokerSettings(symbols: [])
        settings.roundTrip = RoundTrip(mean: .nanoseconds(30_000_000), varianceSquareMilliseconds: 64)
        var leg = Leg<Int>(.inbound, settings)
        for number in 0..<2_000 { leg.push(number, at: Instant(nanoseconds: Int64(number) * 100_000)) }
        var arrived: [Int] = []
        while let due = leg.nextDue {
            while let number = leg.pop(at: due) { arrived.append(number) }
        }
        #expect(arrived == Array(0..<2_000))
    }

    @Test func `nothing arrives before it is due`() {
        var settings = BrokerSettings(symbols: [])
        settings.roundTrip = roundTrip
        var leg = Leg<Int>(.inbound, settings)
        leg.push(1, at: Instant(nanoseconds: 0))
        let due = leg.nextDue ?? Instant(nanoseconds: 0)
        #expect(leg.pop(at: due - .nanoseconds(1)) == nil)
        #expect(leg.pop(at: due) == 1)
    }
}
