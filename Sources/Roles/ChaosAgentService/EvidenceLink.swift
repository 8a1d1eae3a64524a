import Archive
import ChaosAgentCore
import History
import Sockets

/// Turns the agent's reports into observations and sends them to the observer.
package final class EvidenceLink {
    private let sender: EvidenceSender

    package init(to observer: Address, node: String, on reactor: Reactor) {
        sender = EvidenceSender(to: observer, name: "chaos-\(node)", node: node, on: reactor)
    }

    package func send(_ report: AgentCore.Report) {
        sender.send(Observation(.chaos, report.type, at: report.at, uncertainty: report.uncertainty, report.fields))
    }
}
