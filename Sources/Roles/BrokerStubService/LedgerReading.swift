// Reads what an earlier process left. A torn last line is what a kill leaves: it is cut, and reported. Anything else
// that this broker can't have written is an error that names file and line.

import BrokerStubCore
import FIX
import Glibc
import Messages
import Sockets
import Units

struct LedgerReading {
    /// `nil`: there is nothing to go on from.
    private(set) var memory: BrokerMemory?
    /// Records that Redis may not have, as the drop copy has them.
    private(set) var unpublished: [[UInt8]] = []
    /// In words, for the log.
    private(set) var cuts: [String] = []

    init(path: String, _ settings: BrokerSettings) throws(LedgerError) {
        let sessionPath = LedgerLog.sessionPath(path)
        let ledger = try lines(of: path)
        let session = try lines(of: sessionPath)
        guard !ledger.isEmpty || !session.isEmpty else { return }
        var numbers = SessionMemory()
        for (position, line) in session.enumerated() {
            try LedgerReading.take(line, into: &numbers, at: "\(sessionPath):\(position + 1)")
        }
        var memory = BrokerMemory(settings, session: numbers)
        for (position, line) in ledger.enumerated() {
            let place = "\(path):\(position + 1)"
            let execution: Execution
            let json: JSON
            do {
                let reader = try MessageReader("ledger record", Array(line))
                json = reader.json
                execution = try Execution(reader)
            } catch {
                throw LedgerError(place, expected: "a record of this broker's ledger", found: "\(error)")
            }
            var report: Message?
            if let member = json[LedgerLine.report] {
                report = LedgerLine.message(member)
                if report == nil { throw LedgerError(place, expected: "a FIX report", found: member.text()) }
            }
            try memory.take(execution, report: report, at: place)
            if execution.sequence > numbers.published { unpublished.append(execution.json.bytes()) }
        }
        guard numbers.lastSent <= memory.records, numbers.published <= memory.records else {
            throw LedgerError(
                sessionPath, expected: "records up to \(memory.records), as in \(path)",
                found: "\(max(numbers.lastSent, numbers.published))")
        }
        self.memory = memory
    }

    private static func take(
        _ line: ArraySlice<UInt8>, into memory: inout SessionMemory, at place: String
    ) throws(LedgerError) {
        guard let json = try? JSON(parsing: Array(line)), json.members != nil else {  // Said below, with the line.
            throw LedgerError(place, expected: "a JSON object", found: String(decoding: line, as: UTF8.self))
        }
        if json["reset"] != nil { memory.forget() }
        for pair in json["sent"]?.array ?? [] {
            guard let items = pair.array, items.count == 2, let record = items[0].integer, let seq = items[1].integer
            else { throw LedgerError(place, expected: "[record, MsgSeqNum] pairs", found: pair.text()) }
            memory.note(sent: record, seq: Int(seq))
        }
        if let out = json["out"]?.integer, let incoming = json["in"]?.integer {
            guard out > 0, incoming > 0 else {
                throw LedgerError(place, expected: "numbers from 1", found: "\(out), \(incoming)")
            }
            memory.numbers = Session.Numbers(nextOutgoing: Int(out), nextIncoming: Int(incoming))
        }
        if let published = json["published"]?.integer { memory.published = published }
    }

    /// The whole lines of a file; what stands behind the last one is cut off the file. None when there is no file.
    private mutating func lines(of path: String) throws(LedgerError) -> [ArraySlice<UInt8>] {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw LedgerError(path, expected: "a file that can be read", found: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(descriptor, &buffer, buffer.count), count != 0 {
            guard count > 0 else {
                throw LedgerError(path, expected: "a file that can be read", found: String(cString: strerror(errno)))
            }
            bytes += buffer[..<count]
        }
        let end = (bytes.lastIndex(of: 0x0A) ?? -1) + 1
        if end < bytes.count {
            guard ftruncate(descriptor, off_t(end)) == 0 else {
                throw LedgerError(path, expected: "a file that can be cut", found: String(cString: strerror(errno)))
            }
            cuts.append("\(path): a torn last line of \(bytes.count - end) bytes was cut")
        }
        return bytes[..<end].split(separator: 0x0A)
    }
}
