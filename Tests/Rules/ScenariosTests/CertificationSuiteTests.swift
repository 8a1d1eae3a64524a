import Testing

import Scenarios

private let goodSuite = """
    suite: small
    description: A suite for tests
    tests:
      - name: kill
        title: Kill
        day: 3
        runs:
          - {scenario: small}
          - {scenario: small, variant: wide}
        quick:
          - {scenario: small, profile: brief}
        kpis:
          - {title: Evidence, gate: evidence_complete}

    """

@Suite struct CertificationSuiteTests {
    private func mistakes(_ old: String, _ new: String) -> [String] {
        let bytes = Array(goodSuite.replacing(old, with: new).utf8)
        do {
            _ = try CertificationSuite(yaml: bytes, file: "chaos/small.yaml")
            return []
        } catch { return error.all.map(\.description) }
    }

    @Test func `a suite is read with its runs, its quick ones and its figures`() throws {
        let suite = try CertificationSuite(yaml: Array(goodSuite.utf8), file: "chaos/small.yaml")
        #expect(suite.runs(quick: false).map(\.title) == ["small", "small-wide"])
        #expect(suite.runs(quick: true).map(\.title) == ["small-brief"])
        #expect(suite.tests[0].kpis.map(\.gate) == [.evidenceComplete])
    }

    @Test(arguments: [
        ("suite: small", "suite: large", ":1: suite: suite: expected the file's own name 'small', found 'large'"),
        ("evidence_complete", "evidence_complte", ":13: unknown gate 'evidence_complte'. Did you mean 'evidence_complete'?"),
        ("variant: wide", "varaint: wide", ":9: run: unknown key 'varaint'. Did you mean 'variant'?"),
        (", variant: wide", "", ":9: run: each once, found 'small' again"),
        ("day: 3", "day: 0", ":6: test: day: expected a whole number from 1 to 31, found '0'"),
        ("    quick:\n      - {scenario: small, profile: brief}\n", "", ":4: test: missing key 'quick'"),
        ("    runs:", "    runs: []\n    rnus:", ":7: test: runs: expected at least one, found an empty list"),
    ])
    func `a broken suite is refused with the line`(_ old: String, _ new: String, _ expected: String) {
        let found = mistakes(old, new)
        #expect(found.contains { $0.hasSuffix(expected) }, "\(found)")
    }

    @Test func `a suite beside its scenarios: unknown ones, runs that certify nothing, figures that nobody measures`() throws {
        let text = goodScenario.replacing("certifying: false", with: "certifying: true") + """
            variants: {wide: {broker: {fill_model: level-n}}}
            profiles: {brief: {feed: {speed_percent: 400}}}

            """
        func found(_ suite: String, _ scenario: String) throws -> [String] {
            try CertificationSuite(yaml: Array(suite.utf8), file: "chaos/small.yaml").mistakes { run in
                try Scenario(yaml: run.choice.written(into: Array(scenario.utf8)), file: "chaos/\(run.scenario).yaml")
            }
        }
        #expect(try found(goodSuite, text) == [])
        #expect(
            try found(goodSuite, text.replacing("certifying: true", with: "certifying: false")) == [
                "test 'kill': small certifies nothing, and stands in 'runs'",
                "test 'kill': small-wide certifies nothing, and stands in 'runs'",
            ])
        #expect(
            try found(goodSuite.replacing("gate: evidence_complete", with: "gate: recovery"), text) == [
                "test 'kill': no run of 'runs' has gate 'recovery' (Evidence)",
                "test 'kill': no run of 'quick' has gate 'recovery' (Evidence)",
            ])
        #expect(try found(goodSuite.replacing("profile: brief", with: "profile: breif"), text).count == 1)
    }

    @Test(arguments: ProjectFiles.suites)
    func `every shipped suite names scenarios, variants, profiles and gates that exist`(_ file: String) throws {
        let suite = try CertificationSuite(yaml: try ProjectFiles.bytes(file), file: file)
        let found = suite.mistakes { run in
            let path = "chaos/\(run.scenario).yaml"
            return try Scenario(yaml: run.choice.written(into: try ProjectFiles.bytes(path)), file: path)
        }
        #expect(found == [])
    }

    @Test func `a suite and a scenario are told apart`() {
        #expect(CertificationSuite.isSuite(Array(goodSuite.utf8)) && !CertificationSuite.isSuite(Array(goodScenario.utf8)))
        #expect(ProjectFiles.suites == ["chaos/full_certification_suite.yaml"])
    }
}
