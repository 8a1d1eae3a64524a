import Messages
import Units

/// Writes observations as lines that each carry the hash of the line before.
package struct Chain: Sendable {
    package static let start = String(repeating: "0", count: 64)

    /// How many lines there are, and the hash of the last one: what a verdict seals.
    package private(set) var count = 0
    package private(set) var head = Chain.start

    package init() {}

    /// Goes on where a history that was read ends.
    package init(continuing history: HistoryReader.Facts) {
        count = history.count
        head = history.head
    }

    /// The next line, LF included.
    package mutating func append(_ observation: Observation) -> [UInt8] {
        var members: [JSON.Member] = [
            .init("i", .integer(Int64(count))), .init("t", .integer(observation.at.nanoseconds)),
            .init("u", .integer(observation.uncertainty.nanoseconds)),
            .init("source", .string(observation.source.rawValue)), .init("type", .string(observation.type)),
        ]
        members += observation.writtenFields
        members.append(.init("prev", .string(head)))
        var line = JSON.object(members).bytes()
        head = SHA256.hash(line).hexadecimal
        count += 1
        line.append(0x0A)
        return line
    }
}
