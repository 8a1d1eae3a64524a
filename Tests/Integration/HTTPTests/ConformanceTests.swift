import Glibc
import Telemetry
import Testing

/// Programs that nobody here wrote read our pages. A test whose program is missing is skipped, and says why.
struct ConformanceTests {
    static let hasPromtool = run("command -v promtool", reading: "").status == 0
    static let hasParsers = run("python3 -c 'import prometheus_client.openmetrics.parser'", reading: "").status == 0

    @Test(.enabled(if: hasPromtool, "promtool is not installed (Debian package prometheus)"))
    func `promtool finds nothing wrong with the text format`() {
        let answer = run("promtool check metrics", reading: text(Exposition.text.render(everyKind())))
        #expect(answer.status == 0, "\(answer.output)")
    }

    @Test(.enabled(if: hasPromtool, "promtool is not installed (Debian package prometheus)"))
    func `promtool does complain about a broken page`() {
        let page = text(Exposition.text.render(everyKind())).replacing(
            "# TYPE risk_latency_seconds histogram\n", with: "")
        #expect(run("promtool check metrics", reading: page + "risk latency\n").status != 0)
    }

    @Test(.enabled(if: hasPromtool, "promtool is not installed (Debian package prometheus)"))
    func `promtool's one objection to the aliases is the unit in feed_latency_ms`() {
        let registry = MetricRegistry()
        for name in ["pipeline_latency", "redis_roundtrip", "feed_latency_ms", "position_delta"] {
            registry.gauge(name, help: "An alias.").set(1.0)
        }
        let answer = run("promtool check metrics", reading: text(Exposition.text.render(registry)))
        #expect(answer.output == "feed_latency_ms metric names should not contain abbreviated units\n")
    }

    static let readText = """
        import sys; from prometheus_client.parser import text_string_to_metric_families as read
        print(sum(len(family.samples) for family in read(sys.stdin.read())))
        """
    static let readOpenMetrics = """
        import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
        print(sum(len(family.samples) for family in read(sys.stdin.read())))
        """

    @Test(.enabled(if: hasParsers, "the PyPI package prometheus_client is not installed"))
    func `the prometheus_client parsers read every sample of both formats`() {
        for (program, format) in [(Self.readText, Exposition.text), (Self.readOpenMetrics, .openMetrics)] {
            let answer = run("python3 -c '\(program)'", reading: text(format.render(everyKind())))
            #expect(answer.status == 0, "\(format): \(answer.output)")
            #expect(answer.output == "11\n", "\(format): \(answer.output)")
        }
    }

    @Test(.enabled(if: hasParsers, "the PyPI package prometheus_client is not installed"))
    func `the OpenMetrics parser refuses a page without its end, and a histogram without +Inf`() {
        let page = text(Exposition.openMetrics.render(everyKind()))
        for broken in [
            page.replacing("# EOF\n", with: ""),
            page.replacing("risk_latency_seconds_bucket{le=\"+Inf\"} 3\n", with: ""),
        ] {
            #expect(run("python3 -c '\(Self.readOpenMetrics)'", reading: broken).status != 0)
        }
    }
}

/// Runs a shell command with `input` as its standard input; its output, both streams, and exit status.
func run(_ command: String, reading input: String) -> (status: Int32, output: String) {
    var template = Array("/tmp/exposition.XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    defer { unlink(path) }
    _ = Array(input.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    guard let pipe = popen("{ \(command)\n} <\(path) 2>&1", "r") else { return (-1, "no shell") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
    return (pclose(pipe), String(decoding: output, as: UTF8.self))
}
