import CLinux
import Glibc

/// What the operating system refused: where, what was tried, and its word for it.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it concerned: an address, a path, a device.
    package let subject: String
    /// What was tried: `bind`, `connect`.
    package let operation: String
    /// `errno`, positive.
    package let code: Int32
    /// What to do about it, or what was expected.
    package let advice: String?

    package init(_ subject: String, _ operation: String, code: Int32, advice: String? = nil) {
        self.subject = subject
        self.operation = operation
        self.code = code
        self.advice = advice
    }

    package var description: String {
        let reason = "\(subject): \(operation) failed: \(String(cString: strerror(code)))"
        return advice.map { "\(reason); \($0)" } ?? reason
    }
}

/// Turns the `-errno` of a shim into a thrown error.
@discardableResult
package func check(
    _ result: Int32, _ subject: @autoclosure () -> String, _ operation: String, advice: String? = nil
) throws(SystemError) -> Int32 {
    guard result < 0 else { return result }
    throw SystemError(subject(), operation, code: -result, advice: advice)
}
