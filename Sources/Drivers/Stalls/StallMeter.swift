import CLinux
import Glibc
import Sockets
import Synchronization
import Threads
import Units

/// Runs a thread that sleeps to absolute deadlines four milliseconds apart and remembers how late it was woken.
///
/// The thread shares with its owner a log behind a lock, which it takes at a stall alone, and a flag that ends it. One a
/// machine is enough: a second one on the same processors would see the same stalls.
package final class StallMeter {
    /// Above every other thread of the rig's that may be SCHED_FIFO: none of them may look like a machine that stands still.
    static let priority: Int32 = 60

    package struct Report: Hashable, Sendable {
        package let log: StallLog
        /// The thread ran under SCHED_FIFO; without it, being late says also that others were running.
        package let isRealTime: Bool
        /// Processor time of the thread, and how long it ran.
        package let used: Duration
        package let ran: Duration
    }

    private final class Shared: Sendable {
        let log = Mutex(StallLog())
        let isStopping = Atomic<Bool>(false)
        let isRealTime = Atomic<Bool>(false)
        let usedNanoseconds = Atomic<Int64>(0)

        func run() {
            isRealTime.store(clinux_thread_fifo(StallMeter.priority) == 0, ordering: .relaxed)
            var own = StallLog()
            var due = Instant.now + StallLog.interval
            while !isStopping.load(ordering: .relaxed) {
                clinux_sleep_until_ns(due.nanoseconds)
                let before = own.count
                due = own.woke(due: due, at: .now)
                if own.count != before { publish(own) }
            }
            var used = timespec()
            if clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0 {
                usedNanoseconds.store(Int64(used.tv_sec) * 1_000_000_000 + Int64(used.tv_nsec), ordering: .relaxed)
            }
        }

        private func publish(_ own: StallLog) { log.withLock { $0 = own } }
    }

    private let shared: Shared
    private let began = Instant.now
    private let thread: SystemThread

    /// Starts at once. Throws where no thread can be had.
    package init() throws(SystemError) {
        let shared = Shared()
        self.shared = shared
        thread = try SystemThread("stall meter") { shared.run() }
    }

    /// What was seen so far.
    package var log: StallLog { shared.log.withLock { $0 } }

    /// Ends the thread, and says what it saw. The second call says the same.
    package func stop() -> Report {
        shared.isStopping.store(true, ordering: .relaxed)
        thread.wait()
        return Report(
            log: log, isRealTime: shared.isRealTime.load(ordering: .relaxed),
            used: .nanoseconds(shared.usedNanoseconds.load(ordering: .relaxed)), ran: Instant.now - began)
    }

    deinit { _ = stop() }
}
