import Messages
import Scenarios
import Testing
import Units
import Verdicts

/// A fault that an operator puts into a drill is named in its verdict, and the drill proves nothing more.
@Suite struct OperatorFaultTests {
    private func fault(_ story: inout Story, _ id: String, by: String?, at second: Double = 1) {
        let who: [(String, JSON)] = by.map { [("by", .string($0)), ("who", "uid 0, pid 17")] } ?? []
        func see(_ offset: Double, _ type: String, _ fields: [(String, JSON)]) {
            story.see(second + offset, .chaos, type, [("fault", .string(id)), ("node", "governor")] + fields)
        }
        see(0, "fault_requested", [("kind", "latency"), ("delay_ns", 50_000_000), ("duration_ns", 500_000_000)] + who)
        see(0.001, "fault_acknowledged", [("backend", "nfqueue")])
        see(0.001, "fault_readback", [("equal", true), ("text", "")])
        see(0.01, "fault_first_effect", [("by", "holder")])
        see(0.51, "fault_effect_ended", [("by", "probe")])
        see(0.51, "fault_counters", [("packets", 10), ("bytes", 1_000), ("sockets", 0)])
        see(0.51, "fault_healed", [("by", "expiry")])
    }

    @Test(arguments: ["operator", nil] as [String?])
    func `an operator's fault in mid-drill is named, and reactions prove nothing`(by: String?) throws {
        var story = try Story.hardKill()
        #expect(try story.judged().outcome == .pass)
        fault(&story, "by-hand", by: by)
        let verdict = try story.judged()
        #expect(verdict.outcome == .inconclusive)
        #expect(!verdict.isWorthAnotherRun)
        #expect(!verdict.certifying)
        let proven = try #require(verdict.gate(.faultsProven))
        #expect(proven.reason?.contains("an operator's fault 'by-hand' (latency at governor") == true, "\(proven.reason ?? "")")
        #expect(verdict.gate(.recovery)?.outcome == .inconclusive)
        let named = try #require(verdict.faults.first { $0.id == "by-hand" })
        #expect(named.json["by"]?.string == "operator")
        #expect(named.json["who"]?.string == (by == nil ? "somebody unknown" : "uid 0, pid 17"))
        let text = String(decoding: verdict.summary(seal: "x"), as: UTF8.self)
        #expect(text.contains("| by-hand (operator, "))
    }

    @Test func `an operator's fault that bears the name of the scenario's does not stand for it`() throws {
        var story = try Story.hardKill()
        let id = try #require(story.scenario.faults.first?.id)
        fault(&story, id, by: "operator", at: 0.5)
        let verdict = try story.judged()
        #expect(verdict.faults.count { $0.id == id } == 2)
        #expect(verdict.faults.filter { $0.id == id }.map { $0.json["by"]?.string } == ["scenario", "operator"])
        #expect(verdict.outcome == .inconclusive)
    }

    @Test func `a leak is a leak, whatever an operator did`() throws {
        var story = try Story.hardKill()
        fault(&story, "by-hand", by: "operator")
        let set = try #require(
            story.observations.first { $0.type == "flag" && $0["key"]?.string == "critical_pause" && $0["value"]?.string == "true" })
        let second = Double(set.at.nanoseconds) / 1e9 - 1_000
        story.order(second + 0.2, "leaked")
        let verdict = try story.judged()
        #expect(verdict.gate(.ordersLeaked)?.outcome == .fail)
        #expect(verdict.outcome == .fail)
    }

    @Test func `a flag that the governor raises in an operator's fault is not raised without one`() throws {
        var story = try Story.hardKill()
        let first = try #require(story.observations.first { $0.type == "fault_first_effect" })
        let second = Double(first.at.nanoseconds) / 1e9 - 1_000
        story.flag(second - 0.5, "critical_pause", "true", by: "governor")
        #expect(try story.judged().gate(.noFlagWithoutFault)?.outcome == .fail)
        fault(&story, "by-hand", by: "operator", at: second - 1)
        #expect(try story.judged().gate(.noFlagWithoutFault)?.outcome != .fail)
    }
}
