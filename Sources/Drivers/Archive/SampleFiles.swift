// The one writer of `samples/*.csv`. Rows are gathered and handed to the kernel in batches, at most 50 ms later, and
// made durable once a second by a thread of their own. At the end each file is sealed: its rows, bytes and hash are
// what the observer records in the chain.

import Glibc
import History
import Sockets
import Units

package final class SampleFiles {
    package static let writeInterval = Duration.milliseconds(50)
    package static let syncInterval = Duration.milliseconds(1_000)
    /// A file is handed over early when so many bytes wait.
    static let waitingMaximum = 1 << 16

    /// How a file ended.
    package struct Seal: Hashable, Sendable {
        /// Relative to the run directory.
        package let file: String
        package let rows: Int
        package let bytes: Int64
        /// Hexadecimal.
        package let sha256: String
    }

    private struct File {
        let path: String
        let descriptor: Descriptor
        var text: SampleText
        var hash = SHA256()
        var bytes: Int64 = 0
    }

    private var files: [SampleStream: File] = [:]
    private let syncing: SyncThread
    private var timers: [Timer] = []
    /// The first refusal; sticky, because a file with a hole proves nothing.
    package private(set) var failure: ArchiveError?
    /// Called once, on the reactor, when something can't be stored any more.
    package var onFailure: (ArchiveError) -> Void = { _ in }

    /// Creates the file of every stream below `runDirectory/samples`; refuses one that exists.
    package init(creating runDirectory: String, on reactor: Reactor) throws(ArchiveError) {
        let directory = "\(runDirectory)/samples"
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw ArchiveError(directory, "create", code: errno)
        }
        var descriptors: [Descriptor] = []
        for stream in SampleStream.allCases {
            let path = "\(runDirectory)/\(stream.file)"
            let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0o644)
            guard fd >= 0 else { throw ArchiveError(path, "create", code: errno) }
            let descriptor = Descriptor(fd)
            descriptors.append(descriptor)
            files[stream] = File(path: path, descriptor: descriptor, text: SampleText(stream))
        }
        syncing = try SyncThread(descriptors, path: directory)
        try write()
        timers = [
            reactor.every(SampleFiles.writeInterval) { [weak self] in self?.commit() },
            reactor.every(SampleFiles.syncInterval) { [weak self] in self?.sync() },
        ]
    }

    package func rows(of stream: SampleStream) -> Int { files[stream]?.text.rows ?? 0 }

    /// One row: `fill` gives a cell for each column of the stream, in their order. Refuses everything after the first
    /// failure; what was written before is kept and readable.
    package func append(
        _ stream: SampleStream, at: Instant, uncertainty: Duration = .zero, _ fill: (inout SampleText) -> Void
    ) throws(ArchiveError) {
        if let failure { throw failure }
        files[stream]?.text.append(at: at, uncertainty: uncertainty, fill)
        if files[stream]?.text.bytes.count ?? 0 > SampleFiles.waitingMaximum { try write(stream) }
    }

    /// One row from an observation's fields. `false`: a field of it has no column, and was not written.
    package func append(_ stream: SampleStream, _ observation: Observation) throws(ArchiveError) -> Bool {
        if let failure { throw failure }
        let isWhole = files[stream]?.text.append(observation) ?? false
        if files[stream]?.text.bytes.count ?? 0 > SampleFiles.waitingMaximum { try write(stream) }
        return isWhole
    }

    /// Makes everything durable, ends the files, and says how each of them ended, in the order of the streams.
    package func close() throws(ArchiveError) -> [Seal] {
        for timer in timers { timer.cancel() }
        timers = []
        syncing.stop()
        try write()
        var seals: [Seal] = []
        for stream in SampleStream.allCases {
            guard let file = files[stream] else { continue }
            guard fdatasync(file.descriptor.number) == 0 else {
                throw failed(ArchiveError(file.path, "fdatasync", code: errno))
            }
            seals.append(
                Seal(
                    file: stream.file, rows: file.text.rows, bytes: file.bytes,
                    sha256: file.hash.digest().hexadecimal))
        }
        return seals
    }

    private func commit() {
        // The failure is kept, reported through `onFailure`, and thrown by the next `append`.
        if let code = syncing.failure { _ = failed(ArchiveError("samples", "fdatasync", code: code)) }
        guard failure == nil else { return }
        do { try write() } catch { return }
    }

    private func sync() { if syncing.hasUnsynced { syncing.request() } }

    private func write() throws(ArchiveError) {
        for stream in SampleStream.allCases { try write(stream) }
    }

    private func write(_ stream: SampleStream) throws(ArchiveError) {
        if let failure { throw failure }
        guard let file = files[stream], !file.text.bytes.isEmpty else { return }
        let code = file.text.bytes.withUnsafeBytes { bytes -> Int32 in
            var start = 0
            while start < bytes.count {
                let written = Glibc.write(file.descriptor.number, bytes.baseAddress?.advanced(by: start), bytes.count - start)
                if written < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                start += written
            }
            files[stream]?.hash.update(bytes)
            return 0
        }
        guard code == 0 else { throw failed(ArchiveError(file.path, "write", code: code)) }
        files[stream]?.bytes += Int64(file.text.bytes.count)
        files[stream]?.text.removeBytes()
        syncing.noteWritten()
    }

    private func failed(_ error: ArchiveError) -> ArchiveError {
        guard failure == nil else { return failure ?? error }
        failure = error
        onFailure(error)
        return error
    }

    deinit {
        for timer in timers { timer.cancel() }
        syncing.stop()
    }
}
