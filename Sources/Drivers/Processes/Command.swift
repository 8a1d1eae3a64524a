/// A program to start: nothing is looked up in PATH, nothing is inherited but what is said here.
package struct Command: Sendable {
    package var path: String
    package var arguments: [String]
    package var environment: [String: String]
    /// A network namespace to enter; `nil` stays in the caller's.
    package var namespace: Int32?
    /// Drops to this user and group; `nil` stays.
    package var user: (uid: UInt32, gid: UInt32)?
    package var directory: String?
    /// Whether ambient capabilities survive: the tools of the rig need them, stores don't.
    package var keepsCapabilities: Bool
    /// Whether the kernel ends it (SIGKILL) when this process ends, by whatever signal: for tests, whose runner may be killed.
    package var endsWithUs: Bool

    package init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], namespace: Int32? = nil,
        user: (uid: UInt32, gid: UInt32)? = nil, directory: String? = nil, keepsCapabilities: Bool = false,
        endsWithUs: Bool = false
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.namespace = namespace
        self.user = user
        self.directory = directory
        self.keepsCapabilities = keepsCapabilities
        self.endsWithUs = endsWithUs
    }
}

/// Why a process could not be started or signalled.
package struct ProcessError: Error, Sendable, CustomStringConvertible {
    package let path: String
    package let operation: String
    package let detail: String

    package init(_ path: String, _ operation: String, detail: String) {
        self.path = path
        self.operation = operation
        self.detail = detail
    }

    package var description: String { "\(path): \(operation): \(detail)" }
}
