import History
import Messages
import Pages
import Testing
import Units

@Suite struct RunPageTests {
    private let verdict: JSON = [
        "verdict": "fail", "certifying": true,
        "run": ["id": "r-1", "scenario": "kill", "variant": .null, "profile": "selftest", "seed": "1", "started": "2026-11-21T08:00:00Z", "duration_s": 30, "command": "./my <governor> & co"],
        "gates": [
            ["name": "orders_leaked", "verdict": "fail", "observed": 1, "comparator": "==", "threshold": 0, "unit": "count", "margin": .null, "n": 9, "reason": "left while paused: </script><script>alert(1)</script>"],
            ["name": "recovery", "verdict": "inconclusive", "observed": .null, "comparator": "<=", "threshold": 25, "unit": "s", "margin": .null, "n": 0, "reason": "not armed"],
            ["name": "position_flattening_triggered", "verdict": "pass", "observed": true, "comparator": "in", "threshold": [5, 7], "unit": "s", "margin": .null, "n": 1, "reason": .null],
            ["name": "pause_flag_delay", "verdict": "pass", "observed": .real(0.5), "comparator": "<=", "threshold": 2, "unit": "s", "margin": .null, "n": 1, "reason": .null],
        ],
        "measurements": ["orders_leaked": 1], "faults": [], "evidence": ["files": [], "defects": []],
    ]

    private func at(_ seconds: Int64, _ source: Observation.Source, _ type: String, _ fields: [JSON.Member] = []) -> Observation {
        Observation(source, type, at: Instant(nanoseconds: seconds * 1_000_000_000), fields)
    }

    private var observations: [Observation] {
        [
            at(10, .rig, "phase", [.init("name", "warm-up")]), at(10, .tap, "logon"),
            at(14, .rig, "phase", [.init("name", "fault")]),
            at(15, .chaos, "fault_first_effect", [.init("fault", "cut"), .init("node", "broker")]),
            at(16, .redis, "flag", [.init("key", "critical_pause"), .init("value", "true"), .init("by", "governor")]),
            at(17, .tap, "order_left", [.init("msg_type", "D")]), at(17, .rig, "invariant", [.init("name", "leak")]),
            at(20, .chaos, "fault_effect_ended", [.init("fault", "cut"), .init("node", "broker")]),
            at(40, .feed, "feed_done"),
        ]
    }

    private func page(_ observations: [Observation]) -> String {
        String(decoding: RunPage(verdict: verdict, observations: observations, seal: "abc123").bytes, as: UTF8.self)
    }

    @Test func `a page shows the verdict in words, each gate with its reason, and the timeline with its description`() {
        let text = page(observations)
        #expect(text.contains("✗ FAIL</span> 2 of 4 gates passed"))
        #expect(text.contains("<h1>kill-selftest</h1>") && text.contains("not armed"))
        #expect(text.contains("role=\"img\""))
        #expect(text.contains("fault cut at broker from 5.0 to 10.0 s, critical pause from 6.0 to 30.0 s, 1 orders left, 1 leaks"))
        #expect(text.contains("not measured"), "a value that isn't there says so")
    }

    @Test func `a truth is shown without a unit, a measured time with it`() {
        let text = page(observations)
        #expect(text.contains("<td>true</td><td>in 5 to 7 s</td>") && text.contains("<td>0.5 s</td>"))
    }

    @Test func `nothing that a run says becomes markup, not even in the embedded data`() {
        let text = page(observations)
        #expect(!text.contains("<script>alert") && text.contains("&lt;/script&gt;"))
        #expect(text.contains("./my &lt;governor&gt; &amp; co"))
        #expect(text.components(of: "</script>") == 1)
    }

    @Test func `a page fetches nothing, and its one style is named by its hash`() throws {
        let text = page(observations)
        for word in ["http:", "https:", "src=", "@import", "url(", "unsafe-inline", " style=", "javascript:"] {
            #expect(!text.contains(word), "\(word)")
        }
        #expect(text.contains("default-src 'none'; style-src 'sha256-"))
    }

    @Test func `a history without a phase has no timeline, and the page says so`() {
        #expect(page([]).contains("there is no timeline to draw"))
    }

    @Test func `a certification's page shows what prevents it and marks what was not measured`() {
        let report: JSON = [
            "suite": "small", "summary": ["status": "NOT CERTIFIED", "verdict": "inconclusive", "tests_passed": 0, "tests_total": 1, "pass_rate_pct": 0, "decision": "UNDECIDED", "prevented_by": ["kill: it was not run"]],
            "matrix": [["day": 3, "test": "Kill", "kpi": "Recovery", "gate": "recovery", "threshold": "not known", "observed": .null, "unit": "", "margin": .null, "verdict": "inconclusive", "run": .null]],
            "tests": [], "escalations": [], "baselines": [], "go_no_go": [], "controls": [],
        ]
        let text = String(decoding: CertificationPage(report: report, seal: "abc").bytes, as: UTF8.self)
        #expect(text.contains("? NOT CERTIFIED") && text.contains("kill: it was not run"))
        #expect(text.contains("not measured") && text.contains("? inconclusive"))
    }
}

extension String {
    /// How often a part is in it.
    fileprivate func components(of part: String) -> Int { split(separator: part, omittingEmptySubsequences: false).count - 1 }
}
