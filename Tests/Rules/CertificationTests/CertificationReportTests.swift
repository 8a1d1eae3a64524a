import Certification
import Messages
import Scenarios
import Testing
import Verdicts

@Suite struct CertificationReportTests {
    private typealias Make = Certifications

    @Test func `a suite whose every run passed is CERTIFIED, in the requirements' words`() {
        let report = Make.report(Make.good)
        #expect(report.statusLines == ["Status: CERTIFIED", "Tests: 2/2 passed", "Pass Rate: 100.0%"])
        #expect(report.outcome == .pass && report.isCertified && report.prevents == [])
        #expect(report.json["summary"]?["status"]?.string == "CERTIFIED")
        #expect(report.json["summary"]?["pass_rate_pct"]?.double == 100)
    }

    @Test func `one failing verdict takes the certificate away, and is named`() {
        let runs = [Make.good[0], Make.outcome("crash", Make.crash(drawdown: 17), choice: Choice(variant: "wide")), Make.good[2]]
        let report = Make.report(runs)
        #expect(report.outcome == .fail && !report.isCertified)
        #expect(report.statusLines.prefix(3) == ["Status: NOT CERTIFIED", "Tests: 1/2 passed", "Pass Rate: 50.0%"])
        #expect(report.prevents.contains { $0.hasPrefix("crash-wide fail: max_drawdown_pct fail") })
        #expect(report.decision == "NO-GO")
    }

    @Test func `a run that left no verdict is inconclusive, and so is every figure it may have been the worst of`() {
        let report = Make.report([Make.good[0], Make.good[2]])
        #expect(report.outcome == .inconclusive && !report.isCertified)
        #expect(report.runs.count == 3 && report.prevents.contains { $0.contains("it was not run") })
        #expect(report.matrix.first?.verdict == .inconclusive)
        #expect(report.decision != "GO")
    }

    @Test func `a verdict of another scenario, and one with a changed byte, count for nothing`() {
        let planned = Make.good[2].planned
        let other = RunOutcome(planned, verdict: Make.good[0].verdict, seal: "x", path: "y")
        #expect(Make.report(Array(Make.good[..<2]) + [other]).outcome == .inconclusive)
        let changed = RunOutcome(planned, verdict: Make.good[2].verdict, seal: "x", path: "y", problem: "orders.pcapng was changed")
        let report = Make.report(Array(Make.good[..<2]) + [changed])
        #expect(report.outcome == .inconclusive)
        #expect(report.prevents.contains { $0.contains("orders.pcapng was changed") })
    }

    @Test func `a figure that no run measured is inconclusive, never blank`() throws {
        let without = Make.outcome("kill", [Make.gate("evidence_complete", observed: true)])
        let report = Make.report(Array(Make.good[..<2]) + [without])
        let row = try #require(report.matrix.first { $0.gate == .ordersLeaked })
        #expect(row.verdict == .inconclusive && row.observedText == "not measured" && row.marginText == "not known")
        #expect(report.outcome == .inconclusive && !report.isCertified)
        let unmeasured = Make.outcome("kill", [Make.gate("orders_leaked", observed: .null), Make.gate("evidence_complete", observed: true)])
        #expect(Make.report(Array(Make.good[..<2]) + [unmeasured]).outcome == .inconclusive)
        #expect(!report.words.contains("  \n") && !report.matrix.contains { $0.observedText.isEmpty || $0.marginText.isEmpty })
    }

    @Test func `a truth in the matrix has no unit`() throws {
        func shown(_ observed: JSON) throws -> String {
            let kill = Make.outcome(
                "kill",
                [Make.gate("orders_leaked", observed: observed, unit: "s"), Make.gate("evidence_complete", observed: true)])
            let report = Make.report(Array(Make.good[..<2]) + [kill])
            return try #require(report.matrix.first { $0.gate == .ordersLeaked }).observedText
        }
        #expect(try shown(true) == "true")
        #expect(try shown(.real(0.5)) == "0.5 s")
    }

