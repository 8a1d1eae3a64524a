import Messages
import Testing
import Units

import Scenarios

private let overlays = """
    variants:
      wide: {broker: {round_trip_variance_ms2: 64}}
    profiles:
      brief:
        description: Shorter
        feed: {speed_percent: 400}
        faults:
          - {id: slow, kind: latency, from: everyone, to: governor, delay: 100ms, duration: 2s, at: {phase: fault}}
        operator: {resumes: []}
        gates:
          - {name: evidence_complete, kind: always}
          - {name: faults_proven, kind: always}
          - {name: leftovers, kind: never}
          - {name: pause_exercised, kind: sometimes, threshold: 10}

    """

/// The small scenario certifies here, so that a profile has something to take away.
private let text = goodScenario.replacing("certifying: false", with: "certifying: true") + overlays

@Suite struct OverlayTests {
    private func read(_ text: String, _ choice: Choice = Choice()) throws -> Scenario {
        try Scenario(yaml: choice.written(into: Array(text.utf8)), file: "chaos/small.yaml")
    }

    private func mistakes(_ text: String, _ choice: Choice = Choice()) -> [String] {
        do {
            _ = try read(text, choice)
            return []
        } catch { return "\(error)".split(separator: "\n").map(String.init) }
    }

    @Test func `without a choice the overlays change nothing`() throws {
        var plain = try read(goodScenario)
        plain.certifying = true
        #expect(try read(text) == plain)
        #expect(plain.title == "small")
    }

    @Test func `a profile merges key by key, replaces lists, and never certifies`() throws {
        let base = try read(text)
        let brief = try read(text, Choice(profile: "brief"))
        #expect(brief.feed.speedPercent == 400 && brief.feed.depthInterval == base.feed.depthInterval)
        #expect(brief.faults.map(\.id) == ["slow"] && brief.gates.count == 4)
        #expect(brief.operatorRules.resumes.isEmpty && brief.operatorRules.unpauseIn == .warmUp)
        #expect(brief.phases == base.phases)
        #expect(base.certifying && !brief.certifying)
        #expect(brief.title == "small-brief")
    }

    @Test func `a variant certifies as its scenario does, and takes a profile on top`() throws {
        let wide = try read(text, Choice(variant: "wide"))
        #expect(wide.certifying && wide.broker.roundTripVariance == SquareMilliseconds(units: 640_000))
        let both = try read(text, Choice(variant: "wide", profile: "brief"))
        #expect(!both.certifying && both.broker.roundTripVariance == SquareMilliseconds(units: 640_000))
        #expect(both.feed.speedPercent == 400 && both.title == "small-wide-brief")
    }

    @Test func `a run's copy is read with the same choice`() throws {
        let copy = Choice(variant: "wide", profile: "brief").written(into: Array(text.utf8))
        let again = try Scenario(yaml: copy, file: "runs/latest/scenario.yaml")
        #expect(again == (try read(text, Choice(variant: "wide", profile: "brief"))))
        let unended = Array(text.utf8.dropLast(1))
        #expect(try Scenario(yaml: Choice(profile: "brief").written(into: unended), file: "small.yaml").title == "small-brief")
    }

    @Test func `a mistake inside a profile is shown with its name and line, chosen or not`() {
        let bad = text.replacing("speed_percent: 400", with: "sped_percent: 400")
        let expected = "chaos/small.yaml:49: profile 'brief': feed: unknown key 'sped_percent'. Did you mean 'speed_percent'?"
        #expect(mistakes(bad) == [expected])
        #expect(mistakes(bad, Choice(profile: "brief")) == [expected])
    }

    @Test func `a mistake of the base is shown once, not once a profile`() {
        #expect(mistakes(text.replacing("fill_model: walk", with: "fill_model: wlak")).count == 1)
    }

    @Test func `what a profile breaks together with the base bears its name`() {
        let bad = text.replacing("duration: 2s, at: {phase: fault}", with: "duration: 2s, at: {phase: heal}")
        #expect(
            mistakes(bad) == [
                "chaos/small.yaml:51: profile 'brief': fault 'slow': starts in phase 'heal', which this scenario doesn't have"
            ])
    }

    @Test(arguments: [
        ("profiles:", "profiles: brief\nfeeds:", ":46: profiles: expected names and their keys, found 'brief'"),
        ("  brief:", "  Brief:", ":47: profile: expected a name of a-z, 0-9 and _, found 'Brief'"),
        ("    description: Shorter", "    certifying: true", ":48: profile 'brief': 'certifying' can't be changed here"),
        ("    description: Shorter", "    profiles: {}", ":48: profile 'brief': 'profiles' can't be changed here"),
        ("{broker: {round_trip_variance_ms2: 64}}", "64", ":45: variant 'wide': expected keys and values, found '64'"),
    ])
    func `an overlay that is none is refused`(_ old: String, _ new: String, _ expected: String) {
        let found = mistakes(text.replacing(old, with: new))
        #expect(found.contains { $0.hasSuffix(expected) }, "\(found)")
    }

    @Test func `an unknown profile is refused with the nearest`() {
        let found = mistakes(text, Choice(profile: "breif"))
        #expect(found == ["chaos/small.yaml:47: unknown profile 'breif'. Did you mean 'brief'?"])
    }

    @Test func `a rate takes the place of the scenario's, and its limit on orders a second goes with it`() throws {
        let limited = text.replacing("limits.json", with: "limits.json\n  limit_overrides: {max_orders_per_second: 32}")
        let fast = try read(limited, Choice(rate: 250))
        #expect(fast.load.intentsPerSecond == 250 && fast.certifying)
        #expect(fast.governor.limitOverrides == [JSON.Member("max_orders_per_second", 80)])
        #expect(try read(text, Choice(rate: 250)).governor.limitOverrides == [])
        // The run's copy is read with the same rate.
        #expect(Choice(rate: 250).written(into: Array("name: small\n".utf8)) == Array("name: small\nrate: 250\n".utf8))
    }

    @Test func `a rate that can't be is refused, and so is one of a load without rates`() {
        #expect(mistakes(text, Choice(rate: 100_001)).contains { $0.contains("intents_per_second: expected a whole number") })
        #expect(mistakes(text + "rate: fast\n").contains { $0.contains("rate: expected a whole number, found 'fast'") })
        let still = text.replacing("      intents_per_second: 100\n", with: "").replacing("  intents_per_second: 100\n", with: "")
        #expect(mistakes(still, Choice(rate: 5)).contains { $0.contains("this scenario's load has no 'intents_per_second'") })
    }
}
