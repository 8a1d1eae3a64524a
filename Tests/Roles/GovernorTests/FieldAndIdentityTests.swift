import Messages
import Testing
import Units

import GovernorCore

/// Fields that no order can have, and names that were used before; for openings, exits and cancels alike.
struct FieldAndIdentityTests {
    private static let long = String(repeating: "x", count: 64)
    static let names: [(String, Bool)] = [
        ("", false), ("x", true), (long, true), (long + "x", false), ("a b", false), ("a\u{1}b", false),
        ("é", false), ("~", true), ("\u{7F}", false), ("!", true),
    ]

    private func holding() -> Bench {
        var bench = Bench.ready()
        bench.fill(bench.intent("bought", .buy, 10))
        bench.rest(bench.intent("rests", .buy, 5, limit: 990_000))
        return bench
    }

    @Test(arguments: names) func `a name of 1 to 64 printable characters passes, no other`(name: String, passes: Bool) {
        var bench = holding()
        #expect(bench.reason(bench.intent(name, .buy, 3)) == (passes ? .ok : .badField))
    }

    @Test(arguments: names) func `an exit's name is checked like an opening's`(name: String, passes: Bool) {
        var bench = holding()
        let exit = bench.intent(name, .sell, 10, limit: 1_000_000, reduceOnly: true)
        #expect(bench.reason(exit) == (passes ? .ok : .badField))
    }

    @Test(arguments: names) func `a cancel's name is checked before it becomes a FIX field`(name: String, passes: Bool) {
        var bench = holding()
        #expect(bench.reason(bench.cancel(name, of: "rests")) == (passes ? .ok : .badField))
    }

    @Test(arguments: names) func `a replace's name is checked like an opening's`(name: String, passes: Bool) {
        var bench = holding()
        #expect(bench.reason(bench.replace(name, of: "nobody", 6)) == (passes ? .unknownTarget : .badField))
        var another = holding()
        #expect(another.reason(another.replace(name, of: "rests", 6)) == (passes ? .ok : .badField))
    }

    @Test(arguments: [(1, true), (0, false), (-1, false), (nil, false)] as [(Int64?, Bool)])
    func `a limit order needs a limit above zero`(limit: Int64?, isField: Bool) {
        var bench = holding()
        var intent = bench.intent("a", .buy, 3, limit: limit)
        intent.type = .limit
        #expect(bench.reason(intent) == (isField ? .priceCollar : .badField))
    }

    @Test func `a market order with a limit is a bad field, without one it is not`() {
        var bench = holding()
        var intent = bench.intent("a", .buy, 3, limit: 1_000_000)
        intent.type = .market
        #expect(bench.reason(intent) == .badField)
        #expect(bench.reason(bench.intent("b", .buy, 3, limit: nil)) == .ok)
    }

    @Test(arguments: [(-1, Decision.Reason.badField), (0, .ok), (1, .ok)] as [(Int64, Decision.Reason)])
    func `a tick below zero is a bad field`(tick: Int64, expected: Decision.Reason) {
        var bench = holding()
        var intent = bench.intent("a", .buy, 3)
        intent.tick = tick
        #expect(bench.reason(intent) == expected)
        var cancel = bench.cancel("c", of: "rests")
        cancel.tick = tick
        #expect(bench.reason(cancel) == expected)
    }

    @Test func `a symbol that is not traded here is a bad field`() {
        var bench = holding()
        #expect(bench.reason(bench.intent("a", symbol: "MSFT")) == .badField)
    }

    @Test(arguments: [0, -1, Int64.min] as [Int64])
    func `an exit of nothing is a bad field`(quantity: Int64) {
        var bench = holding()
        let exit = bench.intent("a", .sell, quantity, limit: 1_000_000, reduceOnly: true)
        #expect(bench.reason(exit) == .badField)
    }

    @Test func `an id is decided once, whatever it asked for and however it ended`() {
        var bench = holding()
        #expect(bench.reason(bench.intent("denied", .buy, 100_000)) == .maxQuantity)
        #expect(bench.reason(bench.intent("denied", .buy, 3)) == .duplicateIntent)
        #expect(bench.reason(bench.intent("bought", .sell, 1, limit: 1_000_000, reduceOnly: true)) == .duplicateIntent)
        #expect(bench.reason(bench.cancel("bought", of: "rests")) == .duplicateIntent)
        #expect(bench.reason(bench.replace("bought", of: "rests", 6)) == .duplicateIntent)
    }

    @Test func `an id that had an order in an earlier life is a duplicate for exits, cancels and replaces`() {
        var memory = Recovered()
        memory.references = ["old"]
        var bench = Bench.ready(memory)
        bench.fill(bench.intent("bought", .buy, 10))
        bench.rest(bench.intent("rests", .buy, 5, limit: 990_000))
        let exit = bench.intent("old", .sell, 10, limit: 1_000_000, reduceOnly: true)
        #expect(bench.reason(exit) == .duplicateOrder)
    }

    @Test func `an earlier life's id is no name for a cancel or a replace either`() {
        var memory = Recovered()
        memory.references = ["old", "older"]
        var bench = Bench.ready(memory)
        bench.rest(bench.intent("rests", .buy, 5, limit: 990_000))
        #expect(bench.reason(bench.cancel("old", of: "rests")) == .duplicateOrder)
        #expect(bench.reason(bench.replace("older", of: "rests", 6)) == .duplicateOrder)
    }

    @Test func `a rejected id is remembered for 65,536 rejections, an accepted one for ever`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("kept", .buy, 1)) == .ok)
        #expect(bench.reason(bench.intent("denied", .buy, 100_000)) == .maxQuantity)
        for number in 1..<65_536 { bench.hear(.intent(bench.intent("n\(number)", .buy, 0))) }
        #expect(bench.reason(bench.intent("denied", .buy, 1)) == .duplicateIntent)
        bench.hear(.intent(bench.intent("one more", .buy, 0)))
        bench.keys()
        bench.depth()
        #expect(bench.reason(bench.intent("denied", .buy, 1)) != .duplicateIntent)
        #expect(bench.reason(bench.intent("kept", .buy, 1)) == .duplicateIntent)
    }

    @Test func `numbers at the end of their range end no governor`() {
        var bench = holding()
        for extreme in [Int64.min, -1, 0, Int64.max] {
            var intent = bench.intent("q\(extreme)", .buy, extreme, limit: nil)
            _ = bench.decide(intent)
            intent = bench.intent("l\(extreme)", .sell, 1, limit: extreme)
            intent.sent = WallTime(nanoseconds: extreme)
            _ = bench.decide(intent)
            intent.id = "t\(extreme)"
            intent.tick = extreme
            _ = bench.decide(intent)
            let prices = Level(price: Price(units: extreme), size: Quantity(shares: Int64.max))
            for sequence in [extreme, 5] {
                bench.hear(
                    .depth(
                        Depth(
                            sequence: sequence, symbol: "NVDA", tick: extreme, sent: WallTime(nanoseconds: extreme),
                            due: WallTime(nanoseconds: extreme), status: .trading, bids: [prices], asks: [prices])))
                bench.hear(.tick)
            }
        }
        #expect(bench.reason(bench.intent("after", .buy, 1)) == .staleFeed)
    }
}
