import CLinux
import Glibc
import Synchronization

extension Reactor {
    /// The one thing of a reactor that other threads may touch: what is posted here runs on its thread.
    package final class Mailbox: Sendable {
        let wake: Descriptor
        private let handlers = Mutex<[@Sendable () -> Void]>([])

        init() throws(SystemError) {
            wake = Descriptor(try check(clinux_eventfd(), "reactor", "eventfd"))
        }

        package func post(_ handler: @escaping @Sendable () -> Void) {
            handlers.withLock { $0.append(handler) }
            var one: UInt64 = 1
            // Fails only when the counter is full, and then the reactor is awake already.
            _ = write(wake.number, &one, 8)
        }

        func drain() -> [@Sendable () -> Void] {
            var count: UInt64 = 0
            _ = read(wake.number, &count, 8)
            return handlers.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
        }
    }
}
