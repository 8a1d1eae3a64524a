import FIX
import Messages
import Testing
import Units

import GovernorCore

struct FlatteningTests {
    /// Pings with a round trip of `latency` for `duration`; the time of the first flatten decision, if one came.
    private func ping(_ bench: inout Bench, _ latency: Duration, for duration: Duration) -> Duration? {
        let start = bench.now
        var pings: [(id: Int64, due: Instant)] = []
        var next = start
        var id = start.nanoseconds
        while bench.now - start < duration {
            bench.now = bench.now + .milliseconds(10)
            bench.keys()
            bench.hear(.session(.heard))
            if bench.now >= next {
                id += 1
                bench.hear(.pingSent(id))
                pings.append((id, bench.now + latency))
                next = next + .milliseconds(100)
            }
            for ping in pings where ping.due <= bench.now { bench.hear(.pingAnswered(ping.id)) }
            pings.removeAll { $0.due <= bench.now }
            for directive in bench.hear(.tick) {
                if case .testRequest(let id) = directive { bench.hear(.session(.testRequestAnswered(id))) }
                if case .publish(let decision) = directive, decision.action == .flatten { return bench.now - start }
            }
        }
        return nil
    }

    @Test func `latency for less than five seconds flattens nothing`() {
        var bench = Bench.ready()
        #expect(ping(&bench, .milliseconds(250), for: .milliseconds(5_000)) == nil)
    }

    @Test func `latency for more than five seconds flattens between five and seven`() throws {
        var bench = Bench.ready()
        let after = try #require(ping(&bench, .milliseconds(250), for: .seconds(8)))
        #expect(after > .seconds(5) && after < .seconds(7))
    }

    @Test func `a latency at the maximum is none`() {
        var bench = Bench.ready()
        #expect(ping(&bench, .milliseconds(120), for: .seconds(8)) == nil)
    }

    @Test func `a second below starts the five seconds over`() {
        var bench = Bench.ready()
        #expect(ping(&bench, .milliseconds(250), for: .seconds(4)) == nil)
        #expect(ping(&bench, .milliseconds(1), for: .seconds(2)) == nil)
        #expect(ping(&bench, .milliseconds(250), for: .seconds(4)) == nil)
    }

    @Test func `flattening cancels first, then reduces what the position is then`() {
        var bench = Bench.ready()
        bench.fill(bench.intent("a", .buy, 10))
        #expect(bench.reason(bench.intent("b", .buy, 5, limit: 990_000)) == .ok)
        bench.hear(.durable(["b"]))
        bench.keys(command: "flatten")
        #expect(bench.decisions.first?.reason == .operator)
        #expect(bench.lastSent(MsgType.orderCancelRequest)?[.origClOrdID] == "b")
        #expect(bench.orders.isEmpty)
        bench.hear(.report(bench.report("4", [(.clOrdID, "x"), (.origClOrdID, "b"), (.ordStatus, "4")])))
        let names = bench.directives.compactMap { directive -> String? in
            if case .store(.order(let row, gates: true)) = directive { row.clOrdID } else { nil }
        }
        bench.hear(.durable(names))
        #expect(bench.orders.first?[.orderQty] == "10")
        #expect(bench.orders.first?[.positionEffect] == "C")
        bench.trade(names.first ?? "", .sell, 10, at: 1_000_000)
        #expect(bench.governor.view.positions["NVDA"] == .zero)
        #expect(bench.governor.view.state == .active)
    }

    @Test func `a lost broker is flattened after eight seconds, announced once`() {
        var bench = Bench.ready()
        bench.hear(.session(.ended(planned: false, reason: "reset")))
        var announced = 0
        for _ in 0..<2_000 {
            bench.now = bench.now + .milliseconds(10)
            bench.keys()
            bench.hear(.tick)
            announced += bench.decisions.count { $0.reason == .brokerDown }
        }
        #expect(announced == 1)
    }

    @Test func `an order the broker does not name after a reconnect is resolved`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        bench.hear(.durable(["a"]))
        #expect(bench.governor.view.openOrders == 1)
        bench.hear(.session(.ended(planned: false, reason: "reset")))
        #expect(bench.governor.view.openOrders == 1)
        bench.hear(.session(.loggedOn))
        bench.finishStatus()
        #expect(bench.governor.view.openOrders == 0)
    }
}
