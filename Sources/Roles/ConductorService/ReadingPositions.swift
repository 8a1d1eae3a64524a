// Looks at the positions in Redis and in PostgreSQL, again and again while they move, and records every answer as it
// came: whether they agree with the broker is the judge's business.

import Messages
import Sockets
import Units

extension Conductor {
    static let positionsInterval = Duration.milliseconds(5)
    /// One read of a store at a time: an answer that takes longer than the interval delays the next question.
    private final class Reads {
        var underWay: Set<String> = []
    }

    /// Only where the scenario asks for it. The timer's owner ends it.
    func readPositionsWhileTheyMove() -> Timer? {
        guard scenario.gate(.positionConsistency) != nil else { return nil }
        let reads = Reads()
        return reactor.every(Conductor.positionsInterval) { [unowned self] in
            read("redis", reads, desk.readRedisPositions)
            read("postgres", reads, desk.readPostgresPositions)
        }
    }

    private func read(_ store: String, _ reads: Reads, _ ask: (@escaping (StoreDesk.PositionRows?) -> Void) -> Void) {
        guard reads.underWay.insert(store).inserted else { return }
        let sent = Instant.now
        ask { [unowned self] rows in
            reads.underWay.remove(store)
            // A store that doesn't answer shows no positions; what that means shows elsewhere.
            guard let rows else { return }
            record(
                "store_read",
                [
                    .init("store", .string(store)), .init("sent_t", .integer(sent.nanoseconds)),
                    .init("positions", .string(rows.positions)), .init("versions", .string(rows.versions)),
                ])
        }
    }
}

extension StoreDesk {
    /// Quantities and versions by symbol: `AMD=-12 NVDA=30`.
    package struct PositionRows {
        package var positions: String
        /// Redis has none.
        package var versions: String
    }
}
