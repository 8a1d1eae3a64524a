// Accepted, and nothing left: what a dead connection explains, and what it doesn't.

import Messages
import Scenarios
import Testing
import Verdicts

@Suite struct LostOrderTests {
    /// An intent that was accepted and whose order never left; `status` is what the store says of it.
    private func drop(_ story: inout Story, _ seconds: Double, _ number: Int64, status: String?) {
        let id = "lost\(number)"
        let tick = 90_000 + number
        story.see(seconds - 0.001, .feed, "intent", [
            ("tick", .integer(tick)), ("id", .string(id)), ("action", "new"), ("symbol", "NVDA"), ("reduce_only", false),
            ("due_ns", 1), ("admissible", true),
        ])
        story.see(seconds - 0.0008, .tap, "intent_in", [("id", .string(id)), ("tick", .integer(tick))])
        story.decide(seconds, id, tick, "accept", "ok", id)
        guard let status else { return }
        story.orders.append([
            "cl_ord_id": .string(id), "reference": .string(id), "status": .string(status), "cumulative": "0",
        ])
    }

    private func outcome(_ story: Story) throws -> (Outcome?, String) {
        let gate = try story.judged().gate(.everyIntentDecided)
        return (gate?.outcome, gate?.reason ?? "")
    }

    @Test func `an order lost with a cut connection is known to the store and took a number`() throws {
        var story = try Story.silentBroker()
        drop(&story, 5.5, 1, status: "lost")
        story.retellStores(40.6)
        let (outcome, reason) = try outcome(story)
        #expect(outcome == .pass, "\(reason)")
    }

    @Test(arguments: [nil, "withdrawn", "pending", "working", "cancelled"] as [String?])
    func `an order dropped while the path is cut is no lost order`(_ status: String?) throws {
        var story = try Story.silentBroker()
        drop(&story, 5.5, 1, status: status)
        story.retellStores(40.6)
        let (outcome, reason) = try outcome(story)
        #expect(outcome == .fail && reason.contains("lost1"), "\(reason)")
    }

    /// Only a session that comes back tells the governor what became of what died with the last one.
    @Test(arguments: [("pending", true), ("working", false), (nil, false)] as [(String?, Bool)])
    func `an order that died with the last session may be open in the store when the evidence breaks off`(
        _ status: String?, _ isExplained: Bool
    ) throws {
        var story = try Story.silentBroker()
        drop(&story, 5.5, 1, status: status)
        story.observations.removeAll { $0.at > Story.instant(7.5) }
        story.see(7.6, .rig, "end", [])
        story.retellStores(7.7)
        let (outcome, reason) = try outcome(story)
        #expect((outcome != .fail) == isExplained, "\(reason)")
        #expect(isExplained || reason.contains("lost1"), "\(reason)")
    }

    /// The evidence broke off before the store was read: nobody knows what it said.
    @Test(arguments: [(5.5, Outcome.inconclusive), (3, .fail)])
    func `without the store on record an order is neither lost nor dropped while the path is cut`(
        _ seconds: Double, _ expected: Outcome
    ) throws {
        var story = try Story.silentBroker()
        drop(&story, seconds, 1, status: nil)
        story.observations.removeAll { $0.at > Story.instant(12) }
        let (outcome, reason) = try outcome(story)
        #expect(outcome == expected && reason.contains("lost1"), "\(reason)")
    }

    @Test(arguments: [(0.1, true), (0.4, false), (-0.3, false)])
    func `what was decided just before the governor was killed may go with it, and nothing else`(
        _ before: Double, _ isExempt: Bool
    ) throws {
        var story = try Story.silentBroker()
        var fault = try #require(story.scenario.faults.first)
        fault.id = "gone"
        fault.kind = .restart
        fault.process = "governor"
        story.scenario.faults.append(fault)
        story.fault(fault, from: 33.5, to: 33.6, node: "governor")
        drop(&story, 33.5 - before, 1, status: nil)
        story.retellStores(40.6)
        let (outcome, reason) = try outcome(story)
        #expect((outcome == .pass) == isExempt, "\(reason)")
    }

    @Test func `more lost orders than numbers that never left are dropped ones`() throws {
        var story = try Story.silentBroker()
        for number in 1...4 { drop(&story, 5.3 + Double(number) / 10, Int64(number), status: "lost") }
        story.retellStores(40.6)
        let (outcome, reason) = try outcome(story)
        #expect(outcome == .fail && reason.contains("only 3 numbers never left"), "\(reason)")
    }

    @Test(arguments: [3.0, 12.5, 33.5]) func `with nothing in the way no order is lost, whatever the store says`(
        _ seconds: Double
    ) throws {
        var story = try Story.silentBroker()
        drop(&story, seconds, 1, status: "lost")
        story.retellStores(40.6)
        let (outcome, reason) = try outcome(story)
        #expect(outcome == .fail && reason.contains("nothing stood in its way"), "\(reason)")
    }

    @Test(arguments: [(4.5, nil, true), (4.5, "withdrawn", true), (4.5, "working", false), (3.0, nil, false)]
        as [(Double, String?, Bool)])
    func `what could not become durable before the store was cut needs no row`(
        _ seconds: Double, _ status: String?, _ isExplained: Bool
    ) throws {
        var story = try Story.storePartition()
        drop(&story, seconds, 1, status: status)
        story.retellStores(22.6)
        let (outcome, reason) = try outcome(story)
        #expect(outcome == (isExplained ? .pass : .fail), "\(reason)")
    }

    @Test(arguments: [("i180", true), ("i266", false)])
    func `an outcome is lost with the connection, and not once the governor knows of the cut`(
        _ id: String, _ isExplained: Bool
    ) throws {
        var story = try Story.storePartition()
        for type in ["decision", "decision_out"] { story.remove(type) { $0["intent"]?.string == id } }
        let (outcome, reason) = try outcome(story)
        #expect(outcome == (isExplained ? .pass : .fail), "\(reason)")
    }

    @Test(arguments: [("action", "maybe"), ("reason", "because")]) func `an outcome in words of its own is none`(
        _ field: String, _ word: String
    ) throws {
        var story = try Story.hardKill()
        story.change("decision", field, to: .string(word)) { $0["intent"] == "i600" }
        let (outcome, reason) = try outcome(story)
        #expect(outcome == .fail && reason.contains("closed list"), "\(reason)")
    }

    @Test func `a fault of two ends is proven only when each of them proves it`() throws {
        for type in ["fault_acknowledged", "fault_readback", "fault_counters", "fault_effect_ended"] {
            var story = try Story.storePartition()
            story.remove(type) { $0["node"] == "store" }
            #expect(try story.judged().gate(.faultsProven)?.outcome == .inconclusive, "\(type)")
        }
    }
}
