import Synchronization
import Threads

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
    private let thread: SystemThread

    init(_ directory: RunDirectory, _ paths: [String]) throws(ArchiveError) {
        let shared = Shared(directory, paths)
        self.shared = shared
        do {
            thread = try SystemThread(directory.path) { shared.run() }
        } catch {
            throw ArchiveError(error.subject, error.operation, code: error.code)
        }
    }

    /// Waits for the end.
    func files() throws(ArchiveError) -> [RunDirectory.File] {
        thread.wait()
        return try shared.result.withLock { $0 }.get()
    }
}
