import Messages
import Units

/// What is wrong with a history file, and on which line (from 1).
package struct HistoryError: Error, Hashable, Sendable, CustomStringConvertible {
    package let line: Int
    package let expected: String
    package let found: String

    package var description: String { "history.ndjson:\(line): expected \(expected), found \(found)" }
}

/// Reads a history piece by piece, so that its length doesn't matter, and checks it against its own chain.
package struct HistoryReader: Sendable {
    /// What a verdict seals of a history.
    package struct Facts: Hashable, Sendable {
        package var count: Int
        /// The hash of the last complete line.
        package var head: String
        /// Bytes after the last complete line: a crash in mid-write. Readable, and inconclusive.
        package var tornBytes: Int

        package init(count: Int = 0, head: String = Chain.start, tornBytes: Int = 0) {
            self.count = count
            self.head = head
            self.tornBytes = tornBytes
        }
    }

    /// Why reading stopped: the lines before it are good.
    package private(set) var failure: HistoryError?
    private var count = 0
    private var head = Chain.start
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []

    package init() {}

    package var facts: Facts { Facts(count: count, head: head, tornBytes: failure == nil ? rest.count : 0) }

    /// Hands each line that follows from the one before to `each`. Nothing is read behind one that doesn't.
    package mutating func read(_ chunk: UnsafeRawBufferPointer, each: (Record) -> Void) {
        var start = 0
        while failure == nil, let end = chunk[start...].firstIndex(of: 0x0A) {
            if rest.isEmpty {
                line(UnsafeRawBufferPointer(rebasing: chunk[start..<end]), each)
            } else {
                rest += chunk[start..<end]
                rest.withUnsafeBytes { line($0, each) }
                if failure == nil { rest.removeAll(keepingCapacity: true) }
            }
            start = end + 1
        }
        if failure == nil { rest += chunk[start...] }
    }

    private mutating func line(_ bytes: UnsafeRawBufferPointer, _ each: (Record) -> Void) {
        do {
            each(try HistoryReader.record(bytes, number: count, previous: head))
        } catch {
            failure = error
            return
        }
        head = SHA256.hash(bytes).hexadecimal
        count += 1
    }

    private static let firstKeys = ["i", "t", "u", "source", "type"]

    private struct Unfit: Error {
        let expected: String
        let found: String
    }

    /// Owned by nobody else.
    private static func members(_ line: UnsafeRawBufferPointer) throws(Unfit) -> [JSON.Member] {
        let json: JSON
        do { json = try JSON(parsing: line) } catch { throw Unfit(expected: "a JSON object", found: error.description) }
        guard let members = json.members, members.count >= 6 else {
            throw Unfit(expected: "an observation", found: json.text())
        }
        return members
    }

    private static func record(
        _ line: UnsafeRawBufferPointer, number: Int, previous: String
    ) throws(HistoryError) -> Record {
        func failure(_ expected: String, _ found: String) -> HistoryError {
            HistoryError(line: number + 1, expected: expected, found: found)
        }
        var members: [JSON.Member]
        do { members = try HistoryReader.members(line) } catch { throw failure(error.expected, error.found) }
        // The writer's own order, so that what is read back is byte for byte what was written.
        let isInOrder = zip(members, HistoryReader.firstKeys).allSatisfy { $0.key == $1 }
        guard isInOrder, let last = members.last, last.key == "prev" else {
            throw failure("i, t, u, source, type first and prev last", members.map(\.key).joined(separator: ", "))
        }
        guard members[0].value.integer == Int64(number) else {
            throw failure("i \(number)", members[0].value.text())
        }
        guard last.value.string == previous else { throw failure("prev \(previous)", last.value.text()) }
        guard let at = members[1].value.integer, let uncertainty = members[2].value.integer,
            let type = members[4].value.string, let source = members[3].value.string.flatMap(Observation.Source.init(rawValue:))
        else { throw failure("t, u, source and type", JSON.object(members).text()) }
        // In place: a copy of each line's fields took as long as reading them.
        members.removeLast()
        members.removeFirst(HistoryReader.firstKeys.count)
        let observation = Observation(
            source, type, at: Instant(nanoseconds: at), uncertainty: .nanoseconds(uncertainty), members)
        return Record(index: number, observation: observation, previous: previous)
    }
}

/// A whole history in memory.
package struct History: Sendable {
    package let records: [Record]
    package let facts: HistoryReader.Facts
    package var head: String { facts.head }
    package var tornBytes: Int { facts.tornBytes }

    /// Refuses a line whose index, hash or form does not follow from the line before.
    package init(parsing bytes: [UInt8]) throws(HistoryError) {
        var reader = HistoryReader()
        var records: [Record] = []
        bytes.withUnsafeBytes { chunk in reader.read(chunk) { records.append($0) } }
        if let failure = reader.failure { throw failure }
        self.records = records
        facts = reader.facts
    }
}
