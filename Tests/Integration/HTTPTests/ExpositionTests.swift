import Telemetry
import Testing
import Units

/// One of everything, with the awkward cases.
func everyKind() -> MetricRegistry {
    let registry = MetricRegistry()
    registry.counter("risk_decisions_total", help: "Decisions, by action.", labels: ["action": "accept"]).add(3)
    registry.gauge("risk_position_shares", help: "A \"quoted\" help\nwith \\ in it.", labels: ["symbol": "A\"B\\C\nD"])
        .set(Int64(-5))
    _ = registry.counter("risk_decisions_total", help: "Decisions, by action.", labels: ["action": "reject"])
    let latency = registry.histogram(
        "risk_latency_seconds", help: "From intent to decision.", bounds: [0.00001, 0.001, 0.015, 1])
    latency.observe(.milliseconds(15))
    latency.observe(.nanoseconds(15_000_001))
    latency.observe(.seconds(3))
    registry.info("risk_build_info", help: "What this is.", labels: ["version": "1.0"])
    _ = registry.gauge("risk_recovery_seconds", help: "Not measured yet.")
    return registry
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

struct ExpositionTests {
    @Test func `the text format is written exactly so`() {
        #expect(
            text(Exposition.text.render(everyKind())) == #"""
                # HELP risk_decisions_total Decisions, by action.
                # TYPE risk_decisions_total counter
                risk_decisions_total{action="accept"} 3
                risk_decisions_total{action="reject"} 0
                # HELP risk_position_shares A "quoted" help\nwith \\ in it.
                # TYPE risk_position_shares gauge
                risk_position_shares{symbol="A\"B\\C\nD"} -5.0
                # HELP risk_latency_seconds From intent to decision.
                # TYPE risk_latency_seconds histogram
                risk_latency_seconds_bucket{le="1e-05"} 0
                risk_latency_seconds_bucket{le="0.001"} 0
                risk_latency_seconds_bucket{le="0.015"} 1
                risk_latency_seconds_bucket{le="1.0"} 2
                risk_latency_seconds_bucket{le="+Inf"} 3
                risk_latency_seconds_sum 3.030000001
                risk_latency_seconds_count 3
                # HELP risk_build_info What this is.
                # TYPE risk_build_info gauge
                risk_build_info{version="1.0"} 1
                # HELP risk_recovery_seconds Not measured yet.
                # TYPE risk_recovery_seconds gauge

                """#)
    }

    @Test func `OpenMetrics differs in family names, help quotes and its last line, and in no sample`() throws {
        let plain = Exposition.text.render(everyKind())
        let open = Exposition.openMetrics.render(everyKind())
        #expect(text(open).hasSuffix("# EOF\n"))
        #expect(text(open).contains("# TYPE risk_decisions counter\n"))
        #expect(text(open).contains("# TYPE risk_build info\n"))
        #expect(text(open).contains(#"A \"quoted\" help\nwith"#))
        #expect(try Scrape(plain) == Scrape(open))
    }

    @Test func `a value on a bound is inside it, one nanosecond more is not`() {
        let registry = MetricRegistry()
        let histogram = registry.histogram("h_seconds", help: "x", bounds: [0.015, 0.02])
        histogram.observe(.milliseconds(15))
        histogram.observe(.nanoseconds(15_000_001))
        histogram.observe(.milliseconds(20))
        histogram.observe(.nanoseconds(20_000_001))
        histogram.observe(.nan)
        #expect(histogram.counts == [1, 2, 1])
        #expect(histogram.count == 4)
    }

    @Test func `special values have the names that parsers know`() {
        let registry = MetricRegistry()
        registry.gauge("a", help: "x", labels: ["v": "1"]).set(.infinity)
        registry.gauge("a", help: "x", labels: ["v": "2"]).set(-Double.infinity)
        registry.gauge("a", help: "x", labels: ["v": "3"]).set(Double.nan)
        #expect(text(Exposition.text.render(registry)).hasSuffix("a{v=\"1\"} +Inf\na{v=\"2\"} -Inf\na{v=\"3\"} NaN\n"))
    }

    @Test(arguments: [
        (nil, Exposition.text), ("", .text), ("*/*", .text), ("text/plain", .text), ("application/json", .text),
        ("application/openmetrics-text", .openMetrics), ("application/openmetrics-text;version=0.0.1", .text),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics),
        ("application/openmetrics-text; version=1.0.0; q=0.1, text/plain; q=0.9", .text),
        ("application/openmetrics-text;q=0,text/plain;q=0.1", .text),
    ])
    func `the Accept header decides the format`(accept: String?, expected: Exposition) {
        #expect(Exposition.negotiated(accept) == expected)
    }

    @Test func `a page is empty before the first publish and complete after it`() {
        let page = MetricsPage()
        #expect(page.answer(accept: nil).body.isEmpty)
        #expect(text(page.answer(accept: "application/openmetrics-text").body) == "# EOF\n")
        page.publish(everyKind())
        #expect(page.answer(accept: nil).body == Exposition.text.render(everyKind()))
    }
}

struct ScrapeTests {
    @Test func `what we render is read back, escapes included`() throws {
        let scrape = try Scrape(Exposition.text.render(everyKind()))
        #expect(scrape.value("risk_decisions_total", ["action": "accept"]) == 3)
        #expect(scrape.value("risk_position_shares", ["symbol": "A\"B\\C\nD"]) == -5)
        #expect(scrape.value("risk_latency_seconds_bucket", ["le": "0.015"]) == 1)
        #expect(scrape.value("risk_recovery_seconds") == nil)
        #expect(scrape.all("risk_decisions_total").count == 2)
    }

    @Test func `a series that stands twice is refused, whatever the order of its labels`() {
        let page = Array("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\n".utf8)
        #expect(throws: Scrape.Malformed.self) { try Scrape(page) }
    }

    @Test(arguments: [
        "a", "a ", "a{", "a{x=\"1\"", "a{x=\"1} 1", "a{x=1} 1", "a{1x=\"1\"} 1", "1a 1", "a b", "a 1 2 3",
        "a{x=\"1\"}1",
        "a{x=\"1\",x=\"1\"} 1", "a nan", "a inf", "a 0x", "<html>",
    ])
    func `a line that is no sample is refused by its number`(line: String) {
        do {
            _ = try Scrape(Array("# TYPE a gauge\n\(line)\n".utf8))
            Issue.record("accepted: \(line)")
        } catch {
            #expect(error.line == 2)
        }
    }
}
