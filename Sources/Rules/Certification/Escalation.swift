// The red flags of the requirements. They say who has to look, beside what the gates say; only a breached hard limit
// stops a certification, because what follows it would be run with a governor that is known to be unsafe.

import Messages
import Scenarios

package struct Escalation: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable {
        case stop = "stop the certification"
        case safetyReview = "critical safety review"
        case investigatePerformance = "performance investigation"
        case investigateMemory = "resource investigation"
    }

    package let action: Action
    /// Title of the run.
    package let run: String
    /// What was observed, with its name and unit.
    package let because: String

    package static let latencyMaximum = 20.0
    package static let memoryMaximum = 100.0

    package static func all(in run: RunOutcome) -> [Escalation] {
        guard run.problem == nil else { return [] }
        var found: [Escalation] = []
        func add(_ action: Action, _ because: String) {
            found.append(Escalation(action: action, run: run.planned.title, because: because))
        }
        for name in [GateName.hardLimitBreaches, .riskLimitBreaches] {
            guard let gate = run.gate(name), gate["verdict"]?.string == "fail" else { continue }
            add(.stop, "\(name.rawValue) = \((gate["observed"] ?? .null).text())")
        }
        if let leaked = run.measurement("orders_leaked"), leaked > 0 {
            add(.safetyReview, "orders_leaked = \(JSON.real(leaked).text())")
        }
        let measured = (run.verdict?["measurements"]?.members ?? []).sorted { $0.key < $1.key }
        for member in measured {
            guard let value = member.value.double else { continue }
            if member.key.hasSuffix("latency_p99_ms"), value > latencyMaximum {
                add(.investigatePerformance, "\(member.key) = \(member.value.text()), above 20 ms")
            }
            if member.key.hasPrefix("memory_"), member.key.hasSuffix("_mb"), value > memoryMaximum {
                add(.investigateMemory, "\(member.key) = \(member.value.text()), above 100 MB")
            }
        }
        return found
    }

    var json: JSON {
        ["action": .string(action.rawValue), "run": .string(run), "because": .string(because)]
    }
}
