// Faults that an operator put into a drill by hand. The drill is then no longer the scenario's: reactions that were
// measured in it prove nothing, whatever they were, and what it did is named.
//
// An agent says of each fault whether a scenario or an operator asked for it, and who gave the command. One that no
// scenario knows is an operator's, whatever was said.

import Messages
import Scenarios
import Units

struct OperatorFault: Sendable {
    let evidence: FaultEvidence
    /// Who gave the command, as the agent saw it.
    let who: String

    var requested: Stamp? { evidence.parts.compactMap { $0.stamp("fault_requested") }.min { $0.at < $1.at } }

    var words: String {
        let fault = evidence.fault
        return "'\(fault.id)' (\(fault.kind.rawValue) at \(fault.to), by \(who))"
    }
}

/// Fault events, told apart by who asked for the fault that they belong to.
struct FaultEvents: Sendable {
    private(set) var scenario: [Named] = []
    private(set) var operators: [(id: String, node: String, events: [Named])] = []

    /// `events` in the order of the history; `known`: the ids of the scenario's faults.
    init(_ events: [Named], known: Set<String>) {
        struct Place: Hashable {
            let id: String
            let node: String
        }
        /// Of a fault and node whose last request was an operator's: which one of them.
        var current: [Place: Int] = [:]
        for event in events {
            guard let id = event["fault"]?.string else {
                scenario.append(event)
                continue
            }
            let place = Place(id: id, node: event["node"]?.string ?? "")
            if event.type == "fault_requested" {
                if event["by"]?.string == "operator" || !known.contains(id) {
                    current[place] = operators.count
                    operators.append((id, place.node, []))
                } else {
                    current[place] = nil
                }
            }
            if let index = current[place] { operators[index].events.append(event) } else { scenario.append(event) }
        }
    }

    var operatorFaults: [OperatorFault] {
        operators.compactMap { one in
            guard let request = one.events.first,
                let fault = Fault(asked: .object(request.fields), id: one.id, at: one.node)
            else { return nil }
            return OperatorFault(
                evidence: FaultEvidence(fault, one.events), who: request["who"]?.string ?? "somebody unknown")
        }
    }
}
