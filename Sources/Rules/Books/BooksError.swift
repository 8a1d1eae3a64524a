/// What the books refused: where, what was expected, what was found.
package struct BooksError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it concerns: an order, an execution, a file.
    package let subject: String
    package let expected: String
    package let found: String

    package init(_ subject: String, expected: String, found: String) {
        self.subject = subject
        self.expected = expected
        self.found = found
    }

    package var description: String { "\(subject): expected \(expected), found \(found)" }
}
