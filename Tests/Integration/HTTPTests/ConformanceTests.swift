import CheckPython
import Glibc
import ScratchFolders
import Sockets
import Telemetry
import Testing

/// Programs that nobody here wrote read our pages. A test whose program is missing is skipped, and says why.
struct ConformanceTests {
    static let hasPromtool = (try? run("command -v promtool", reading: ""))?.status == 0

    @Test(.enabled(if: hasPromtool, "promtool is not installed (Debian package prometheus)"))
    func `promtool finds nothing wrong with the text format`() throws {
        let answer = try run("promtool check metrics", reading: text(Exposition.text.render(everyKind())))
        #expect(answer.status == 0, "\(answer.output)")
    }

    @Test(.enabled(if: hasPromtool, "promtool is not installed (Debian package prometheus)"))
    func `promtool does complain about a broken page`() throws {
        let page = text(Exposition.text.render(everyKind())).replacing(
            "# TYPE risk_latency_seconds histogram\n", with: "")
        #expect(try run("promtool check metrics", reading: page + "risk latency\n").status != 0)
    }

    @Test(.enabled(if: hasPromtool, "promtool is not installed (Debian package prometheus)"))
    func `promtool's one objection to the aliases is the unit in feed_latency_ms`() throws {
        let registry = MetricRegistry()
        for name in ["pipeline_latency", "redis_roundtrip", "feed_latency_ms", "position_delta"] {
            registry.gauge(name, help: "An alias.").set(1.0)
        }
        let answer = try run("promtool check metrics", reading: text(Exposition.text.render(registry)))
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

    @Test(.enabled(if: CheckPython.path != nil, Comment(rawValue: CheckPython.whyNot)))
    func `the prometheus_client parsers read every sample of both formats`() throws {
        let python = try #require(CheckPython.path)
        for (program, format) in [(Self.readText, Exposition.text), (Self.readOpenMetrics, .openMetrics)] {
            let answer = try run("\(python) -c '\(program)'", reading: text(format.render(everyKind())))
            #expect(answer.status == 0, "\(format): \(answer.output)")
            #expect(answer.output == "11\n", "\(format): \(answer.output)")
        }
    }

    @Test(.enabled(if: CheckPython.path != nil, Comment(rawValue: CheckPython.whyNot)))
    func `the OpenMetrics parser refuses a page without its end, and a histogram without +Inf`() throws {
        let python = try #require(CheckPython.path)
        let page = text(Exposition.openMetrics.render(everyKind()))
        for broken in [
            page.replacing("# EOF\n", with: ""),
            page.replacing("risk_latency_seconds_bucket{le=\"+Inf\"} 3\n", with: ""),
        ] {
            #expect(try run("\(python) -c '\(Self.readOpenMetrics)'", reading: broken).status != 0)
        }
    }
}

/// Runs a shell command with `input` as its standard input; its output, both streams, and exit status.
func run(_ command: String, reading input: String) throws -> (status: Int32, output: String) {
    let folder = try ScratchFolder.make("exposition")
    defer { ScratchFolder.remove(folder) }
    let path = "\(folder)/page"
    try ScratchFolder.write(input, to: path)
    guard let pipe = popen("{ \(command)\n} <\(path) 2>&1", "r") else { throw SystemError(command, "popen", code: errno) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
    return (pclose(pipe), String(decoding: output, as: UTF8.self))
}
