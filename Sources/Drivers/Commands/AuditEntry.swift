import Messages

/// One command, or one attempt to give one: who, what, and what came of it. No token is ever in it.
package struct AuditEntry: Hashable, Sendable {
    /// Longer texts are cut: a client must not fill our disk with one line.
    package static let textMaximum = 400

    /// `uid 0, pid 17` or `198.18.1.16:40112`
    package let who: String
    /// `inject`, or `connect` and `?` for what was no command.
    package let word: String
    /// The command with its members.
    package let what: String
    /// `ok`, or `refused: …`.
    package let result: String

    package init(who: String, word: String, what: String, result: String) {
        self.who = who
        self.word = String(word.prefix(AuditEntry.textMaximum))
        self.what = String(what.prefix(AuditEntry.textMaximum))
        self.result = String(result.prefix(AuditEntry.textMaximum))
    }

    package var members: [JSON.Member] {
        [.init("who", .string(who)), .init("what", .string(what)), .init("result", .string(result))]
    }
}
