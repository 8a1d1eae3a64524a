import Certification
import Messages
import Scenarios
import Units

/// A suite of two tests, and verdicts to judge it by.
enum Certifications {
    static let suite = CertificationSuite(
        name: "small_suite", description: "Two tests",
        tests: [
            .init(
                name: "crash", title: "Crash", day: 1,
                runs: [.init(scenario: "crash"), .init(scenario: "crash", choice: Choice(variant: "wide"))],
                quick: [.init(scenario: "crash", choice: Choice(profile: "selftest"))],
                kpis: [.init(title: "Max Drawdown", gate: .maxDrawdown), .init(title: "Breaches", gate: .hardLimitBreaches)]),
            .init(
                name: "kill", title: "Kill", day: 3, runs: [.init(scenario: "kill")],
                quick: [.init(scenario: "kill", choice: Choice(profile: "selftest"))],
                kpis: [.init(title: "Orders Leaked", gate: .ordersLeaked)]),
        ])

    static func gate(
        _ name: String, _ verdict: String = "pass", observed: JSON = 0, threshold: JSON = 0, margin: JSON = .null,
        comparator: String = "==", unit: String = "count"
    ) -> JSON {
        [
            "name": .string(name), "verdict": .string(verdict), "observed": observed, "threshold": threshold,
            "margin": margin, "comparator": .string(comparator), "unit": .string(unit), "interval": .null,
            "reason": verdict == "pass" ? .null : "it was planted",
        ]
    }

    static func crash(drawdown: Double = 4.5, breaches: Int64 = 0) -> [JSON] {
        [
            gate(
                "max_drawdown_pct", drawdown < 15 ? "pass" : "fail", observed: .real(drawdown), threshold: 15,
                margin: .real(15 - drawdown), comparator: "<", unit: "pct"),
            gate("hard_limit_breaches", breaches == 0 ? "pass" : "fail", observed: .integer(breaches)),
            gate("evidence_complete", observed: true),
        ]
    }

    static func kill(leaked: Int64 = 0) -> [JSON] {
        [gate("orders_leaked", leaked == 0 ? "pass" : "fail", observed: .integer(leaked)), gate("evidence_complete", observed: true)]
    }

    static func verdict(
        _ planned: CertificationSuite.PlannedRun, _ gates: [JSON], certifying: Bool = true, measurements: JSON = [:]
    ) -> JSON {
        let words = gates.compactMap { $0["verdict"]?.string }
        let word = words.contains("fail") ? "fail" : words.contains("inconclusive") ? "inconclusive" : "pass"
        return [
            "verdict": .string(word), "certifying": .bool(certifying && planned.choice.profile == nil),
            "run": [
                "id": .string("\(planned.title)-1"), "scenario": .string(planned.scenario),
                "variant": .optional(planned.choice.variant), "profile": .optional(planned.choice.profile),
                "duration_s": 30, "started": "2026-11-21T08:00:00Z",
            ],
            "environment": ["machine": "m1", "scenario_sha256": .string("hash of \(planned.title)")],
            "gates": .array(gates), "measurements": measurements,
        ]
    }

    static func outcome(
        _ scenario: String, _ gates: [JSON], choice: Choice = Choice(), certifying: Bool = true, measurements: JSON = [:]
    ) -> RunOutcome {
        let planned = CertificationSuite.PlannedRun(scenario: scenario, choice: choice)
        return RunOutcome(
            planned, verdict: verdict(planned, gates, certifying: certifying, measurements: measurements),
            seal: "5ea1\(planned.title)", path: "\(planned.title)/20261121T080000Z-1")
    }

    static var good: [RunOutcome] {
        [outcome("crash", crash()), outcome("crash", crash(drawdown: 6), choice: Choice(variant: "wide")), outcome("kill", kill())]
    }

    static func report(
        _ runs: [RunOutcome], quick: Bool = false, comparisons: [BaselineComparison] = [],
        controls: ControlMapping = ControlMapping(rows: [])
    ) -> CertificationReport {
        CertificationReport(
            suite: suite, isQuick: quick, runs: runs, comparisons: comparisons, controls: controls,
            started: WallTime(nanoseconds: 1_795_239_773_000_000_000), duration: .seconds(90), governor: nil, machine: "m1")
    }
}
