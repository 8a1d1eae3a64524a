// The audit of a process that takes commands: one line a command, in one file of bounded size.
//
//     {"n":3,"wall_ns":1700…,"who":"uid 0, pid 17","what":"heal","result":"ok"}
//
// `n` counts the lines since the process started, without a gap. A file that is full loses its older half, and says so
// in a line. The descriptor is opened once: the process may then drop the right to open it again.

import Glibc
import Messages
import Sockets
import Units

package final class AuditLog {
    package static let bytesMaximum = 16 << 20

    /// Why the last line could not be written; `nil` when it was.
    package private(set) var problem: String?
    private let path: String
    private let descriptor: Descriptor
    private let bytesMaximum: Int
    private var size: Int
    private var number: Int64 = 0

    /// Appends to `path`, made 0600 where it isn't there. The first line says that a process started.
    package init(_ path: String, bytesMaximum: Int = AuditLog.bytesMaximum) throws(CommandError) {
        self.path = path
        self.bytesMaximum = bytesMaximum
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw CommandError(path, "open the audit file: \(String(cString: strerror(errno)))")
        }
        descriptor = Descriptor(file)
        size = Int(lseek(file, 0, SEEK_END))
        write(AuditEntry(who: "pid \(getpid())", word: "start", what: "start", result: "ok"))
        if let problem { throw CommandError(path, problem) }
    }

    package func write(_ entry: AuditEntry) {
        let stamps: [JSON.Member] = [.init("n", .integer(number)), .init("wall_ns", .integer(WallTime.now.nanoseconds))]
        number += 1
        let line = JSON.object(stamps + entry.members).bytes() + [0x0A]
        if size + line.count > bytesMaximum { shorten() }
        append(line)
    }

    private func append(_ line: [UInt8]) {
        let written = line.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
        guard written == line.count else {
            problem = "write the audit: \(written < 0 ? String(cString: strerror(errno)) : "the disk is full")"
            // Half a line would spoil the next one.
            if written > 0 { _ = ftruncate(descriptor.number, off_t(size)) }
            return
        }
        problem = nil
        size += written
    }

    /// Keeps the newer half, from the start of a line on.
    private func shorten() {
        var kept = [UInt8](repeating: 0, count: min(size, bytesMaximum / 2))
        let count = pread(descriptor.number, &kept, kept.count, off_t(size - kept.count))
        guard count == kept.count, let lineEnd = kept.firstIndex(of: 0x0A) else { return }
        let lost = size - (kept.count - lineEnd - 1)
        guard ftruncate(descriptor.number, 0) == 0 else { return }
        size = 0
        append(JSON.object([.init("left_out_bytes", .integer(Int64(lost)))]).bytes() + [0x0A] + kept[(lineEnd + 1)...])
    }
}
