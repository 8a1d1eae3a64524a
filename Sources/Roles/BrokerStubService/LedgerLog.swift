import CLinux
import Glibc
import Sockets

/// The broker's own record: the drop copy as NDJSON, written as it happens.
final class LedgerLog {
    private let descriptor: Descriptor
    private let path: String
    private(set) var failure: SystemError?

    init(path: String) throws(SystemError) {
        let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw SystemError(path, "open", code: errno) }
        descriptor = Descriptor(fd)
        self.path = path
    }

    /// A line that can't be written is remembered as the failure, and the health check shows it.
    func append(_ line: [UInt8]) {
        guard failure == nil else { return }
        let whole = line + [0x0A]
        var written = 0
        while written < whole.count {
            let count = whole[written...].withUnsafeBytes { write(descriptor.number, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                failure = SystemError(path, "write", code: errno, advice: "the ledger file ends here")
                return
            }
            written += count
        }
    }
}
