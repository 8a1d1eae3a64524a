import Glibc
import Sockets

/// Where things of one run lie.
package struct RunPaths: Sendable {
    package let directory: String

    package init(directory: String) { self.directory = directory }

    package var scenario: String { "\(directory)/scenario.yaml" }
    package var topology: String { "\(directory)/topology.yaml" }
    package var environment: String { "\(directory)/environment.json" }
    package var plan: String { "\(directory)/plan.ndjson" }
    package var limits: String { "\(directory)/limits.json" }
    package var fees: String { "\(directory)/fees.json" }
    package var logs: String { "\(directory)/logs" }
    /// Inodes of the lab's network namespaces, written by the lab for the check that follows it.
    package var namespaces: String { "\(directory)/logs/namespaces.txt" }
    package func log(_ process: String) -> String { "\(logs)/\(process).log" }

    /// Who gave the agent of a node which command.
    package func audit(_ node: String) -> String { "\(logs)/audit-\(node).ndjson" }

    /// In the lab's own /run: gone with it.
    package static let observerSocket = "/run/gauntlet/observer.sock"
    package static let passwordFile = "/run/gauntlet/redis-password"
    package static func agentSocket(_ node: String) -> String { "/run/gauntlet/chaos-\(node).sock" }
    package static func agentLedger(_ node: String) -> String { "/run/gauntlet/chaos-\(node).ledger" }

    /// A log file opened for appending, kept until the last process that writes to it ends.
    package func openLog(_ process: String) throws(SystemError) -> Descriptor {
        let path = log(process)
        let fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw SystemError(path, "open", code: errno) }
        return Descriptor(fd)
    }
}
