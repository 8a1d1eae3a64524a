// The gates of the flash crash, on a whole run: green on a good governor, and each one red for what it is about.

import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

private struct CrashCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let tell: @Sendable () throws -> Story
    var fail: Set<String> = []
    var inconclusive: Set<String> = []

    init(
        _ name: String, fail: Set<String> = [], inconclusive: Set<String> = [],
        _ tell: @escaping @Sendable () throws -> Story
    ) {
        testDescription = name
        self.tell = tell
        self.fail = fail
        self.inconclusive = inconclusive
    }
}

private func changed(_ change: (inout Story) throws -> Void) throws -> Story {
    var story = try Story.flashCrash()
    try change(&story)
    return story
}

private func told(_ change: (inout CrashTeller) -> Void) throws -> Story {
    var teller = try CrashTeller(variant: nil)
    change(&teller)
    return try teller.told()
}

/// Some reports come 200 ms late.
private func stall(_ story: inout Story, every: Int) {
    var seen: [String: Int] = [:]
    for index in story.observations.indices where story.observations[index].type == "fix_in" {
        guard let name = story.observations[index]["cl_ord_id"]?.string else { continue }
        let place = seen[name] ?? seen.count
        seen[name] = place
        if place % every == 3 { story.observations[index].at = story.observations[index].at + .milliseconds(200) }
    }
}

private func isInCrash(_ seen: Observation) -> Bool { seen.at > Story.instant(13.2) && seen.at < Story.instant(25.8) }

/// To the asks of one book of the crash.
private func addShare(_ story: inout Story) throws {
    let seen = try #require(story.observations.first { $0.type == "depth" && isInCrash($0) })
    let shares = try #require(seen["ask_shares"]?.integer)
    story.change("depth", "ask_shares", to: .integer(shares + 1)) { $0["tick"] == seen["tick"] }
}

/// The plan no longer says how deep the tape's own books were.
private func forgetTape(_ story: inout Story) {
    guard var plan = story.plan else { return }
    for index in plan.events.indices { plan.events[index].whole = nil }
    story.plan = plan
}

private let cases: [CrashCase] = [
    CrashCase("a good governor") { try .flashCrash() },
    CrashCase("a good governor, and a desk that walks the book") { try .flashCrash(variant: "walk") },
    CrashCase("a good governor with a wide jitter") { try .flashCrash(variant: "wide_jitter") },
    CrashCase("a good governor on a book of 5 %") { try .flashCrash(variant: "thin_95") },
    CrashCase("a book that loses levels") { try .flashCrash(variant: "thin_levels") },
    CrashCase("stub quotes behind the thin book") { try .flashCrash(variant: "stub_quotes") },
    CrashCase("losses ignored", fail: ["hard_limit_breaches", "participation"]) { try told { $0.ignoresLosses = true } },
    CrashCase("the position's limit ignored", fail: ["hard_limit_breaches"]) { try told { $0.ignoresPosition = true } },
    CrashCase("everything rejected", fail: ["participation"], inconclusive: ["hard_limit_breaches", "broker_latency_jitter", "orders_resolved"]) {
        try told { $0.rejectsEverything = true }
    },
    CrashCase(
        "buys at 600 on the way down", fail: ["max_drawdown_pct", "hard_limit_breaches", "store_complete"]) {
        try changed { story in
            story.change("execution", "last_price", to: 6_000_000) { $0["side"] == "buy" && $0["kind"] == "trade" && isInCrash($0) }
        }
    },
    CrashCase("a share that is left over", fail: ["final_position_shares"]) {
        try told { $0.keeps = 1 }
    },
    CrashCase("a book as deep as ever", inconclusive: ["depth_thinning_applied"]) {
        try changed { $0.change("depth", "bid_shares", to: 2_000, where: isInCrash) }
    },
    CrashCase("a book with one share too many in the crash", inconclusive: ["depth_thinning_applied"]) {
        try changed { try addShare(&$0) }
    },
    CrashCase("a tape that was deeper before the crash than the plan says", inconclusive: ["depth_thinning_applied"]) {
        try changed { $0.change("depth", "bid_shares", to: 2_400) { $0.at < Story.instant(12) } }
    },
    CrashCase("a plan that doesn't say how deep the tape was", inconclusive: ["depth_thinning_applied"]) {
        try changed { forgetTape(&$0) }
    },
    CrashCase("a book that nobody measured", inconclusive: ["depth_thinning_applied"]) {
        try changed { $0.change("depth", "ask_shares", to: .null) }
    },
    CrashCase("a broker 3 ms too slow", inconclusive: ["broker_latency_jitter"]) {
        try changed { $0.shift("order_left", by: -0.003) }
    },
    CrashCase("a broker that never varies", inconclusive: ["broker_latency_jitter"]) {
        try changed { story in
            var left: [String: Instant] = [:]
            for seen in story.observations where seen.type == "order_left" {
                if let name = seen["cl_ord_id"]?.string { left[name] = seen.at }
            }
            for index in story.observations.indices where story.observations[index].type == "fix_in" {
                guard let name = story.observations[index]["cl_ord_id"]?.string, let at = left[name] else { continue }
                story.observations[index].at = at + .nanoseconds(30_300_000)
            }
        }
    },
    CrashCase("one stall of the machine") { try changed { stall(&$0, every: 10_000) } },
    CrashCase("a stall for every fiftieth order", inconclusive: ["broker_latency_jitter"]) {
        try changed { stall(&$0, every: 50) }
    },
    CrashCase("nothing but orders on the session", inconclusive: ["broker_latency_jitter"]) {
        try changed { story in story.remove("fix_out") { $0["test_req_id"] != nil } }
    },
    CrashCase("books that nobody planned", inconclusive: ["ungoverned_twin"]) {
        try changed { story in story.change("depth", "bid", to: 4_300_000) { $0["tick"] == 40 } }
    },
    CrashCase(
        "no plan", inconclusive: ["ungoverned_twin", "max_drawdown_pct", "depth_thinning_applied"]
    ) { try changed { $0.plan = nil } },
    CrashCase("a crash that nobody can lose by", inconclusive: ["ungoverned_twin"]) {
        try changed { story in
            story.scenario.gates = story.scenario.gates.map { gate in
                var gate = gate
                if gate.name == .ungovernedTwin { gate.threshold = .number(Figure(units: 900_000)) }
                return gate
            }
        }
    },
]

@Suite struct FlashCrashTests {
    @Test(arguments: cases) fileprivate func `a flash crash turns exactly the gates that it must`(_ crash: CrashCase) throws {
        let verdict = try crash.tell().judged()
        func names(_ outcome: Outcome) -> Set<String> {
            Set(verdict.gates.filter { $0.outcome == outcome }.map(\.name.rawValue))
        }
        let reasons = verdict.gates.filter { $0.outcome != .pass }.map { "\($0.name.rawValue): \($0.reason ?? "")" }
        #expect(names(.fail) == crash.fail, "\(reasons)")
        #expect(names(.inconclusive) == crash.inconclusive, "\(reasons)")
    }
}
