import ChaosAgentCore
import Sockets

/// What an agent is told when it starts.
package struct AgentSettings: Sendable {
    package var node: String
    package var interface: String
    package var socketPath: String
    package var ledgerPath: String
    package var probeAddress: Address?
    package var neighbours: [Neighbour] = []
    package var observer: Address?
    /// `nil`: the first of the ladder that works here.
    package var backend: Backend?
    /// What is started as the guardian of a link that is down: this program, unless it lies elsewhere.
    package var program = "/proc/self/exe"

    package init(node: String, interface: String, socketPath: String, ledgerPath: String) {
        self.node = node
        self.interface = interface
        self.socketPath = socketPath
        self.ledgerPath = ledgerPath
    }
}

/// Why an agent can't do its work: where, what failed, what to do.
package struct AgentError: Error, Sendable, CustomStringConvertible {
    package let subject: String
    package let detail: String
    /// This machine lacks something, rather than that something is broken: exit code 77.
    package let isMissingAbility: Bool

    package init(_ subject: String, _ detail: String, isMissingAbility: Bool = false) {
        self.subject = subject
        self.detail = detail
        self.isMissingAbility = isMissingAbility
    }

    package var description: String { "\(subject): \(detail)" }
}
