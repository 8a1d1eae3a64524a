import History
import Messages
import Testing
import Units
import Verdicts

@Suite struct LeakBoundaryTests {
    private func leaked(_ change: (inout Story) -> Void) throws -> Verdict.GateResult {
        var story = try Story.hardKill()
        change(&story)
        return try #require(try story.judged().gate(.ordersLeaked))
    }

    private func certainFlags(_ story: inout Story) {
        for index in story.observations.indices { story.observations[index].uncertainty = .zero }
    }

    @Test func `an order that leaves at the very instant of pause set is a leak`() throws {
        let gate = try leaked { story in
            certainFlags(&story)
            story.left(10.3, "edge")
        }
        #expect(gate.outcome == .fail)
    }

    @Test func `an order that left a nanosecond before pause set is none`() throws {
        let gate = try leaked { story in
            certainFlags(&story)
            story.left(10.3, "edge")
            story.shift("order_left", by: -2e-9) { $0["cl_ord_id"] == "edge" }
        }
        #expect(gate.outcome == .pass)
    }

    @Test func `inside the uncertainty of the two stamps it is inconclusive`() throws {
        let gate = try leaked { $0.left(10.300_000_5, "edge", uncertainty: 1_000) }
        #expect(gate.outcome == .inconclusive)
        #expect(gate.reason?.contains("edge") == true)
    }

    @Test func `written before and first transmitted after the pause is a leak`() throws {
        // The tap records the first packet only; when it was written nobody asks.
        #expect(try leaked { $0.left(10.4, "held") }.outcome == .fail)
    }

    @Test func `a retransmission never counts again`() throws {
        let gate = try leaked { story in
            story.left(12, "again")
            story.change("order_left", "retransmit", to: true) { $0["cl_ord_id"] == "again" }
        }
        #expect(gate.outcome == .pass)
    }

    @Test func `a cancel in a pause is no leak`() throws {
        #expect(try leaked { $0.left(22, "c", type: "F") }.outcome == .pass)
    }

    @Test func `a mass cancel in a pause is no leak`() throws {
        #expect(try leaked { $0.left(22, "m", type: "q") }.outcome == .pass)
    }

    @Test func `a replace that asks for more is a leak, one that asks for less is none`() throws {
        #expect(try leaked { $0.left(21.9, "r", type: "G", quantity: 2, original: "rest") }.outcome == .fail)
        #expect(try leaked { $0.left(21.9, "r", type: "G", quantity: 1, original: "rest") }.outcome == .pass)
        #expect(try leaked { $0.left(21.9, "r", type: "G", quantity: 1, original: "rest", price: 4_500_000) }.outcome == .fail)
        #expect(try leaked { $0.left(21.9, "r", type: "G", quantity: 1, original: "nobody") }.outcome == .fail)
    }

    @Test func `an unknown message type counts as one that can increase risk`() throws {
        #expect(try leaked { $0.left(22, "list", type: "E") }.outcome == .fail)
    }

    @Test func `exactly the position is verified reduce-only, one more flips through zero`() throws {
        func reducing(_ extra: Int64) throws -> Outcome {
            var story = try Story.hardKill()
            let held = story.observations.filter { $0["cl_ord_id"] == "f1" && $0.type == "order_left" }
            let quantity = try #require(held.first?["quantity"]?.integer)
            story.removeLedger(of: "f1")
            story.change("order_left", "quantity", to: .integer(quantity + extra)) { $0["cl_ord_id"] == "f1" }
            return try #require(try story.judged().gate(.ordersLeaked)).outcome
        }
        #expect(try reducing(0) == .pass)
        #expect(try reducing(1) == .fail)
    }

    @Test func `a reducing order beside another one of the same size is a flip`() throws {
        let gate = try leaked { story in
            story.order(22.45, "f0", reference: "flatten-0", side: .sell, quantity: 1, reducing: true, rests: true)
            story.retell(41.1)
        }
        #expect(gate.outcome == .fail)
    }

    @Test func `an operator's pause counts from the acknowledgement, at the latest 50 ms after it`() throws {
        func outcome(at: Double, acknowledged: Bool) throws -> (Outcome, JSON?) {
            var story = try Story.hardKill()
            story.flag(40.1, "pause", "true", by: "operator", uncertainty: 0)
            if acknowledged { story.state(40.12, "PAUSED", "operator") }
            story.flag(40.4, "pause", "false", by: "operator", uncertainty: 0)
            story.left(at, "during")
            let verdict = try story.judged()
            return (try #require(verdict.gate(.ordersLeaked)).outcome, verdict.measurements["orders_during_propagation"])
        }
        #expect(try outcome(at: 40.13, acknowledged: false) == (.pass, 1))
        #expect(try outcome(at: 40.151, acknowledged: false).0 == .fail)
        #expect(try outcome(at: 40.11, acknowledged: true) == (.pass, 1))
        #expect(try outcome(at: 40.13, acknowledged: true).0 == .fail)
    }

    @Test func `an absent flag is a pause`() throws {
        let gate = try leaked { story in
            story.flag(35, "pause", "absent", by: "operator")
            story.flag(36, "pause", "false", by: "operator")
        }
        #expect(gate.outcome == .fail)
    }

    @Test func `a claim of no leaks needs a hundred answered intents`() throws {
        let gate = try leaked { story in
            story.remove("intent_in") { $0.at > Story.instant(10) && $0.at < Story.instant(30) }
        }
        #expect(gate.outcome == .inconclusive)
        #expect(gate.finding.isVacuous)
    }

    @Test func `a governor that accepted nothing before the fault proves nothing by its silence`() throws {
        let gate = try leaked { story in
            story.remove("order_left") { $0.at < Story.instant(9) && ($0["cl_ord_id"]?.string ?? "").hasPrefix("i") }
        }
        #expect(gate.outcome == .inconclusive)
    }
}
