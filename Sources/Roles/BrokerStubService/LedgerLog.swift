// The broker's own record, in two files: the ledger, which is the drop copy as NDJSON with each record's report, and
// beside it PATH.session with the numbers of the FIX session. Written as it happens, read back at start.

import BrokerStubCore
import CLinux
import FIX
import Glibc
import Messages
import Sockets
import Units

final class LedgerLog {
    private let ledger: Descriptor
    private let session: Descriptor
    private let path: String
    private(set) var failure: SystemError?

    init(path: String) throws(SystemError) {
        self.path = path
        ledger = try LedgerLog.opened(path)
        session = try LedgerLog.opened(LedgerLog.sessionPath(path))
    }

    static func sessionPath(_ path: String) -> String { "\(path).session" }

    private static func opened(_ path: String) throws(SystemError) -> Descriptor {
        let fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw SystemError(path, "open", code: errno) }
        return Descriptor(fd)
    }

    /// A record as its drop copy has it, and the report that goes with it as a last member.
    func append(_ execution: Execution, report: Message?) {
        var members = execution.json.members ?? []
        if let report { members.append(JSON.Member(LedgerLine.report, LedgerLine.json(report))) }
        write(JSON.object(members).bytes(), to: ledger)
    }

    /// One line for all that a call changed.
    func append(_ change: SessionChange) { write(change.json.bytes(), to: session) }

    /// A line that can't be written is remembered as the failure, and the health check shows it.
    private func write(_ line: [UInt8], to descriptor: Descriptor) {
        guard failure == nil else { return }
        let whole = line + [0x0A]
        var written = 0
        while written < whole.count {
            let count = whole[written...].withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                failure = SystemError(path, "write", code: errno, advice: "the ledger file ends here")
                return
            }
            written += count
        }
    }
}

/// What one call changed of the session; absent is unchanged.
struct SessionChange: Hashable {
    var resets = false
    var sent: [(record: Int64, seq: Int)] = []
    var numbers: Session.Numbers?
    var published: Int64?

    static func == (left: SessionChange, right: SessionChange) -> Bool { left.json == right.json }
    func hash(into hasher: inout Hasher) { hasher.combine(json) }

    var isEmpty: Bool { !resets && sent.isEmpty && numbers == nil && published == nil }

    var json: JSON {
        var members: [JSON.Member] = []
        if resets { members.append(JSON.Member("reset", true)) }
        if !sent.isEmpty {
            let pairs = sent.map { JSON.array([.integer($0.record), .integer(Int64($0.seq))]) }
            members.append(JSON.Member("sent", .array(pairs)))
        }
        if let numbers {
            members.append(JSON.Member("out", .integer(Int64(numbers.nextOutgoing))))
            members.append(JSON.Member("in", .integer(Int64(numbers.nextIncoming))))
        }
        if let published { members.append(JSON.Member("published", .integer(published))) }
        return .object(members)
    }
}

/// A FIX message inside a ledger line: its type, then `[tag, value]` pairs.
enum LedgerLine {
    static let report = "report"

    static func json(_ message: Message) -> JSON {
        .array([.string(message.msgType)] + message.fields.map { .array([.integer(Int64($0.tag.rawValue)), .string($0.value)]) })
    }

    static func message(_ json: JSON) -> Message? {
        guard let items = json.array, let type = items.first?.string else { return nil }
        var fields: [(Tag, String)] = []
        for item in items.dropFirst() {
            guard let pair = item.array, pair.count == 2, let tag = pair[0].integer, let value = pair[1].string else {
                return nil
            }
            fields.append((Tag(Int(tag)), value))
        }
        return Message(type, fields)
    }
}
