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
        let (history, error) = History.salvaging(bytes)
        if let error { throw error }
        self = history
    }

    private init(records: [Record], head: String, tornBytes: Int) {
        self.records = records
        self.head = head
        self.tornBytes = tornBytes
    }

    /// The lines before the first one that doesn't follow, and why it doesn't: what a verdict of damaged evidence
    /// can still show, and must call inconclusive.
    package static func salvaging(_ bytes: [UInt8]) -> (history: History, error: HistoryError?) {
        var records: [Record] = []
        var head = Chain.start
        var start = 0
        var failure: HistoryError?
        while let end = lineFeed(in: bytes, from: start) {
            let line = Array(bytes[start..<end])
            do {
                records.append(try record(line, number: records.count, previous: head))
            } catch {
                failure = error
                break
            }
            head = hexadecimalSHA256(line)
            start = end + 1
        }
        return (History(records: records, head: head, tornBytes: failure == nil ? bytes.count - start : 0), failure)
    }

    private static func lineFeed(in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBufferPointer { buffer in
            var position = start
            while position < buffer.count {
                if buffer[position] == 0x0A { return position }
                position += 1
            }
            return nil
        }
    }

    private static func record(_ line: [UInt8], number: Int, previous: String) throws(HistoryError) -> Record {
        func failure(_ expected: String, _ found: String) -> HistoryError {
            HistoryError(line: number + 1, expected: expected, found: found)
        }
        let json: JSON
        do { json = try JSON(parsing: line) } catch { throw failure("a JSON object", error.description) }
        guard let members = json.members, members.count >= 6 else { throw failure("an observation", json.text()) }
        // The writer's own order, so that what is read back is byte for byte what was written.
        let head = members.prefix(5).map(\.key)
        guard head == ["i", "t", "u", "source", "type"], let last = members.last, last.key == "prev" else {
            throw failure("i, t, u, source, type first and prev last", members.map(\.key).joined(separator: ", "))
        }
        guard members[0].value.integer == Int64(number) else {
            throw failure("i \(number)", members[0].value.text())
        }
        guard last.value.string == previous else { throw failure("prev \(previous)", last.value.text()) }
        guard let at = members[1].value.integer, let uncertainty = members[2].value.integer,
            let type = members[4].value.string, let source = members[3].value.string.flatMap(Observation.Source.init(rawValue:))
        else { throw failure("t, u, source and type", json.text()) }
        let observation = Observation(
            source, type, at: Instant(nanoseconds: at), uncertainty: .nanoseconds(uncertainty),
            Array(members[5..<members.count - 1]))
        return Record(index: number, observation: observation, previous: previous)
    }
}
