import Messages
import Scenarios
import Units

/// What a run came to, gate by gate, with everything that is needed to check it.
package struct Verdict: Hashable, Sendable {
    package static let schema = "gauntlet.verdict/1"

    package struct GateResult: Hashable, Sendable {
        package let name: GateName
        package let kind: GateKind
        package let threshold: Threshold?
        package let premises: [Premise]
        package let finding: Finding
        /// The finding after its premises were looked at.
        package let outcome: Outcome
        /// Why not pass.
        package let reason: String?
    }

    package struct FaultResult: Hashable, Sendable {
        package let json: JSON
        package let id: String
        package let isProven: Bool
    }

    package let outcome: Outcome
    package let certifying: Bool
    /// `id`, `scenario`, `variant`, `profile`, `seed`, `started`, `duration_s`, `command`.
    package let run: JSON
    package let gates: [GateResult]
    package let measurements: JSON
    package let faults: [FaultResult]
    package let environment: JSON
    package let files: [Evidence.File]
    package let records: Int
    package let chainHead: String
    package let defects: [String]

    /// Scenario, variant and profile: `hard_kill_governance-selftest`.
    package var title: String {
        let parts = [run["scenario"], run["variant"], run["profile"]].compactMap { $0?.string }
        return parts.isEmpty ? "unknown" : parts.joined(separator: "-")
    }

    package func gate(_ name: GateName) -> GateResult? { gates.first { $0.name == name } }

    /// Whether the same drill, run again, may tell what this one left open: a machine that stood still, say. Not when
    /// the evidence has holes, somebody ended the drill, or an operator changed it: those are for a person to look at.
    package var isWorthAnotherRun: Bool {
        outcome == .inconclusive && gate(.evidenceComplete)?.outcome == .pass
            && !faults.contains { $0.json["by"]?.string == "operator" }
    }
}
