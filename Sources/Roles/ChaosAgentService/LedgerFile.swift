import Archive
import ChaosAgentCore
import Glibc
import Sockets

/// The ledger on disk: a record is on the platter before the fault that it announces.
final class LedgerFile {
    private let path: String
    private let descriptor: Descriptor

    /// Locks it: one agent at a time.
    init(_ path: String) throws(SystemError) {
        self.path = path
        let fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard fd >= 0 else { throw SystemError(path, "open ledger", code: errno) }
        descriptor = Descriptor(fd)
        guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
            throw SystemError(
                path, "lock ledger", code: errno, advice: "another chaos-agent uses it; ask that one over its socket")
        }
    }

    /// What was applied and never seen gone, of the whole file: it grows with every fault.
    func unfinished() throws(ArchiveError) -> [LedgerRecord] { LedgerRecord.unfinished(try readFile(path)) }

    func append(_ record: LedgerRecord) throws(SystemError) {
        let line = record.line
        let written = line.withUnsafeBytes { write(descriptor.number, $0.baseAddress, $0.count) }
        guard written == line.count, fsync(descriptor.number) == 0 else {
            throw SystemError(path, "write ledger", code: errno)
        }
    }
}
