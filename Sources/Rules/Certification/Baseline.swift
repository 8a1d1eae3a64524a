// What runs of the same scenario on the same machine measured before. Figures of another machine say nothing about
// this one, so machine and scenario are the key.

import Messages

package struct BaselineKey: Hashable, Sendable {
    /// Fingerprint of the machine, `machine` in `environment.json`.
    package let machine: String
    /// SHA-256 of the run's `scenario.yaml`, variant and profile included.
    package let scenario: String

    package init(machine: String, scenario: String) {
        self.machine = machine
        self.scenario = scenario
    }

    /// `nil` when the verdict's environment doesn't say.
    package init?(verdict: JSON) {
        guard let machine = verdict["environment"]?["machine"]?.string,
            let scenario = verdict["environment"]?["scenario_sha256"]?.string
        else { return nil }
        self.init(machine: machine, scenario: scenario)
    }
}

/// One run's figures, kept to compare later ones with.
package struct Baseline: Hashable, Sendable {
    package static let schema = "gauntlet.baseline/1"

    package let key: BaselineKey
    /// Id of the run; a run is kept once.
    package let run: String
    package let title: String
    package let started: String
    package let figures: [String: Double]

    /// Of a verdict that passed. What is wrong with it otherwise, in words.
    package static func taken(from verdict: JSON) -> Result<Baseline, BaselineRefusal> {
        guard verdict["verdict"]?.string == "pass" else {
            let word = verdict["verdict"]?.string ?? "unknown"
            return .failure(BaselineRefusal("its verdict is \(word); only a pass is a baseline"))
        }
        guard let key = BaselineKey(verdict: verdict), let run = verdict["run"]?["id"]?.string else {
            return .failure(BaselineRefusal("its verdict doesn't say on which machine and with which scenario it was made"))
        }
        let figures = figures(of: verdict)
        guard !figures.isEmpty else { return .failure(BaselineRefusal("it measured nothing that is compared")) }
        return .success(
            Baseline(
                key: key, run: run, title: title(of: verdict),
                started: verdict["run"]?["started"]?.string ?? "unknown", figures: figures))
    }

    /// Scenario, variant and profile.
    package static func title(of verdict: JSON) -> String {
        ["scenario", "variant", "profile"].compactMap { verdict["run"]?[$0]?.string }.joined(separator: "-")
    }

    /// Of which less is better, and which vary from run to run.
    package static let compared: Set = [
        "pause_flag_delay_s", "first_safe_action_s", "recovery_s", "reconciled_s", "critical_pause_after_outage_s",
    ]

    package static func figures(of verdict: JSON) -> [String: Double] {
        var found: [String: Double] = [:]
        for member in verdict["measurements"]?.members ?? [] {
            guard compared.contains(member.key) || member.key.hasSuffix("_p99_ms"), let value = member.value.double,
                value > 0
            else { continue }
            found[member.key] = value
        }
        return found
    }

    package init(key: BaselineKey, run: String, title: String, started: String, figures: [String: Double]) {
        self.key = key
        self.run = run
        self.title = title
        self.started = started
        self.figures = figures
    }

    package var json: JSON {
        [
            "schema": .string(Baseline.schema), "machine": .string(key.machine), "scenario_sha256": .string(key.scenario),
            "run": .string(run), "title": .string(title), "started": .string(started),
            "figures": .object(figures.sorted { $0.key < $1.key }.map { .init($0.key, .real($0.value)) }),
        ]
    }

    /// From its own JSON; `nil` when that is none.
    package init?(json: JSON) {
        guard json["schema"]?.string == Baseline.schema, let machine = json["machine"]?.string,
            let scenario = json["scenario_sha256"]?.string, let run = json["run"]?.string,
            let title = json["title"]?.string, let started = json["started"]?.string,
            let members = json["figures"]?.members
        else { return nil }
        var figures: [String: Double] = [:]
        for member in members {
            guard let value = member.value.double else { return nil }
            figures[member.key] = value
        }
        self.init(
            key: BaselineKey(machine: machine, scenario: scenario), run: run, title: title, started: started,
            figures: figures)
    }
}

/// Why a run is no baseline.
package struct BaselineRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
