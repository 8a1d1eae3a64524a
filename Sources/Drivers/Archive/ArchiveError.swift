import Glibc

/// What could not be stored, read or verified: where, what failed, and what to do.
package struct ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or directory concerned.
    package let path: String
    /// What was tried: `write`, `read`, `verify`.
    package let operation: String
    package let detail: String
    /// `errno` where the operating system refused, else 0.
    package let code: Int32

    package init(_ path: String, _ operation: String, _ detail: String, code: Int32 = 0) {
        self.path = path
        self.operation = operation
        self.detail = detail
        self.code = code
    }

    /// The operating system's refusal, with advice for the ones that people meet.
    package init(_ path: String, _ operation: String, code: Int32) {
        let advice =
            switch code {
            case ENOSPC: "; the disk is full: free space, then run again. What was written so far is kept"
            case EDQUOT: "; the quota is used up: free space, then run again. What was written so far is kept"
            case EACCES, EPERM: "; give this user the right to write there"
            case EEXIST: "; it exists already and is never overwritten"
            default: ""
            }
        self.init(path, operation, "\(String(cString: strerror(code)))\(advice)", code: code)
    }

    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
    package var description: String { "\(path): \(operation) failed: \(detail)" }
}
