import Messages
import Testing

/// Names of metrics in a PromQL expression that are ours, or the client library's; functions and labels are neither.
private func metrics(in expression: String) -> [String] {
    expression.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        .filter { $0.hasPrefix("risk_governor_") || $0.hasPrefix("process_") }
        .map { $0.hasSuffix("_bucket") ? String($0.dropLast("_bucket".count)) : $0 }
}

private func expressions(_ dashboard: JSON) -> [String] {
    (dashboard["panels"]?.array ?? []).flatMap { $0["targets"]?.array ?? [] }.compactMap { $0["expr"]?.string }
}

@Suite struct ContainerFileTests {
    @Test func `every metric of the dashboard is a documented one`() throws {
        let shipped = try #require(Repository.text("containers/grafana/governor.json"))
        let found = expressions(try JSON(parsing: Array(shipped.utf8)))
        #expect(found.count > 10)
        let documented = try #require(Repository.text("docs/metrics.md"))
        #expect(found.flatMap(metrics).filter { !documented.contains("`\($0)`") } == [])
    }

    @Test func `a metric that nobody documents is noticed`() {
        #expect(metrics(in: "sum by (le) (rate(risk_governor_lateness_bucket[5s]))") == ["risk_governor_lateness"])
    }

    /// What one of docker-compose 1.29, v2 and v5 doesn't take, and names that two rigs at once would share.
    @Test func `the compose file holds to what every version of compose takes`() throws {
        let file = try #require(Repository.text("docker-compose.yml"))
        #expect(mistakes(inCompose: file) == [])
        #expect(mistakes(inCompose: "version: 3\nservices:\n  a:\n    container_name: a\n").count == 2)
    }

    private func mistakes(inCompose file: String) -> [String] {
        let banned = ["version:", "name:", "include:", "    container_name:", "    dockerfile_inline:", "# syntax="]
        return file.split(separator: "\n").flatMap { line in
            banned.filter { line.hasPrefix($0) || line.hasPrefix("    \($0)") }.map { "\($0) in '\(line)'" }
        }
    }
}
