import Glibc
import Messages
import Sockets
import Units

/// A command line's end of a conversation: one connection, one question after the other, and Ctrl-C in between.
package final class CommandSession {
    private static let limit = Duration.seconds(10)

    /// Ctrl-C, or another signal that asks to end. Only for who asked to hear of it.
    package private(set) var isInterrupted = false
    /// A signal that means the whole program: any but Ctrl-C.
    package private(set) var isTerminated = false
    package private(set) var isLost = false
    package var onEvent: (JSON) -> Void = { _ in }
    private let endpoint: Endpoint
    private let client: CommandClient
    private let reactor: Reactor

    /// Connects and, over TCP, shows the token.
    /// - Parameter hearsSignals: signals no longer end the program; `isInterrupted` tells of them.
    package init(_ endpoint: Endpoint, token: Token? = nil, hearsSignals: Bool = false) throws(CommandError) {
        self.endpoint = endpoint
        do { reactor = try Reactor() } catch { throw CommandError("\(endpoint)", "\(error)") }
        client = CommandClient("\(endpoint)", at: endpoint, token: token, on: reactor)
        if hearsSignals {
            do { try reactor.onSignal { [unowned self] in heard($0) } } catch {
                throw CommandError("\(endpoint)", "signals: \(error)")
            }
        }
        client.onEvent = { [unowned self] in onEvent($0) }
        client.onLost = { [unowned self] in isLost = true }
        var outcome: Result<Void, CommandError>?
        client.connect(within: .seconds(2)) { outcome = $0.map { .failure($0) } ?? .success(()) }
        _ = reactor.run(until: Instant.now + .seconds(4), or: { outcome != nil })
        guard let outcome else { throw CommandError("\(endpoint)", "no connection within 4s") }
        try outcome.get()
    }

    private func heard(_ signal: Int32) {
        isInterrupted = true
        if signal != SIGINT { isTerminated = true }
    }

    /// Ctrl-C ended one command, and is not for the next.
    package func forgetInterruption() { isInterrupted = isTerminated }

    package func ask(_ command: String, _ members: [JSON.Member] = []) throws(CommandError) -> JSON {
        var reply: CommandClient.Reply?
        client.request(command, members, within: CommandSession.limit) { reply = $0 }
        _ = reactor.run(until: Instant.now + CommandSession.limit + .seconds(2), or: { reply != nil })
        guard let reply else { throw CommandError("\(endpoint)", "no reply within \(CommandSession.limit.written)") }
        return try reply.get()
    }

    /// Waits until then, or until Ctrl-C or the end of the connection.
    package func wait(until deadline: Instant) {
        _ = reactor.run(until: deadline, or: { isInterrupted || isLost })
    }

    /// Waits until a descriptor can be read, or until Ctrl-C or the end of the connection. A plain file always can.
    package func waitForInput(_ descriptor: Int32) throws(CommandError) {
        var isThere = false
        do { try reactor.watch(descriptor, for: .read) { _ in isThere = true } } catch {
            guard error.code == EPERM else { throw CommandError("standard input", "\(error)") }
            return
        }
        defer { reactor.unwatch(descriptor) }
        while !reactor.run(until: Instant.now + CommandSession.limit, or: { isThere || isInterrupted || isLost }) {}
    }

    /// A connection must not outlive its reactor, which optimised code lets go of after its last use.
    package func close() { withExtendedLifetime(reactor) { client.close() } }
}
