// The one writer of `history.ndjson`. Lines are chained and written at once; they are made durable in groups, at
// most 100 ms later, by a thread of their own, because one fdatasync takes milliseconds and the observer's reactor
// must not wait for a disk. Fault and verdict records are durable when `append` returns: what a crash may not lose.

import Glibc
import History
import Sockets
import Units

package final class HistoryFile {
    /// Half the promised 100 ms: the other half is for the disk.
    package static let commitInterval = Duration.milliseconds(50)

    package let path: String
    private let descriptor: Descriptor
    private let syncing: SyncThread
    private var chain: Chain
    private var buffer: [UInt8] = []
    private var timer: Timer?
    /// The first refusal; sticky, because a chain with a hole is no chain.
    package private(set) var failure: ArchiveError?
    /// Called once, on the reactor, when something can't be stored any more.
    package var onFailure: (ArchiveError) -> Void = { _ in }

    /// Refuses a path that exists. Commits on the reactor's timer until `close`.
    package convenience init(creating path: String, on reactor: Reactor) throws(ArchiveError) {
        let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0o644)
        guard fd >= 0 else { throw ArchiveError(path, "create", code: errno) }
        try self.init(path, fd, Chain(), on: reactor)
    }

    /// Goes on with a history whose writer has ended. Refuses one whose chain is broken. A torn last line is cut off,
    /// and the cut is the first thing that is recorded: what was there is lost, and nobody may overlook it.
    package convenience init(continuing path: String, on reactor: Reactor) throws(ArchiveError) {
        var reader = HistoryReader()
        var length: Int64 = 0
        try eachChunk(of: path) { chunk in
            reader.read(chunk) { _ in }
            length += Int64(chunk.count)
        }
        if let failure = reader.failure { throw ArchiveError(path, "continue", "\(failure)") }
        let history = reader.facts
        let fd = open(path, O_WRONLY | O_CLOEXEC | O_APPEND)
        guard fd >= 0 else { throw ArchiveError(path, "open", code: errno) }
        let code = history.tornBytes > 0 && ftruncate(fd, off_t(length) - off_t(history.tornBytes)) != 0 ? errno : 0
        try self.init(path, fd, Chain(continuing: history), on: reactor)
        if code != 0 { throw failed(ArchiveError(path, "cut the torn line", code: code)) }
        guard history.tornBytes > 0 else { return }
        try append(Observation(.rig, "torn", at: .now, [.init("bytes", .integer(Int64(history.tornBytes)))]))
    }

    private init(_ path: String, _ fd: Int32, _ chain: Chain, on reactor: Reactor) throws(ArchiveError) {
        self.path = path
        self.chain = chain
        descriptor = Descriptor(fd)
        syncing = try SyncThread([descriptor], path: path)
        timer = reactor.every(HistoryFile.commitInterval) { [weak self] in self?.commit() }
    }

    package var count: Int { chain.count }
    package var head: String { chain.head }

    /// Refuses everything after the first failure; what was written before is kept and readable.
    package func append(_ observation: Observation) throws(ArchiveError) {
        if let failure { throw failure }
        buffer += chain.append(observation)
        let mustBeDurable = observation.type.hasPrefix("fault_") || observation.type == "verdict"
        if mustBeDurable {
            try sync()
        } else if buffer.count > 1 << 16 {
            try flush()
        }
    }

    /// Everything appended so far is on the disk when this returns.
    package func sync() throws(ArchiveError) {
        try flush()
        guard fdatasync(descriptor.number) == 0 else { throw failed(ArchiveError(path, "fdatasync", code: errno)) }
    }

    /// Makes everything durable and ends the file.
    package func close() throws(ArchiveError) {
        timer?.cancel()
        timer = nil
        syncing.stop()
        try sync()
    }

    private func commit() {
        // The failure is kept, reported through `onFailure`, and thrown by the next `append`.
        if let code = syncing.failure { _ = failed(ArchiveError(path, "fdatasync", code: code)) }
        guard failure == nil, !buffer.isEmpty || syncing.hasUnsynced else { return }
        do { try flush() } catch { return }
        syncing.request()
    }

    private func flush() throws(ArchiveError) {
        if let failure { throw failure }
        var start = 0
        while start < buffer.count {
            let written = buffer[start...].withUnsafeBytes { write(descriptor.number, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                throw failed(ArchiveError(path, "write", code: errno))
            }
            start += written
        }
        if !buffer.isEmpty { syncing.noteWritten() }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failed(_ error: ArchiveError) -> ArchiveError {
        guard failure == nil else { return failure ?? error }
        failure = error
        onFailure(error)
        return error
    }

    deinit {
        timer?.cancel()
        syncing.stop()
    }
}
