// A netfilter queue whose packets are held for a time and then let go, in order.
//
// One thread of its own owns the descriptor and everything else here; other threads talk to it through
// `Control`, a few fields behind a lock. The thread runs SCHED_FIFO where that is allowed, and reports
// whether it was: the precision of the hold depends on it.

import CLibnl
import CLinux
import Glibc
import Synchronization
import Threads
import Units

package final class PacketQueue: Sendable {
    package struct Dose: Sendable, Hashable {
        package var delay: Duration
        /// Uniform in 0…jitter, added to the delay; order is kept.
        package var jitter: Duration
        /// Packets lost in a million.
        package var lossPerMillion: UInt32

        package init(delay: Duration, jitter: Duration = .zero, lossPerMillion: UInt32 = 0) {
            self.delay = delay
            self.jitter = jitter
            self.lossPerMillion = lossPerMillion
        }
    }

    package struct Statistics: Sendable, Hashable {
        package var held: UInt64 = 0
        package var released: UInt64 = 0
        package var dropped: UInt64 = 0
        /// When the first packet came in that was then held longer than 90 % of the delay, or was dropped.
        package var firstEffect: Instant?
        /// When the last packet that had been held was let go, after the dose was set to zero.
        package var drained: Instant?
        package var achievedMinimum: Duration = .zero
        package var achievedMaximum: Duration = .zero
        package var achievedTotal: Duration = .zero
        package var waitingMaximum = 0
        package var isRealtime = false
        /// Why the thread ended before it was told to.
        package var failure: String?
    }

    /// Packets a second that one queue is made for: its length follows from this and the delay.
    package static let rateMaximum = 50_000
    package static let lengthMinimum = 4_096

    /// Never left at the kernel's 1024: at 10,000 packets/s and 100 ms that loses half of them.
    package static func length(for dose: Dose) -> UInt32 {
        let packets = (dose.delay + dose.jitter).seconds * Double(rateMaximum)
        return UInt32(max(lengthMinimum, Int(packets.rounded(.up))))
    }

    struct Control: Sendable {
        var dose: Dose
        var isStopping = false
        var statistics = Statistics()
        var hasEnded = false
        /// The dose that the holder has taken over; with a zero dose, everything held before has been let go.
        var effective: Dose?
    }

    package let number: UInt16
    let control: Mutex<Control>
    private let wake: Int32

    /// Binds queue `number` in the namespace and starts holding. `seed` decides which packets are lost.
    package init(_ number: UInt16, dose: Dose, seed: UInt64, namespace: Int32 = -1) throws(NetlinkError) {
        self.number = number
        control = Mutex(Control(dose: dose))
        let subject = "queue \(number)"
        wake = clinux_eventfd()
        guard wake >= 0 else { throw NetlinkError(subject, "create eventfd", code: -wake) }
        let socket = try PacketQueue.bound(number, length: PacketQueue.length(for: dose), namespace: namespace)
        let holder = PacketHolder(queue: self, socket: socket, wake: wake, seed: seed)
        do {
            try SystemThread.startDetached(subject) { holder.run() }
        } catch {
            throw NetlinkError(error.subject, error.operation, code: error.code)
        }
    }

    deinit { close(wake) }

    /// Takes effect for packets that come from now on; `.zero` lets everything go at once, in order.
    package func setDose(_ dose: Dose) {
        control.withLock { $0.dose = dose }
        signal()
    }

    /// Lets go of everything, in order, and waits until the holder has done so.
    ///
    /// Needed before a base chain is removed: the kernel then drops whatever any queue of the namespace holds.
    package func letGo(within limit: Duration = .milliseconds(50)) {
        let none = Dose(delay: .zero)
        setDose(none)
        let deadline = clinux_monotonic_ns() + limit.nanoseconds
        while control.withLock({ $0.effective != none && !$0.hasEnded }), clinux_monotonic_ns() < deadline {
            clinux_sleep_until_ns(clinux_monotonic_ns() + 50_000)
        }
    }

    /// Lets go of everything, in order, and ends the thread.
    package func stop() {
        control.withLock { $0.isStopping = true }
        signal()
    }

    package var statistics: Statistics { control.withLock { $0.statistics } }
    package var hasEnded: Bool { control.withLock { $0.hasEnded } }

    private func signal() {
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
    }

    private static func bound(_ number: UInt16, length: UInt32, namespace: Int32) throws(NetlinkError)
        -> NetlinkSocket
    {
        let socket = try NetlinkSocket(NETLINK_NETFILTER, namespace: namespace)
        let subject = "queue \(number)"
        func configure(_ attribute: Int, _ data: [UInt8], _ operation: String) throws(NetlinkError) {
            var message = NetlinkMessage(
                type: UInt16(NFNL_SUBSYS_QUEUE) << 8 | UInt16(NFQNL_MSG_CONFIG.rawValue), flags: 0,
                header: [UInt8(AF_UNSPEC), UInt8(NFNETLINK_V0)] + number.bigBytes)
            message.add(attribute, data)
            if attribute == Int(NFQA_CFG_FLAGS.rawValue) { message.add(Int(NFQA_CFG_MASK.rawValue), data) }
            try socket.request(message, subject, operation)
        }
        let bind = [UInt8(NFQNL_CFG_CMD_BIND.rawValue), 0] + UInt16(AF_INET).bigBytes
        try configure(Int(NFQA_CFG_CMD.rawValue), bind, "bind")
        let flags = UInt32(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN)
        try configure(Int(NFQA_CFG_FLAGS.rawValue), flags.bigBytes, "set GSO and FAIL_OPEN")
        try configure(Int(NFQA_CFG_QUEUE_MAXLEN.rawValue), length.bigBytes, "set length \(length)")
        let parameters = UInt32(0).bigBytes + [UInt8(NFQNL_COPY_META.rawValue)]
        try configure(Int(NFQA_CFG_PARAMS.rawValue), parameters, "set COPY_META")
        // Every queued packet is also a message waiting for us. Only root may exceed the system's maximum.
        let wanted = Int32(min(Int(length) * 1_024, 256 << 20))
        if clinux_set_int_option(socket.fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted) < 0 {
            _ = clinux_set_int_option(socket.fd, SOL_SOCKET, SO_RCVBUF, wanted)
        }
        _ = clinux_set_int_option(socket.fd, 270, NETLINK_NO_ENOBUFS, 1)  // SOL_NETLINK
        return socket
    }
}
