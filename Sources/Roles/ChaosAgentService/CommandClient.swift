import Glibc
import Messages
import Sockets
import Units

/// The other end of the command socket: one request, one answer. Blocks, for the command line.
package enum CommandClient {
    private static let answerLimit = Duration.seconds(10)

    package static func ask(_ path: String, _ request: JSON) throws(AgentError) -> JSON {
        do {
            let reactor = try Reactor()
            let connection = try Connection.connect(unix: path, on: reactor)
            // A connection must not outlive its reactor, which optimised code lets go of after its last use.
            defer { withExtendedLifetime(reactor) { connection.close() } }
            var splitter = LineSplitter()
            var lines: [[UInt8]] = []
            var ending: Connection.Ending?
            // An over-long line is no answer.
            connection.onBytes = { bytes in lines += (try? splitter.lines(in: bytes)) ?? [] }
            connection.onClose = { ending = $0 }
            try connection.start()
            connection.send(request.bytes() + [0x0A])
            let answered = reactor.run(until: Instant.now + answerLimit) { !lines.isEmpty || ending != nil }
            guard answered, let line = lines.first else {
                let reason =
                    ending.map { "closed the connection: \($0)" } ?? "did not answer within \(answerLimit.written)"
                throw AgentError(path, "the agent \(reason)")
            }
            return try JSON(parsing: line)
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(path, "\(error); is a chaos-agent serving this socket?")
        }
    }
}
