import FIX
import Messages
import Testing
import Units

import GovernorCore

/// How a flattening is cut into orders that a thin book can take.
struct SliceTests {
    /// Long `quantity`, told to flatten, with a bid of `size`.
    private func flattening(_ quantity: Int64, size: Int64, status: Depth.Status = .trading) -> Bench {
        var bench = Bench.ready()
        bench.fill(bench.intent("a", .buy, quantity))
        bench.depth(status: status, size: size)
        bench.keys(command: "flatten")
        return bench
    }

    /// The reducing order that the last event asked for, made durable.
    private func slice(_ bench: inout Bench) -> (name: String, quantity: String)? {
        let names = bench.directives.compactMap { directive -> String? in
            if case .store(.order(let row, gates: true)) = directive { row.clOrdID } else { nil }
        }
        guard let name = names.first else { return nil }
        bench.hear(.durable([name]))
        return (name, bench.orders.first?[.orderQty] ?? "")
    }

    @Test func `a slice is no larger than what the book shows within the collar`() {
        var bench = flattening(100, size: 40)
        #expect(slice(&bench)?.quantity == "40")
    }

    @Test func `a book that shows nothing to sell to doesn't hold the flattening back`() {
        var bench = Bench.ready()
        bench.fill(bench.intent("a", .buy, 100))
        bench.depth(bid: nil)
        bench.keys(command: "flatten")
        #expect(slice(&bench)?.quantity == "100")
    }

    @Test func `a filled slice is followed by the next on the next book`() throws {
        var bench = flattening(100, size: 40)
        let first = try #require(slice(&bench))
        bench.trade(first.name, .sell, 40, at: 1_000_000)
        #expect(slice(&bench) == nil)
        bench.depth(size: 40)
        #expect(slice(&bench)?.quantity == "40")
    }

    @Test func `without a newer book the next slice waits half a second and no longer`() throws {
        var bench = flattening(100, size: 40)
        let first = try #require(slice(&bench))
        bench.trade(first.name, .sell, 40, at: 1_000_000)
        bench.wait(.milliseconds(490))
        #expect(slice(&bench) == nil)
        bench.now = bench.now + .milliseconds(10)
        bench.hear(.tick)
        #expect(slice(&bench)?.quantity == "40")
    }

    @Test func `a flattening sends nothing in a halt, and goes on after it`() {
        var bench = flattening(100, size: 40, status: .halted)
        #expect(slice(&bench) == nil)
        bench.wait(.seconds(1))
        #expect(slice(&bench) == nil)
        bench.depth(size: 40)
        #expect(slice(&bench)?.quantity == "40")
    }

    /// What the venue says to a slice, and how large the next one is, half a second later.
    private func next(_ bench: inout Bench, after name: String, refusedFor reason: Int) -> (name: String, quantity: String)? {
        bench.hear(.report(bench.report("8", [(.clOrdID, name), (.ordStatus, "8"), (.ordRejReason, "\(reason)")])))
        bench.now = bench.now + .milliseconds(500)
        bench.depth(size: 40)
        return slice(&bench)
    }

    @Test func `a slice that the venue refuses as too large is halved, down to one share`() throws {
        var bench = flattening(100, size: 40)
        var last = try #require(slice(&bench))
        for expected in ["20", "10", "5", "2", "1", "1"] {
            last = try #require(next(&bench, after: last.name, refusedFor: 3))
            #expect(last.quantity == expected)
        }
        // Learnt for as long as the flattening lasts.
        bench.trade(last.name, .sell, 1, at: 1_000_000)
        bench.depth(size: 40)
        #expect(slice(&bench)?.quantity == "1")
    }

    @Test(arguments: [0, 2, 4, 99]) func `a slice that is refused for another reason is as large again`(reason: Int) throws {
        var bench = flattening(100, size: 40)
        let first = try #require(slice(&bench))
        #expect(next(&bench, after: first.name, refusedFor: reason)?.quantity == "40")
    }
}
