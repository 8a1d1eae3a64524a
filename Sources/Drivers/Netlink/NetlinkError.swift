import Glibc

/// What the kernel refused over netlink: where, what was tried, its word for it, and what to do.
package struct NetlinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it concerned: a link, a table, a queue.
    package let subject: String
    /// What was tried: `create bridge`.
    package let operation: String
    /// `errno`, positive; 0 when the kernel agreed and the result is not what was expected.
    package let code: Int32
    /// What was expected or found, or what to do.
    package let advice: String?

    package init(_ subject: String, _ operation: String, code: Int32, advice: String? = nil) {
        self.subject = subject
        self.operation = operation
        self.code = code
        self.advice = advice ?? NetlinkError.advice(for: code)
    }

    package var description: String {
        let reason =
            code == 0
            ? "\(subject): \(operation)" : "\(subject): \(operation) failed: \(String(cString: strerror(code)))"
        return advice.map { "\(reason); \($0)" } ?? reason
    }

    private static func advice(for code: Int32) -> String? {
        code == EPERM ? "needs CAP_NET_ADMIN in this network namespace" : nil
    }
}
