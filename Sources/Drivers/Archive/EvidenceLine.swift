import History
import Messages
import Units

/// The lines of the evidence link: one greeting, then observations numbered from 0 without gaps. The link's own
/// number is `seq`, so a field of that name travels as `seq_`.
package enum EvidenceLine: Hashable, Sendable {
    /// `before` is how many observations this source had handed over, or had to drop, before this connection:
    /// a receiver that got fewer has a gap.
    case hello(name: String, node: String, before: Int64)
    case observation(sequence: Int64, Observation)

    /// LF included.
    package var bytes: [UInt8] {
        let json: JSON
        switch self {
        case .hello(let name, let node, let before):
            json = ["hello": .string(name), "node": .string(node), "before": .integer(before)]
        case .observation(let sequence, let observation):
            json = .object(
                [
                    .init("seq", .integer(sequence)), .init("t", .integer(observation.at.nanoseconds)),
                    .init("u", .integer(observation.uncertainty.nanoseconds)),
                    .init("source", .string(observation.source.rawValue)), .init("type", .string(observation.type)),
                ] + observation.writtenFields.map { $0.key == "seq" ? JSON.Member("seq_", $0.value) : $0 })
        }
        return json.bytes() + [0x0A]
    }

    /// One line without its LF.
    package init(parsing line: [UInt8]) throws(MessageError) {
        let reader = try MessageReader("evidence line", line)
        if let name = try reader.optionalString("hello") {
            self = .hello(
                name: name, node: try reader.string("node"), before: try reader.optionalInteger("before") ?? 0)
            return
        }
        let head: Set = ["seq", "t", "u", "source", "type"]
        let members = reader.json.members ?? []
        if let taken = members.first(where: { ["i", "prev"].contains($0.key) }) {
            throw reader.failure(taken.key, "no such field: the history numbers and chains its lines itself")
        }
        let observation = Observation(
            try reader.oneOf("source"), try reader.string("type"),
            at: Instant(nanoseconds: try reader.integer("t")),
            uncertainty: .nanoseconds(try reader.integer("u")), 
            members.filter { !head.contains($0.key) }.map { $0.key == "seq_" ? JSON.Member("seq", $0.value) : $0 })
        self = .observation(sequence: try reader.integer("seq"), observation)
    }
}
