import Messages
import Testing
import Units

import Scenarios

@Suite struct PlanTests {
    @Test(arguments: ProjectFiles.scenarios)
    func `the same seed gives the same bytes, another seed gives others`(_ file: String) throws {
        let first = try ProjectFiles.plan(file, seed: 7).bytes
        #expect(try ProjectFiles.plan(file, seed: 7).bytes == first)
        #expect(try ProjectFiles.plan(file, seed: 8).bytes != first)
    }

    @Test(arguments: ProjectFiles.scenarios)
    func `a plan read back from its file is the same plan`(_ file: String) throws {
        let plan = try ProjectFiles.plan(file, seed: 1)
        #expect(try Plan(parsing: plan.bytes, file: "plan.ndjson") == plan)
    }

    @Test(arguments: ["[0]", "[-1]", "[1.5]", "{}", "[1,1,1,1,1,1,1,1,1,1,1]", "[9999999999999]"])
    func `a book's sizes before its thinning are whole numbers, ten at most`(_ bids: String) throws {
        let plan = try ProjectFiles.plan("chaos/flash_crash_enhanced.yaml", seed: 1)
        var text = String(decoding: plan.bytes, as: UTF8.self)
        let start = try #require(text.firstRange(of: "\"whole\":{\"bids\":")).upperBound
        let end = try #require(text[start...].firstIndex(of: "]"))
        text.replaceSubrange(start...end, with: bids)
        let error = #expect(throws: Mistakes.self) { try Plan(parsing: Array(text.utf8), file: "p") }
        #expect(error?.description.contains("at most 10 whole numbers") == true)
    }

    @Test func `a plan with a line less, or a tick that jumps, is refused with its line`() throws {
        let plan = try ProjectFiles.plan("chaos/hard_kill_short.yaml", seed: 1)
        var lines = plan.bytes.split(separator: 0x0A).map { Array($0) }
        lines.remove(at: 40)
        #expect(throws: Mistakes.self) { try Plan(parsing: Array(lines.joined(separator: [0x0A])), file: "p") }
        var other = plan
        other.events.remove(at: 30)
        let error = #expect(throws: Mistakes.self) { try Plan(parsing: other.bytes, file: "p") }
        let line = 1 + plan.schedule.count + 31
        #expect(error?.description == "p:\(line): expected tick 31, found 32")
    }

    @Test(arguments: ProjectFiles.scenarios)
    func `ticks count from 1 without a gap, in the order of due times`(_ file: String) throws {
        let events = try ProjectFiles.plan(file, seed: 3).events
        #expect(events.map(\.tick) == Array(1...Int64(events.count)))
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.due <= $1.due })
    }

    @Test(arguments: ProjectFiles.scenarios)
    func `each symbol's book is numbered without a gap, never crossed and never silent for 100 ms`(_ file: String)
        throws
    {
        let scenario = try ProjectFiles.short(file)
        let plan = try ProjectFiles.plan(file, seed: 3)
        for symbol in scenario.books.filter({ $0.condition == .trading }).map(\.symbol) {
            let depths = plan.events.compactMap { event -> (Duration, Depth)? in
                if case .depth(let depth) = event.content, depth.symbol == symbol { (event.due, depth) } else { nil }
            }
            #expect(depths.map(\.1.sequence) == Array(1...Int64(depths.count)))
            #expect(!depths.contains { $0.1.isCrossed || $0.1.bids.isEmpty || $0.1.asks.isEmpty })
            #expect(zip(depths, depths.dropFirst()).allSatisfy { $1.0 - $0.0 <= .milliseconds(100) })
            #expect(try #require(depths.first).0 < .zero && #require(depths.last).0 > scenario.duration)
        }
    }

    @Test func `the schedule names the addresses that a fault hits`() throws {
        let plan = try ProjectFiles.plan("chaos/hard_kill_short.yaml", seed: 1)
        let slow = try #require(plan.schedule.first { $0["fault"]?.string == "slow" })
        #expect(slow["from_addresses"] == ["198.18.0.11", "198.18.0.12", "198.18.0.14"])
        #expect(slow["address"] == "198.18.0.13" && slow["delay_ns"] == 250_000_000)
    }

    @Test func `a two-way fault is applied at the ingress of both ends`() throws {
        let scenario = try ProjectFiles.scenario("chaos/silent_broker.yaml")
        let applications = try #require(scenario.fault("blink")).applications(on: ProjectFiles.topology())
        #expect(applications.map(\.node) == ["broker", "governor"])
        #expect(applications.map(\.peers) == [["governor"], ["broker"]])
    }

    @Test func `a missing tape and a first row behind the last are mistakes`() throws {
        var scenario = try ProjectFiles.scenario("chaos/hard_kill_short.yaml")
        let topology = try ProjectFiles.topology()
        #expect(throws: Mistakes.self) { try Plan(scenario, on: topology, seed: 1, tapes: TapeShelf([:])) }
        scenario.books[0].first = 175
        #expect(throws: Mistakes.self) { try Plan(scenario, on: topology, seed: 1, tapes: ProjectFiles.tapes) }
    }
}
