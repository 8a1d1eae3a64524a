import Sockets
import Testing
import Units

/// Runs the reactor until the condition holds, at most `limit`; records an issue when it never does.
func eventually(
    _ what: Comment, within limit: Duration = .seconds(10), on reactor: Reactor,
    at location: SourceLocation = #_sourceLocation, _ condition: () -> Bool
) {
    let holds = reactor.run(until: Instant.now + limit, or: condition)
    #expect(holds, what, sourceLocation: location)
}
