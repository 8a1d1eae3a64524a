import Messages
import Testing
import Units

import GovernorCore

/// What closes the gate before anything of the order is looked at, for openings, exits and cancels.
///
/// Each bench holds 10 shares and a resting buy `rests`, so that an exit and a cancel have something to act on.
struct ClosedGateTests {
    enum Closing: CaseIterable {
        case killed, criticalPause, pause, unreadable, sessionDown, notReconciled, storeUnavailable, backedUp
    }

    struct Reasons {
        let opening: Decision.Reason
        let exit: Decision.Reason
        let cancel: Decision.Reason
    }

    /// What each of the three is told, in the words of the contract.
    private static func reasons(_ closing: Closing) -> Reasons {
        switch closing {
        case .killed: Reasons(opening: .killed, exit: .killed, cancel: .ok)
        case .criticalPause: Reasons(opening: .criticalPaused, exit: .ok, cancel: .ok)
        case .pause: Reasons(opening: .paused, exit: .ok, cancel: .ok)
        case .unreadable: Reasons(opening: .paused, exit: .ok, cancel: .ok)
        case .sessionDown: Reasons(opening: .sessionDown, exit: .sessionDown, cancel: .sessionDown)
        case .notReconciled: Reasons(opening: .notReconciled, exit: .notReconciled, cancel: .notReconciled)
        case .storeUnavailable: Reasons(opening: .storeUnavailable, exit: .storeUnavailable, cancel: .ok)
        case .backedUp: Reasons(opening: .pathBackedUp, exit: .pathBackedUp, cancel: .pathBackedUp)
        }
    }

    private func close(_ bench: inout Bench, _ closing: Closing) {
        switch closing {
        case .killed: bench.keys(command: "kill")
        case .criticalPause: bench.keys(critical: "true")
        case .pause: bench.keys(pause: "true")
        case .unreadable: bench.wait(.milliseconds(1_000), readingKeys: false)
        case .sessionDown: bench.hear(.session(.ended(planned: true, reason: "logged out")))
        case .notReconciled: bench.hear(.withheld)
        case .storeUnavailable: bench.hear(.storeReachable(false))
        case .backedUp: bench.unsentBytes = 1
        }
    }

    private func holding() -> Bench {
        var bench = Bench.ready()
        bench.fill(bench.intent("bought", .buy, 10))
        bench.rest(bench.intent("rests", .buy, 5, limit: 990_000))
        return bench
    }

    @Test(arguments: Closing.allCases) func `a closed gate has its reason for openings`(closing: Closing) {
        var bench = holding()
        close(&bench, closing)
        #expect(bench.reason(bench.intent("a", .buy, 7, limit: 990_000)) == Self.reasons(closing).opening)
    }

    @Test(arguments: Closing.allCases)
    func `a closed gate has its reason for exits, and pauses close nothing for them`(closing: Closing) {
        var bench = holding()
        close(&bench, closing)
        let exit = bench.intent("a", .sell, 10, limit: 1_000_000, reduceOnly: true)
        #expect(bench.reason(exit) == Self.reasons(closing).exit)
    }

    @Test(arguments: Closing.allCases)
    func `a closed gate has its reason for cancels, and even killed lets them pass`(closing: Closing) {
        var bench = holding()
        close(&bench, closing)
        #expect(bench.reason(bench.cancel("a", of: "rests")) == Self.reasons(closing).cancel)
    }

    @Test(arguments: Closing.allCases) func `a replace is an opening to a closed gate`(closing: Closing) {
        var bench = holding()
        close(&bench, closing)
        #expect(bench.reason(bench.replace("a", of: "rests", 6)) == Self.reasons(closing).opening)
    }

    @Test func `killed is told before the pauses, and before a bad field`() {
        var bench = holding()
        close(&bench, .pause)
        bench.keys(pause: "true", critical: "true", command: "kill")
        #expect(bench.reason(bench.intent("a", .buy, -1)) == .killed)
    }

    @Test func `a pause of either kind is told before a session that is down`() {
        var bench = holding()
        close(&bench, .sessionDown)
        bench.keys(pause: "true", critical: "true")
        #expect(bench.reason(bench.intent("a")) == .criticalPaused)
        bench.keys(pause: "true")
        #expect(bench.reason(bench.intent("b")) == .paused)
    }

    @Test func `a governor that never read its flags is paused and lets no order leave`() {
        var bench = Bench()
        bench.hear(.recovered(Recovered()))
        bench.hear(.session(.loggedOn))
        bench.finishStatus()
        bench.depth()
        #expect(bench.reason(bench.intent("a")) == .paused)
    }

    /// By then the book is stale, too: that comes later.
    @Test(arguments: [(949_999_999, Decision.Reason.staleFeed), (950_000_000, .paused)] as [(Int64, Decision.Reason)])
    func `flags are believed until they are 950 ms old`(age: Int64, expected: Decision.Reason) {
        var bench = Bench.ready()
        bench.keys()
        bench.now = bench.now + .nanoseconds(age)
        #expect(bench.reason(bench.intent("a")) == expected)
    }

    @Test func `a path too slow for five seconds leaves exits alone and denies openings`() {
        var bench = holding()
        for id in 1...70 {
            bench.hear(.pingSent(Int64(id)))
            bench.wait(.milliseconds(200))
            bench.hear(.pingAnswered(Int64(id)))
            bench.depth()
        }
        #expect(bench.governor.view.state == .reduceOnly)
        #expect(bench.reason(bench.intent("a", .buy, 1, limit: 990_000)) == .reduceOnly)
    }

    @Test func `a flattening denies openings and lets exits pass`() {
        var bench = holding()
        bench.keys(command: "flatten")
        #expect(bench.reason(bench.intent("a", .buy, 1, limit: 990_000)) == .reduceOnly)
        #expect(bench.reason(bench.intent("b", .sell, 10, limit: 1_000_000, reduceOnly: true)) == .ok)
    }
}
