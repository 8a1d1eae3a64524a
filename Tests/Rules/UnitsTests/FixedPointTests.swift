import Testing
import Units

@Suite struct FixedPointTests {
    @Test(arguments: [
        ("585.94", 5_859_400), ("0.0001", 1), ("-0.5", -5_000), ("12", 120_000), ("12.", 120_000), (".5", 5_000),
        ("1.50000000", 15_000), ("0", 0), ("922337203685477.5807", Int64.max),
    ])
    func `decimal text is read exactly`(_ text: String, _ units: Int64) {
        #expect(Price(decimal: text)?.units == units)
    }

    @Test(arguments: ["", ".", "-", "1.23456", "1,5", "1e3", "+1", "1.2.3", " 1", "922337203685477.5808", "abc"])
    func `what is no price of four decimals is refused`(_ text: String) {
        #expect(Price(decimal: text) == nil)
    }

    @Test func `text and units are two names of the same price`() {
        var units: Int64 = -1_234_567
        while units < 1_234_567 {
            let price = Price(units: units)
            #expect(Price(decimal: price.description) == price)
            units += 7_919
        }
    }

    @Test func `a notional that does not fit is no number`() {
        #expect(Price(units: 5_859_400).notional(of: Quantity(shares: 100)) == Money(units: 585_940_000))
        #expect(Price(units: .max).notional(of: Quantity(shares: 2)) == nil)
    }

    @Test(arguments: [("250ms", 250_000_000), ("15s", 15_000_000_000), ("1.5s", 1_500_000_000), ("10m", 600_000_000_000), ("50us", 50_000), ("300ns", 300)])
    func `a duration is read with its unit`(_ text: String, _ nanoseconds: Int64) {
        #expect(Duration(written: text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: ["", "250", "ms", "1.00001s2", "5 s", "9999999999999h", "1.5ns"])
    func `a duration without a unit, or finer than a nanosecond, is refused`(_ text: String) {
        #expect(Duration(written: text) == nil)
    }

    @Test func `a written duration reads back as itself`() {
        for value in [Duration.milliseconds(250), .seconds(15), .microseconds(1_500), .nanoseconds(7), .zero] {
            #expect(Duration(written: value.written) == value)
        }
    }
}
