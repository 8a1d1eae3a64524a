import Certification
import Foundation
import Messages
import Scenarios
import Testing
import Units

@Suite struct PeakLoadTests {
    private func peak(_ messages: Int = 800, _ volume: Int = 60) throws -> PeakLoad {
        try #require(PeakLoad(messages: messages, volume: volume))
    }

    /// The small suite with the peak's test, and verdicts that counted so many changes.
    private func report(_ peak: PeakLoad, changes: Int64, executed: String = "pass") -> CertificationReport {
        let latencies = ["pipeline_latency_p99_ms", "decision_latency_p99_ms", "accepted_rate"].map { Certifications.gate($0) }
        let flood = peak.messageRun(quick: false)
        let burst = peak.volumeRun
        let executionRate = JSON.object(
            (Certifications.gate("execution_rate_pct", executed).members ?? []) + [.init("n", .integer(changes))])
        let outcomes = [
            RunOutcome(
                flood, verdict: Certifications.verdict(flood, latencies, measurements: ["intents_offered": 976_000]),
                seal: "f100d", path: "flood"),
            RunOutcome(
                burst, verdict: Certifications.verdict(burst, [executionRate, Certifications.gate("risk_limit_breaches")]),
                seal: "b0257", path: "burst"),
        ]
        return CertificationReport(
            suite: Certifications.suite.adding(peak), isQuick: false, runs: Certifications.good + outcomes, comparisons: [],
            controls: ControlMapping(rows: []), started: WallTime(nanoseconds: 1_795_239_773_000_000_000),
            duration: .seconds(90), governor: nil, machine: "m1", peak: peak)
    }

    @Test func `the flood and the burst are run at twice the peak that was given`() throws {
        let runs = Certifications.suite.adding(try peak()).runs(quick: false).suffix(2)
        #expect(runs.map(\.choice.rate) == [1_600, nil] && runs.map(\.choice.changes) == [nil, 120])
        #expect(runs.map(\.title) == ["decision_flood_enhanced-1600-a-second", "concurrent_order_burst-120-changes"])
        let quick = Certifications.suite.adding(try peak()).runs(quick: true).suffix(2)
        #expect(quick.map(\.choice.rate) == [1_600, nil] && quick.first?.choice.profile == "selftest")
    }

    @Test(arguments: [(0, 60), (50_001, 60), (800, 24), (800, 2_501), (-1, -1)])
    func `a peak of which twice as much can't be run is none`(_ messages: Int, _ volume: Int) {
        #expect(PeakLoad(messages: messages, volume: volume) == nil)
    }

    @Test func `the report names what was asked, tested and measured, and cites it for Article 10`() throws {
        let report = report(try peak(), changes: 120)
        #expect(report.isCertified, "\(report.prevents)")
        #expect(report.words.contains("tested at 1600 intents a second and 120 position changes at once"))
        let messages = report.json["peak"]?["messages_per_second"]
        #expect(messages?["asked"]?.integer == 800 && messages?["tested"]?.integer == 1_600)
        #expect(messages?["measured"]?.integer == 976_000)
        #expect(report.json["peak"]?["position_changes"]?["measured"]?.integer == 120)
        let rows = report.json["controls"]?.array ?? []
        #expect(rows.map { $0["clause"]?.string } == ["RTS 6 Article 10", "RTS 6 Article 10"])
        #expect(rows.map { $0["evidence"]?.array?.compactMap { $0["seal"]?.string } } == [["f100d"], ["b0257"]])
    }

    @Test func `a burst of fewer changes than twice the peak is no evidence`() throws {
        let report = report(try peak(), changes: 50)
        #expect(!report.isCertified && report.outcome == .inconclusive)
        #expect(report.prevents.contains { $0.contains("120 position changes were planned, its verdict counts 50") })
        #expect(report.json["peak"]?["position_changes"]?["measured"]?.isNull == true)
    }

    @Test func `a flood of fewer intents than were planned is no evidence`() throws {
        let flood = try peak().messageRun(quick: false)
        let verdict = Certifications.verdict(flood, [Certifications.gate("accepted_rate")], measurements: ["intents_offered": 610_000])
        let slow = RunOutcome(flood, verdict: verdict, leastIntents: 950_400)
        #expect(slow.problem == "at least 950400 intents were planned, its verdict counts 610000")
        #expect(slow.outcome == .inconclusive)
        #expect(RunOutcome(flood, verdict: verdict, leastIntents: 594_000).problem == nil)
    }

    @Test func `a peak that the governor doesn't stand takes the certificate away`() throws {
        #expect(report(try peak(), changes: 120, executed: "fail").outcome == .fail)
    }

    @Test func `the report of a peak has exactly the keys of its schema`() throws {
        let real = URL(filePath: #filePath).resolvingSymlinksInPath()
        let root = (0..<4).reduce(real) { url, _ in url.deletingLastPathComponent() }
        let schema = try JSON(parsing: Array(try Data(contentsOf: root.appending(path: "docs/schemas/certification.schema.json"))))
        func keys(_ rule: JSON?) -> Set<String> { Set((rule?["required"]?.array ?? []).compactMap(\.string)) }
        let peak = report(try peak(), changes: 120).json["peak"]
        #expect(Set((peak?.members ?? []).map(\.key)) == keys(schema["properties"]?["peak"]))
        for member in peak?.members ?? [] {
            #expect(Set((member.value.members ?? []).map(\.key)) == keys(schema["$defs"]?["peak"]))
        }
    }
}
