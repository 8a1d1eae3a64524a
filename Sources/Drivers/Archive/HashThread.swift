import Glibc
import Synchronization

/// Hashes files on a thread of its own, once.
///
/// The thread shares with its owner nothing but the result, which is there when the thread has ended.
final class HashThread {
    private final class Shared: Sendable {
        let directory: RunDirectory
        let paths: [String]
        let result = Mutex<Result<[RunDirectory.File], ArchiveError>>(.success([]))

        init(_ directory: RunDirectory, _ paths: [String]) {
            self.directory = directory
            self.paths = paths
        }

        func run() {
            let hashed = Result { () throws(ArchiveError) in try directory.files(paths) }
            result.withLock { $0 = hashed }
        }
    }

    private let shared: Shared
    private let thread: pthread_t
    private var hasEnded = false

    init(_ directory: RunDirectory, _ paths: [String]) throws(ArchiveError) {
        shared = Shared(directory, paths)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(shared)
        let code = pthread_create(&thread, nil, { raw in
            guard let raw else { return nil }
            Unmanaged<Shared>.fromOpaque(raw).takeRetainedValue().run()
            return nil
        }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw ArchiveError(directory.path, "pthread_create", code: code)
        }
        self.thread = thread
    }

    /// Waits for the end.
    func files() throws(ArchiveError) -> [RunDirectory.File] {
        wait()
        return try shared.result.withLock { $0 }.get()
    }

    private func wait() {
        guard !hasEnded else { return }
        pthread_join(thread, nil)
        hasEnded = true
    }

    deinit { wait() }
}