    @Test func `the worst run of a test gives its figure`() throws {
        let row = try #require(Make.report(Make.good).matrix.first { $0.gate == .maxDrawdown })
        #expect(row.run == "crash-wide" && row.observed.double == 6 && row.margin.double == 9)
        #expect(row.thresholdText == "< 15 pct")
        let failing = [Make.outcome("crash", Make.crash(drawdown: 15)), Make.good[1], Make.good[2]]
        #expect(Make.report(failing).matrix.first?.run == "crash")
    }

    @Test func `a quick pass passes and certifies nothing`() {
        let quick = Choice(profile: "selftest")
        let report = Make.report(
            [Make.outcome("crash", Make.crash(), choice: quick), Make.outcome("kill", Make.kill(), choice: quick)], quick: true)
        #expect(report.outcome == .pass && !report.isCertified && !report.certifies)
        #expect(report.statusLines[0] == "Status: NOT CERTIFIED")
        #expect(report.prevents == ["--quick: shortened runs certify nothing"])
    }

    @Test func `a whole suite with a run that certifies nothing is not CERTIFIED`() {
        let report = Make.report(Array(Make.good[..<2]) + [Make.outcome("kill", Make.kill(), certifying: false)])
        #expect(report.outcome == .pass && !report.isCertified)
        #expect(report.prevents == ["kill: its scenario certifies nothing"])
    }

    @Test func `a figure worse than its baseline takes the certificate away; no baseline only keeps the decision open`() {
        let slow = BaselineComparison("kill", "recovery_s", current: [30, 31, 32, 33], baseline: [20, 21, 22, 23], seed: 1)
        #expect(Make.report(Make.good, comparisons: [slow]).outcome == .fail)
        let none = BaselineComparison("kill", "recovery_s", current: [30], baseline: [], seed: 1)
        let report = Make.report(Make.good, comparisons: [none])
        #expect(report.isCertified)
        #expect(report.conditions.contains { $0.text == "no figure is worse than its baseline" && $0.answer == .unknown })
    }

    @Test func `GO takes every condition`() {
        let same = BaselineComparison("kill", "recovery_s", current: [20, 21, 22, 23], baseline: [20, 21, 22, 23], seed: 1)
        let report = Make.report(Make.good, comparisons: [same])
        // No figure of this suite is a P99: that stays unknown, and unknown is not GO.
        #expect(report.decision == "UNDECIDED")
        #expect(report.conditions.filter { $0.answer != .go }.map(\.text) == ["P99 latencies under their thresholds"])
    }

    @Test func `the red flags of the requirements escalate, and only a breached limit stops`() {
        let measured: JSON = ["orders_leaked": 1, "decision_latency_p99_ms": .real(21.5), "memory_leak_mb": 120, "recovery_s": 99]
        let run = Make.outcome("crash", Make.crash(breaches: 2), measurements: measured)
        let found = Escalation.all(in: run)
        #expect(
            found.map(\.action) == [.stop, .safetyReview, .investigatePerformance, .investigateMemory])
        #expect(found.filter { $0.action == .stop }.map(\.because) == ["hard_limit_breaches = 2"])
        #expect(Escalation.all(in: Make.good[0]) == [])
        let calm: JSON = ["orders_leaked": 0, "decision_latency_p99_ms": 20, "memory_leak_mb": 100]
        #expect(Escalation.all(in: Make.outcome("kill", Make.kill(), measurements: calm)) == [])
    }

    @Test func `JUnit has a testcase a run and a figure, failure for fail, error for what is missing, nothing skipped`() {
        let text = String(decoding: Make.report([Make.outcome("crash", Make.crash(breaches: 1)), Make.good[2]]).junit, as: UTF8.self)
        #expect(text.contains(#"name="run crash""#) && text.contains(#"name="figure Orders Leaked""#))
        #expect(text.contains(#"<testsuites name="small_suite" tests="6" failures="2" errors="2""#))
        #expect(text.contains(#"<error type="inconclusive" message="it was not run">"#))
        #expect(!text.contains("<skipped"))
    }

    @Test func `the same runs give the same bytes`() {
        #expect(Make.report(Make.good).bytes == Make.report(Make.good.reversed()).bytes)
    }
}
