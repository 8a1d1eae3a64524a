import FIX
import Messages
import Testing
import Units

import GovernorCore

struct PauseTests {
    @Test func `a fresh governor is paused until it has read both flags`() {
        var bench = Bench()
        bench.hear(.recovered(Recovered()))
        #expect(bench.governor.view.state == .paused)
        #expect(bench.reason(bench.intent("a")) == .paused)
    }

    @Test(
        arguments: [(nil, "false"), ("false", nil), ("true", "false"), ("false", "true"), ("maybe", "false")]
            as [(String?, String?)])
    func `a flag that is not false pauses`(pause: String?, critical: String?) {
        var bench = Bench.ready()
        bench.keys(pause: pause, critical: critical)
        #expect(bench.governor.view.state == .paused)
        let reason = bench.reason(bench.intent("a"))
        #expect(reason == .paused || reason == .criticalPaused)
    }

    @Test func `a paused governor sends nothing, even what it decided before`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        bench.keys(pause: "true")
        #expect(bench.decisions.first?.action == .withdrawn)
        bench.hear(.durable(["a"]))
        #expect(bench.orders.isEmpty)
    }

    @Test func `without the pause the same order leaves`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        bench.hear(.durable(["a"]))
        #expect(bench.orders.count == 1)
    }

    @Test func `a reset session raises the critical pause after the path is closed`() {
        var bench = Bench.ready()
        bench.hear(.session(.ended(planned: false, reason: "reset")))
        #expect(bench.raises)
        let close = bench.directives.firstIndex { if case .closePath = $0 { true } else { false } }
        let write = bench.directives.firstIndex { if case .writeState(_, raise: true) = $0 { true } else { false } }
        #expect((close ?? .max) < (write ?? .min))
    }

    @Test func `a raise that is not confirmed outlives a false read before it`() {
        var bench = Bench.ready()
        bench.hear(.session(.ended(planned: false, reason: "reset")))
        bench.keys()
        bench.hear(.session(.loggedOn))
        bench.finishStatus()
        #expect(bench.reason(bench.intent("a")) == .criticalPaused)
    }

    @Test func `only a false read after the confirmed raise ends the latch`() {
        var bench = Bench.ready()
        bench.hear(.session(.ended(planned: false, reason: "reset")))
        bench.hear(.stateWritten(epoch: bench.governor.view.epoch))
        bench.keys(critical: "true")
        bench.hear(.session(.loggedOn))
        bench.finishStatus()
        #expect(bench.governor.view.state == .paused)
        bench.keys()
        #expect(bench.governor.view.state == .active)
    }

    @Test func `a paused governor says at once that it is reconciled, and does not wait for the resume`() {
        var bench = Bench.ready()
        bench.hear(.session(.ended(planned: false, reason: "reset")))
        let lost = "critical_pause: broker session lost: reset; a resume waits for"
        #expect(bench.states.map(\.reason) == ["\(lost) the session"])
        bench.hear(.stateWritten(epoch: bench.governor.view.epoch))
        bench.keys(critical: "true")
        bench.hear(.session(.loggedOn))
        #expect(bench.states.map(\.reason) == ["\(lost) reconciliation"])
        let before = bench.governor.view.epoch
        bench.finishStatus()
        #expect(bench.states.last?.reason.hasSuffix("; ready, flat") == true)
        #expect(bench.states.last?.kind == .paused && bench.governor.view.epoch == before + 1)
    }

    @Test func `a paused governor says at once that it is flat, under the operator's pause too`() {
        var bench = Bench.ready()
        bench.fill(bench.intent("a"))
        bench.keys(pause: "true")
        #expect(bench.states.map(\.reason) == ["paused by the operator; ready"])
        #expect(bench.reason(bench.intent("b", .sell, 10, limit: 1_000_000, reduceOnly: true)) == .ok)
        bench.hear(.durable(["b"]))
        bench.trade("b", .sell, 10, at: 1_000_000)
        #expect(bench.states.map(\.reason) == ["paused by the operator; ready, flat"])
    }

    @Test func `a pause that changes its words takes nothing back from the wire, a raise does`() {
        var bench = Bench.ready()
        bench.keys(pause: "true")
        #expect(bench.closes)
        bench.hear(.storeReachable(false))
        #expect(bench.states.count == 1 && !bench.closes)
        bench.hear(.session(.ended(planned: false, reason: "reset")))
        #expect(bench.raises && bench.closes)
    }

    @Test func `reports that the broker has lost raise the pause, since fills may be among them`() {
        var bench = Bench.ready()
        bench.hear(.reportsLost(7...9))
        #expect(bench.raises && bench.lastSent(MsgType.orderMassStatusRequest) != nil)
        #expect(bench.governor.view.reason.contains("messages 7 to 9 are lost"))
    }

    @Test(arguments: [(1_490, false), (1_510, true)] as [(Int64, Bool)])
    func `silence of one and a half heartbeats raises the flag`(silence: Int64, raised: Bool) {
        var bench = Bench.ready()
        bench.hear(.session(.heard))
        var seen = false
        for _ in 0..<(silence / 10) {
            bench.now = bench.now + .milliseconds(10)
            bench.keys()
            bench.hear(.tick)
            seen = seen || bench.raises
        }
        #expect(seen == raised)
    }

    @Test func `flags that nobody confirmed for a second pause, and the end of the outage raises the latch`() {
        var bench = Bench.ready()
        bench.wait(.milliseconds(940), readingKeys: false)
        #expect(bench.governor.view.state == .active)
        bench.wait(.milliseconds(100), readingKeys: false)
        #expect(bench.governor.view.state == .paused)
        #expect(!bench.raises)
        bench.keys()
        #expect(bench.raises)
    }

    @Test func `an outage while the operator's pause is set raises nothing`() {
        var bench = Bench.ready()
        bench.wait(.milliseconds(1_500), readingKeys: false)
        bench.keys(pause: "true")
        #expect(!bench.raises)
    }

    @Test func `a store that is gone withdraws what it did not confirm, within the second`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a")) == .ok)
        var withdrawn: Decision?
        for _ in 0..<99 where withdrawn == nil {
            bench.now = bench.now + .milliseconds(10)
            bench.keys()
            bench.hear(.session(.heard))
            bench.hear(.tick)
            withdrawn = bench.decisions.first { $0.action == .withdrawn }
        }
        #expect(withdrawn?.reason == .storeUnavailable)
        bench.hear(.durable(["a"]))
        #expect(bench.orders.isEmpty)
    }

    @Test func `kill leaves nothing but cancels`() {
        var bench = Bench.ready()
        #expect(bench.reason(bench.intent("a", .buy, 10, limit: 990_000)) == .ok)
        bench.hear(.durable(["a"]))
        bench.keys(command: "kill")
        #expect(bench.governor.view.state == .killed)
        #expect(bench.lastSent(MsgType.orderMassCancelRequest) != nil)
        #expect(bench.reason(bench.intent("b")) == .killed)
    }

    enum Change: CaseIterable { case none, oneSided, halted, crossed, aged, backedUp, newEpoch, reduceOnly, sessionDown, old }

    @Test(arguments: Change.allCases) func `the last gate looks at everything again`(change: Change) {
        var bench = Bench.ready()
        bench.fill(bench.intent("held", .buy, 1))
        #expect(bench.reason(bench.intent("a", .buy, 10, limit: 990_000)) == .ok)
        let expected: Decision.Reason?
        switch change {
        case .none: expected = nil
        case .oneSided:
            bench.depth(ask: nil)
            expected = .staleFeed
        case .halted:
            bench.depth(status: .halted)
            expected = .halted
        case .crossed:
            bench.depth(bid: 1_000_200, ask: 1_000_000)
            expected = .staleFeed
        case .aged:
            bench.now = bench.now + .nanoseconds(500_000_001)
            expected = .staleFeed
        case .backedUp:
            bench.unsentBytes = 1
            expected = .pathBackedUp
        case .newEpoch:
            bench.keys(pause: "true")
            expected = .paused
        case .reduceOnly:
            bench.keys(command: "flatten")
            expected = .reduceOnly
        case .sessionDown:
            bench.hear(.session(.ended(planned: true, reason: "logged out")))
            expected = .sessionDown
        case .old:
            bench.now = bench.now + .nanoseconds(900_000_000)
            bench.keys()
            bench.hear(.session(.heard))
            bench.depth()
            bench.now = bench.now + .nanoseconds(100_000_001)
            expected = .decisionStale
        }
        var withdrawn = bench.decisions.first { $0.action == .withdrawn }?.reason
        bench.hear(.durable(["a"]))
        withdrawn = withdrawn ?? bench.decisions.first { $0.action == .withdrawn }?.reason
        #expect(withdrawn == expected)
        #expect(bench.orders.isEmpty == (expected != nil))
    }

    @Test(arguments: [(1_000_000_000, nil), (1_000_000_001, Decision.Reason.decisionStale)] as [(Int64, Decision.Reason?)])
    func `an exit older than a second is withdrawn at the last gate`(age: Int64, expected: Decision.Reason?) {
        var bench = Bench.ready()
        bench.fill(bench.intent("held", .buy, 10))
        #expect(bench.reason(bench.intent("a", .sell, 10, limit: 1_000_000, reduceOnly: true)) == .ok)
        bench.now = bench.now + .nanoseconds(age)
        bench.hear(.durable(["a"]))
        #expect(bench.decisions.first?.reason == expected)
    }

    @Test func `an exit that meets unsent bytes at the last gate is withdrawn`() {
        var bench = Bench.ready()
        bench.fill(bench.intent("held", .buy, 10))
        #expect(bench.reason(bench.intent("a", .sell, 10, limit: 1_000_000, reduceOnly: true)) == .ok)
        bench.unsentBytes = 1
        bench.hear(.durable(["a"]))
        #expect(bench.decisions.first?.reason == .pathBackedUp)
    }

    @Test func `an exit that waits for the store outlives a pause, and not the session or a kill`() {
        for closing in 0..<3 {
            var bench = Bench.ready()
            bench.fill(bench.intent("held", .buy, 10))
            #expect(bench.reason(bench.intent("a", .sell, 10, limit: 1_000_000, reduceOnly: true)) == .ok)
            if closing == 0 { bench.keys(pause: "true") }
            if closing == 1 { bench.hear(.session(.ended(planned: true, reason: "logged out"))) }
            if closing == 2 { bench.keys(command: "kill") }
            #expect(bench.decisions.contains { $0.action == .withdrawn } == (closing != 0))
            bench.hear(.durable(["a"]))
            #expect(bench.orders.count == (closing == 0 ? 1 : 0))
        }
    }
}
