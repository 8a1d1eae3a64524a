import Messages
import Units

extension DrillWatch {
    /// What the command `status` answers, besides what the service knows of itself.
    package var status: [JSON.Member] {
        let positions = ledger.positions.sorted { $0.key < $1.key }.map {
            JSON.Member($0.key, .integer($0.value.shares))
        }
        let flagValues = flags.flags.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        let state = flags.state.sorted { $0.key < $1.key }.map { field in
            JSON.Member(field.key, Int64(field.value).map { .integer($0) } ?? .string(field.value))
        }
        let counters = tap.counters
        return [
            .init("session", .bool(tap.hasSession)), .init("positions", .object(positions)),
            .init("working", .integer(Int64(ledger.working.count))), .init("flags", .object(flagValues)),
            .init("state", .object(state)), .init("orders_left", .integer(Int64(counters.orders))),
            .init("leaks", .integer(Int64(leakWatch.leaks.count))),
            .init("intents_in", .integer(Int64(counters.intents))),
            .init("decisions", .integer(Int64(counters.decisions)))
        ]
    }
}
