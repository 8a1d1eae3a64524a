// The holder's thread: it reads what the kernel queued, keeps (identifier, due) in a ring, and lets go.

import CLibnl
import CLinux
import Glibc
import Synchronization
import Units

final class PacketHolder {
    private struct Waiting {
        let identifier: UInt32
        let arrived: Int64
        let due: Int64
        let delay: Int64
    }

    /// How many packets are read before the due ones are looked at again.
    private static let readsPerTurn = 256
    private static let realtimePriority: Int32 = 50

    private let queue: PacketQueue
    private let socket: NetlinkSocket
    private let wake: Int32
    private var random: SplitMix
    private var ring: [Waiting?]
    private var head = 0
    private var count = 0
    private var lastDue: Int64 = 0
    private var dose: PacketQueue.Dose
    private var statistics = PacketQueue.Statistics()
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var isReleasingAll = false

    init(queue: PacketQueue, socket: NetlinkSocket, wake: Int32, seed: UInt64) {
        self.queue = queue
        self.socket = socket
        self.wake = wake
        random = SplitMix(state: seed)
        dose = queue.control.withLock { $0.dose }
        ring = Array(repeating: nil, count: Int(PacketQueue.length(for: dose)) * 2)
    }

    func run() {
        statistics.isRealtime = clinux_thread_fifo(PacketHolder.realtimePriority) == 0
        _ = clinux_timer_slack_ns(1)
        publish()
        while !turn() {}
        publish()
        queue.control.withLock { $0.hasEnded = true }
    }

    /// One wait and what follows from it; true when the thread is to end.
    private func turn() -> Bool {
        wait()
        let (fresh, stopping) = queue.control.withLock { ($0.dose, $0.isStopping) }
        if fresh != dose {
            dose = fresh
            if dose.delay == .zero { isReleasingAll = true }
        }
        receive()
        if isReleasingAll || stopping {
            release(upTo: .max)
            if statistics.drained == nil, statistics.held > 0 {
                statistics.drained = Instant(nanoseconds: clinux_monotonic_ns())
            }
            isReleasingAll = false
        } else {
            release(upTo: clinux_monotonic_ns())
        }
        publish()
        return stopping || statistics.failure != nil
    }

    private func wait() {
        let next = count > 0 ? ring[head]?.due : nil
        let limit = next.map { max(0, $0 - clinux_monotonic_ns()) } ?? -1
        let ready = clinux_wait_readable(socket.fd, wake, limit)
        if ready & 2 != 0 {
            var value: UInt64 = 0
            _ = read(wake, &value, 8)
        }
    }

    private func receive() {
        for _ in 0..<PacketHolder.readsPerTurn {
            let received = recv(socket.fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard received > 0 else {
                if received < 0, errno != EAGAIN, errno != EINTR, errno != ENOBUFS {
                    statistics.failure = "queue \(queue.number): receive: \(String(cString: strerror(errno)))"
                }
                return
            }
            let now = clinux_monotonic_ns()
            var position = 0
            while position + NetlinkMessage.headerLength <= received {
                let length = Int(buffer.host32(position))
                guard length >= NetlinkMessage.headerLength, position + length <= received else { break }
                let isPacket =
                    buffer.host16(position + 4) == UInt16(NFNL_SUBSYS_QUEUE) << 8 | UInt16(NFQNL_MSG_PACKET.rawValue)
                if isPacket { enqueue(from: position + 20, to: position + length, at: now) }
                position += (length + 3) & ~3
            }
        }
    }

    private func enqueue(from start: Int, to end: Int, at now: Int64) {
        var position = start
        while position + 8 <= end {
            let length = Int(buffer.host16(position))
            guard length >= 4 else { return }
            if buffer.host16(position + 2) & 0x3FFF == UInt16(NFQA_PACKET_HDR.rawValue) {
                hold(buffer.big32(position + 4), at: now)
                return
            }
            position += (length + 3) & ~3
        }
    }

    private func hold(_ identifier: UInt32, at now: Int64) {
        let isLost = dose.lossPerMillion > 0 && random.next() % 1_000_000 < UInt64(dose.lossPerMillion)
        if isLost {
            verdict(identifier, drop: true)
            statistics.dropped += 1
            if statistics.firstEffect == nil { statistics.firstEffect = Instant(nanoseconds: now) }
            return
        }
        let jitter = dose.jitter.nanoseconds
        let extra = jitter > 0 ? Int64(random.next() % UInt64(jitter + 1)) : 0
        // Never before the packet ahead of it: a held packet may be late, not early, and order is kept.
        let due = max(lastDue, now + dose.delay.nanoseconds + extra)
        lastDue = due
        if count == ring.count { grow() }
        ring[(head + count) % ring.count] = Waiting(
            identifier: identifier, arrived: now, due: due, delay: dose.delay.nanoseconds)
        count += 1
        statistics.held += 1
        statistics.waitingMaximum = max(statistics.waitingMaximum, count)
    }

    private func grow() {
        ring = (0..<count).map { ring[(head + $0) % ring.count] } + Array(repeating: nil, count: count)
        head = 0
    }

    private func release(upTo now: Int64) {
        var last: UInt32?
        while count > 0, let waiting = ring[head], waiting.due <= now {
            last = waiting.identifier
            ring[head] = nil
            head = (head + 1) % ring.count
            count -= 1
            account(waiting)
        }
        if let last { verdict(last, drop: false) }
        if count == 0 { lastDue = 0 }
    }

    private func account(_ waiting: Waiting) {
        let achieved = clinux_monotonic_ns() - waiting.arrived
        statistics.released += 1
        guard waiting.delay > 0, !isReleasingAll else { return }
        let hold = Duration.nanoseconds(achieved)
        statistics.achievedTotal += hold
        statistics.achievedMaximum = max(statistics.achievedMaximum, hold)
        statistics.achievedMinimum =
            statistics.achievedMinimum == .zero ? hold : min(statistics.achievedMinimum, hold)
        if statistics.firstEffect == nil, achieved * 10 > waiting.delay * 9 {
            statistics.firstEffect = Instant(nanoseconds: waiting.arrived)
        }
    }

    /// Lets go of every packet up to `identifier`, or drops this one.
    private func verdict(_ identifier: UInt32, drop: Bool) {
        let kind = drop ? NFQNL_MSG_VERDICT : NFQNL_MSG_VERDICT_BATCH
        var message = NetlinkMessage(
            type: UInt16(NFNL_SUBSYS_QUEUE) << 8 | UInt16(kind.rawValue), flags: 0,
            header: [UInt8(AF_UNSPEC), UInt8(NFNETLINK_V0)] + queue.number.bigBytes)
        message.add(Int(NFQA_VERDICT_HDR.rawValue), UInt32(drop ? NF_DROP : NF_ACCEPT).bigBytes + identifier.bigBytes)
        do {
            try socket.send(message.finished(sequence: 0, acknowledge: false), "queue \(queue.number)", "verdict")
        } catch {
            statistics.failure = error.description
        }
    }

    private func publish() {
        let (copy, dose) = (statistics, dose)
        queue.control.withLock {
            $0.statistics = copy
            $0.effective = dose
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014): the same seed loses the same packets.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
