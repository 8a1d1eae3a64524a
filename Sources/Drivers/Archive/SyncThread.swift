import Glibc
import Sockets
import Synchronization
import Threads

/// Calls fdatasync whenever it is asked to, on a thread of its own.
///
/// The thread blocks in `read` on a pipe; a byte asks for a sync, the end of the pipe ends the thread. It shares with
/// its owner nothing but the pipe and two atomics.
final class SyncThread: Sendable {
    private final class Shared: Sendable {
        let files: [Descriptor]
        let requests: Descriptor
        let failure = Atomic<Int32>(0)

        init(files: [Descriptor], requests: Descriptor) {
            self.files = files
            self.requests = requests
        }

        func run() {
            var byte: UInt8 = 0
            while true {
                let count = read(requests.number, &byte, 1)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                for file in files where fdatasync(file.number) != 0 { failure.store(errno, ordering: .releasing) }
            }
        }
    }

    private let shared: Shared
    private let asking = Mutex<Int32>(-1)
    private let unsynced = Atomic<Bool>(false)

    init(_ files: [Descriptor], path: String) throws(ArchiveError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ArchiveError(path, "pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The asking end must not block: a full pipe means that a sync is due anyway.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        let shared = Shared(files: files, requests: Descriptor(ends[0]))
        self.shared = shared
        let writing = ends[1]
        asking.withLock { $0 = writing }
        do {
            // Nobody waits for it: the last sync may take as long as the disk likes.
            try SystemThread.startDetached(path) { shared.run() }
        } catch {
            Glibc.close(writing)
            throw ArchiveError(error.subject, error.operation, code: error.code)
        }
    }

    /// `errno` of a sync that failed.
    var failure: Int32? {
        let code = shared.failure.load(ordering: .acquiring)
        return code == 0 ? nil : code
    }

    var hasUnsynced: Bool { unsynced.load(ordering: .relaxed) }
    func noteWritten() { unsynced.store(true, ordering: .relaxed) }

    func request() {
        unsynced.store(false, ordering: .relaxed)
        asking.withLock { fd in
            var byte: UInt8 = 1
            // EAGAIN means 64 Ki requests wait already; any of them covers this one.
            if fd >= 0 { _ = write(fd, &byte, 1) }
        }
    }

    func stop() {
        asking.withLock { fd in
            if fd >= 0 { Glibc.close(fd) }
            fd = -1
        }
    }
}
