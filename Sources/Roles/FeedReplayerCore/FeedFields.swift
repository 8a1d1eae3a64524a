import Messages
import Scenarios
import Units

extension FeedSchedule.Outgoing {
    /// Type and fields of the observation that records this event: `docs/verdicts.md`, source `feed`.
    package var record: (type: String, fields: [JSON.Member]) {
        switch content {
        case .depth(let depth):
            (
                "depth",
                [
                    .init("tick", .integer(depth.tick)), .init("symbol", .string(depth.symbol)),
                    .init("seq", .integer(depth.sequence)), .init("due_ns", .integer(due.nanoseconds)),
                    .init("bid", .optional(depth.bids.first?.price.units)),
                    .init("ask", .optional(depth.asks.first?.price.units)),
                    .init("status", .string(depth.status.rawValue)),
                    .init("bid_levels", .integer(Int64(depth.bids.count))),
                    .init("ask_levels", .integer(Int64(depth.asks.count))),
                    .init("bid_shares", .integer(depth.bids.reduce(0) { $0 + $1.size.shares })),
                    .init("ask_shares", .integer(depth.asks.reduce(0) { $0 + $1.size.shares })),
                ]
            )
        case .intent(let intent, let admissible):
            (
                "intent",
                [
                    .init("tick", .integer(intent.tick)), .init("id", .string(intent.id)),
                    .init("action", .string(intent.action.rawValue)), .init("target", .optional(intent.target)),
                    .init("symbol", .string(intent.symbol)), .init("side", .string(intent.side.rawValue)),
                    .init("quantity", .integer(intent.quantity.shares)), .init("kind", .string(intent.type.rawValue)),
                    .init("limit", .optional(intent.limit?.units)), .init("tif", .string(intent.timeInForce.rawValue)),
                    .init("reduce_only", .bool(intent.reduceOnly)), .init("due_ns", .integer(due.nanoseconds)),
                    .init("admissible", .bool(admissible)),
                ] + purpose.members
            )
        }
    }
}
