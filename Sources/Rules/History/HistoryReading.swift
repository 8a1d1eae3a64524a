import Messages
import Units

/// What is wrong with a history file, and on which line (from 1).
package struct HistoryError: Error, Hashable, Sendable, CustomStringConvertible {
    package let line: Int
    package let expected: String
    package let found: String

    package var description: String { "history.ndjson:\(line): expected \(expected), found \(found)" }
}

/// A whole history, read and checked against its own chain.
package struct History: Sendable {
    package let records: [Record]
    /// The hash of the last complete line.
    package let head: String
    /// Bytes after the last complete line: a crash in mid-write. Readable, and inconclusive.
    package let tornBytes: Int

    /// Refuses a line whose index, hash or form does not follow from the line before.
    package init(parsing bytes: [UInt8]) throws(HistoryError) {
        var records: [Record] = []
        var head = Chain.start
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            let line = Array(bytes[start..<end])
            records.append(try History.record(line, number: records.count, previous: head))
            head = hexadecimalSHA256(line)
            start = end + 1
        }
        self.records = records
        self.head = head
        tornBytes = bytes.count - start
    }

    private static func record(_ line: [UInt8], number: Int, previous: String) throws(HistoryError) -> Record {
        func failure(_ expected: String, _ found: String) -> HistoryError {
            HistoryError(line: number + 1, expected: expected, found: found)
        }
        let json: JSON
        do { json = try JSON(parsing: line) } catch { throw failure("a JSON object", error.description) }
        guard let members = json.members, members.count >= 6 else { throw failure("an observation", json.text()) }
        guard json["i"]?.integer == Int64(number) else {
            throw failure("i \(number)", json["i"]?.text() ?? "none")
        }
        guard json["prev"]?.string == previous else {
            throw failure("prev \(previous)", json["prev"]?.text() ?? "none")
        }
        guard let at = json["t"]?.integer, let uncertainty = json["u"]?.integer, let type = json["type"]?.string,
            let source = json["source"]?.string.flatMap(Observation.Source.init(rawValue:))
        else { throw failure("t, u, source and type", json.text()) }
        let observation = Observation(
            source, type, at: Instant(nanoseconds: at), uncertainty: .nanoseconds(uncertainty),
            Array(members[5..<members.count - 1]))
        return Record(index: number, observation: observation, previous: previous)
    }
}
