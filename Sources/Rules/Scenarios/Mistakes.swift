/// One thing wrong in a file that a person wrote: `chaos/x.yaml:14: unknown gate 'recovry'. Did you mean 'recovery'?`
package struct Mistake: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let file: String
    /// Counted from 1.
    package let line: Int
    package let text: String

    package init(file: String, line: Int, text: String) {
        self.file = file
        self.line = line
        self.text = text
    }

    package var description: String { "\(file):\(line): \(text)" }

    package static func < (left: Mistake, right: Mistake) -> Bool {
        (left.file, left.line, left.text) < (right.file, right.line, right.text)
    }
}

/// Everything wrong in a file, at once, in the order of its lines. Programs print it and exit with 64.
package struct Mistakes: Error, Hashable, Sendable, CustomStringConvertible {
    package let all: [Mistake]

    package init(_ all: [Mistake]) { self.all = all.sorted() }

    package var description: String { all.map(\.description).joined(separator: "\n") }
}
