import Commands
import Messages
import Sockets
import Units

extension Reactor {
    /// What the other end of a command socket says, or why it doesn't.
    func reply(
        of what: String, within limit: Duration, _ start: (@escaping (CommandClient.Reply) -> Void) -> Void
    ) throws(ConductorError) -> JSON {
        try answer(of: what, within: limit) { done in
            start { reply in done(reply.mapError { ConductorError($0.subject, $0.detail) }) }
        }
    }

    /// Serves events until `condition` holds; a named deadline, and a clear word when it passes.
    func wait(for what: String, within limit: Duration, until condition: () -> Bool) throws(ConductorError) {
        guard run(until: Instant.now + limit, or: condition) else {
            throw ConductorError(what, "not there within \(limit.written)")
        }
    }

    /// Starts something that answers by a callback, and serves events until it has.
    func answer<Value>(
        of what: String, within limit: Duration, _ start: (@escaping (Result<Value, ConductorError>) -> Void) -> Void
    ) throws(ConductorError) -> Value {
        var answer: Result<Value, ConductorError>?
        start { answer = answer ?? $0 }
        try wait(for: what, within: limit) { answer != nil }
        guard let answer else { throw ConductorError(what, "no answer") }
        return try answer.get()
    }
}
