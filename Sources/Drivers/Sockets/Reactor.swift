// One thread, one reactor: it waits for readiness and for deadlines, and calls back.
//
// Everything that a role does with sockets happens on its reactor's thread: no locks, no waiting. What is
// created with a reactor is used on its thread alone; only `Reactor.Mailbox` may be touched from outside.
// Handlers never block. Timers fire in the order of their deadlines, never early.

import CLinux
import Glibc
import Synchronization
import Units

package final class Reactor {
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let read = Interest(rawValue: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
        package static let write = Interest(rawValue: EPOLLOUT.rawValue)
        package static let failure = Interest(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
    }

    private struct Watch {
        var interest: Interest
        var generation: UInt64
        var handler: (Interest) -> Void
    }

    private let epoll: Descriptor
    private var watches: [Int32: Watch] = [:]
    private var timers = TimerQueue()
    private var generation: UInt64 = 0
    private var running = false
    /// What other threads may touch.
    package let mailbox: Mailbox

    package init() throws(SystemError) {
        epoll = Descriptor(try check(clinux_epoll_create(), "reactor", "epoll_create1"))
        mailbox = try Mailbox()
        try watch(mailbox.wake.number, for: .read) { [mailbox] _ in
            for handler in mailbox.drain() { handler() }
        }
    }

    /// Calls `handler` on this thread whenever `fd` is ready. The owner unwatches before it closes.
    package func watch(
        _ fd: Int32, for interest: Interest, _ handler: @escaping (Interest) -> Void
    ) throws(SystemError) {
        let known = watches[fd] != nil
        let operation = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
        try check(clinux_epoll_set(epoll.number, operation, fd, interest.rawValue), "descriptor \(fd)", "epoll_ctl")
        generation += 1
        watches[fd] = Watch(interest: interest, generation: generation, handler: handler)
    }

    /// Changes what a watched descriptor waits for. A descriptor that is not watched is left alone.
    package func change(_ fd: Int32, to interest: Interest) {
        guard let watch = watches[fd], watch.interest != interest else { return }
        watches[fd]?.interest = interest
        _ = clinux_epoll_set(epoll.number, EPOLL_CTL_MOD, fd, interest.rawValue)
    }

    package func unwatch(_ fd: Int32) {
        guard watches.removeValue(forKey: fd) != nil else { return }
        _ = clinux_epoll_set(epoll.number, EPOLL_CTL_DEL, fd, 0)
    }

    /// Calls `handler` at `deadline` or as soon after it as this thread is free.
    @discardableResult
    package func at(_ deadline: Instant, _ handler: @escaping () -> Void) -> Timer {
        timers.insert(deadline, handler)
    }

    @discardableResult
    package func after(_ delay: Duration, _ handler: @escaping () -> Void) -> Timer {
        timers.insert(Instant.now + delay, handler)
    }

    /// Calls `handler` every `period`, on absolute deadlines (open loop: a late call does not move the next).
    @discardableResult
    package func every(_ period: Duration, _ handler: @escaping () -> Void) -> Timer {
        let timer = Timer()
        repeatTimer(timer, due: Instant.now + period, period, handler)
        return timer
    }

    private func repeatTimer(_ timer: Timer, due: Instant, _ period: Duration, _ handler: @escaping () -> Void) {
        timers.insert(due, timer: timer) { [unowned self] in
            handler()
            guard !timer.isCancelled else { return }
            repeatTimer(timer, due: due + period, period, handler)
        }
    }

    /// Runs until `stop()`.
    package func run() {
        running = true
        while running { turn(waitingAtMost: nil) }
    }

    /// Runs until `condition` holds or the deadline has passed; says whether it holds. For tests and start-up.
    package func run(until deadline: Instant, or condition: () -> Bool) -> Bool {
        while !condition() {
            let left = deadline - Instant.now
            guard left > .zero else { return condition() }
            turn(waitingAtMost: left)
        }
        return true
    }

    package func stop() { running = false }

    private func turn(waitingAtMost limit: Duration?) {
        for handler in timers.due(at: Instant.now) where !handler.timer.isCancelled { handler.call() }
        guard running || limit != nil else { return }
        var wait: Int64 = limit?.nanoseconds ?? -1
        if let next = timers.next {
            let left = max(0, (next - Instant.now).nanoseconds)
            wait = wait < 0 ? left : min(wait, left)
        }
        var descriptors = [Int32](repeating: 0, count: 64)
        var events = [UInt32](repeating: 0, count: 64)
        let count = clinux_epoll_wait(epoll.number, &descriptors, &events, 64, wait)
        precondition(count >= 0, "reactor: epoll_wait: errno \(-count)")
        let seen = generation
        for index in 0..<Int(count) {
            // A handler may have closed this descriptor, and another one may have got its number.
            guard let watch = watches[descriptors[index]], watch.generation <= seen else { continue }
            watch.handler(Interest(rawValue: events[index]))
        }
    }
}
