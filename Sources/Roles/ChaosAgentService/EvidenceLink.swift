import Archive
import ChaosAgentCore
import History
import Sockets
import Units

/// Turns the agent's reports into observations and sends them to the observer.
package final class EvidenceLink {
    private let sender: EvidenceSender

    package init(to observer: Address, node: String, on reactor: Reactor) {
        sender = EvidenceSender(to: observer, name: "chaos-\(node)", node: node, on: reactor)
    }

    package func send(_ report: AgentCore.Report) {
        sender.send(Observation(.chaos, report.type, at: report.at, uncertainty: report.uncertainty, report.fields))
    }

    /// Hands over what waits; says whether the observer's machine has all of it.
    package func close(on reactor: Reactor, within limit: Duration = .milliseconds(500)) -> Bool {
        var complete: Bool?
        sender.close(within: limit) { complete = $0 }
        _ = reactor.run(until: Instant.now + limit + .milliseconds(100)) { complete != nil }
        return complete ?? false
    }
}
