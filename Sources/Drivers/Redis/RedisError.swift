/// Why a command has no answer, or why a connection ended.
package struct RedisError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        /// No connection: refused, timed out, or the server would not let us in.
        case unreachable
        /// The connection ended. Whether a command without its answer was executed is unknown.
        case disconnected
        /// `close()` was called here. Commands without their answer: unknown, as above.
        case closedHere
        /// The server answered with an error. It executed nothing, and the connection goes on.
        case refused
        /// Bytes that are not RESP2, or an answer beyond the limit.
        case malformed
    }

    package let kind: Kind
    /// `127.0.0.1:6379` or a socket path.
    package let endpoint: String
    /// What was tried: `connect`, `SET governor.pause`.
    package let operation: String
    /// What was found, in the server's or the kernel's words.
    package let detail: String

    package init(_ kind: Kind, endpoint: String, operation: String, detail: String) {
        self.kind = kind
        self.endpoint = endpoint
        self.operation = operation
        self.detail = detail
    }

    package var description: String { "redis \(endpoint): \(operation): \(detail)" }
}
