import Sockets

/// Where commands are taken: a Unix socket's path, or `HOST:PORT`.
package enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    case unix(String)
    case tcp(Address)

    /// A text with a slash is a path. Host names are looked up, which blocks: for start-up only. `nil`: neither.
    package init?(written text: String) {
        if text.contains("/") {
            self = .unix(text)
        } else if let address = Address.resolving(text) {
            self = .tcp(address)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let address): "\(address)"
        }
    }
}

/// Why commands can't be given or taken: where, what, what to do.
package struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
    package let subject: String
    package let detail: String
    /// The other end lacks something, rather than that something is broken.
    package let isMissingAbility: Bool

    package init(_ subject: String, _ detail: String, isMissingAbility: Bool = false) {
        self.subject = subject
        self.detail = detail
        self.isMissingAbility = isMissingAbility
    }

    package var description: String { "\(subject): \(detail)" }
}
