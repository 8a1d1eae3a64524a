import Commands
import Messages
import Sockets
import Units

/// How long the rig waits for its own parts before it gives up on them. A part takes a tenth of this on a quiet machine;
/// a slow one is no broken rig, and what its slowness does to a drill is for the gates to say.
enum RigPatience {
    /// From the start of a process until it answers.
    static let start = Duration.seconds(60)
    /// The same of one that may not be there at all.
    static let optional = Duration.seconds(20)
    /// From a question to a process that runs until its answer.
    static let answer = Duration.seconds(10)
}

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
