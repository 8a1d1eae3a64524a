import Glibc
import Sockets
import Synchronization

/// A thread of the operating system's, for work that blocks or whose timing the kernel must see to. It runs one body, once.
///
/// Whoever holds it waits for its end, at the latest when it lets go: the body must come to an end by itself, or be told to.
package final class SystemThread: Sendable {
    private let identity: pthread_t
    private let hasBeenJoined = Mutex(false)

    /// Starts at once.
    ///
    /// - Parameter subject: whose thread it is, for the error where the system grants none.
    package init(_ subject: String, _ body: sending @escaping () -> Void) throws(SystemError) {
        identity = try SystemThread.start(subject, body)
    }

    /// Starts a thread that nobody waits for: it may still run when the process ends.
    package static func startDetached(_ subject: String, _ body: sending @escaping () -> Void) throws(SystemError) {
        pthread_detach(try start(subject, body))
    }

    /// Until the body has returned; at once when it was waited for before.
    package func wait() {
        hasBeenJoined.withLock { joined in
            if !joined { pthread_join(identity, nil) }
            joined = true
        }
    }

    deinit { wait() }

    private static func start(_ subject: String, _ body: sending @escaping () -> Void) throws(SystemError) -> pthread_t {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Body(body))
        let code = pthread_create(&thread, nil, { raw in
            guard let raw else { return nil }
            Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
            return nil
        }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw SystemError(subject, "pthread_create", code: code)
        }
        return thread
    }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }
}
