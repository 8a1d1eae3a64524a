// A tap on every interface of a network namespace, read on a reactor.
//
// The receive thread lives in CLinux (tap.c): it copies from the kernel's ring into ours and does nothing else.
// What the kernel had to drop it counts; `statistics()` tells.

import CLinux
import Glibc
import Sockets
import Units

/// One packet, link header included.
package struct TapPacket: Sendable {
    /// By the kernel, as it passed the interface.
    package let stamp: WallTime
    /// Index in the tapped namespace.
    package let interface: UInt32
    package let isOutgoing: Bool
    /// Where the network header begins.
    package let networkOffset: Int
    /// ARPHRD_*: 1 for Ethernet.
    package let hardware: UInt16
    package let bytes: [UInt8]
    /// Longer than `bytes` when the capture had to cut.
    package let originalLength: Int

    package init(
        stamp: WallTime, interface: UInt32, isOutgoing: Bool, networkOffset: Int, hardware: UInt16, bytes: [UInt8],
        originalLength: Int
    ) {
        self.stamp = stamp
        self.interface = interface
        self.isOutgoing = isOutgoing
        self.networkOffset = networkOffset
        self.hardware = hardware
        self.bytes = bytes
        self.originalLength = originalLength
    }
}

package final class Tap {
    package struct Sizes: Sendable {
        /// The longest packet kept whole. With segmentation offload a packet is up to 64 KiB, with BIG TCP 512.
        package var snapLength: UInt32 = 512 << 10
        package var kernelRing: UInt32 = 24 << 20
        package var ownRing: UInt32 = 16 << 20
        /// What a packet may wait in the kernel before it is handed over.
        package var hold: Duration = .nanoseconds(8_000_000)
        /// SCHED_FIFO of the receive thread, where that is allowed; 0 asks for none.
        package var priority: Int32 = 50

        package init() {}
    }

    package struct Statistics: Hashable, Sendable {
        package let packets: UInt64
        package let dropped: UInt64
    }

    /// Packets handled in one turn of the reactor, so that a flood can't starve its timers.
    package static let turnMaximum = 2_000

    package var onPacket: (TapPacket) -> Void = { _ in }
    /// Whether the receive thread got real-time scheduling.
    package var hasRealTimePriority: Bool { clinux_tap_is_fifo(tap) == 1 }
    private let tap: OpaquePointer
    private let reactor: Reactor
    private var names: [UInt32: String] = [:]
    private var isOpen = true

    /// Starts at once. `namespace` is a path like `/run/netns/governor`; `nil` taps the caller's own.
    package init(namespace: String?, sizes: Sizes = Sizes(), on reactor: Reactor) throws(SystemError) {
        self.reactor = reactor
        var descriptor: Descriptor?
        if let namespace {
            descriptor = Descriptor(
                try check(
                    clinux_open_namespace(namespace), namespace, "open", advice: "is the network namespace there?"))
        }
        var options = clinux_tap_options(
            namespace_fd: descriptor?.number ?? -1, block_bytes: sizes.snapLength,
            blocks: max(2, sizes.kernelRing / sizes.snapLength), ring_bytes: sizes.ownRing,
            retire_ms: UInt32(max(1, sizes.hold.nanoseconds / 1_000_000)), fifo_priority: sizes.priority)
        var opened: OpaquePointer?
        try check(
            clinux_tap_open(&options, &opened), namespace ?? "own network namespace", "open a packet tap",
            advice: "it needs CAP_NET_RAW in that namespace's user namespace")
        guard let opened else { throw SystemError(namespace ?? "tap", "open a packet tap", code: ENOMEM) }
        tap = opened
        let wake = clinux_tap_wake_fd(tap)
        try reactor.watch(wake, for: .read) { [unowned self] _ in
            var count: UInt64 = 0
            _ = read(wake, &count, 8)
            handOver()
        }
    }

    /// Hands over what waits; comes back soon when there is more than one turn allows.
    private func handOver() {
        guard isOpen else { return }
        for _ in 0..<Tap.turnMaximum {
            guard let record = clinux_tap_peek(tap) else { return }
            let packet = Tap.packet(record)
            clinux_tap_pop(tap, record)
            onPacket(packet)
            guard isOpen else { return }
        }
        reactor.after(.zero) { [weak self] in self?.handOver() }
    }

    private static func packet(_ record: UnsafePointer<clinux_tap_record>) -> TapPacket {
        let header = record.pointee
        let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(record + 1), count: Int(header.captured))
        return TapPacket(
            stamp: WallTime(nanoseconds: header.stamp_ns), interface: header.interface,
            isOutgoing: Int32(header.direction) == PACKET_OUTGOING, networkOffset: Int(header.network_offset),
            hardware: header.hardware, bytes: Array(bytes), originalLength: Int(header.original))
    }

    /// The interface's name in the tapped namespace; `#7` for one that is gone.
    package func name(of interface: UInt32) -> String {
        if let known = names[interface] { return known }
        var buffer = [CChar](repeating: 0, count: 16)
        guard clinux_tap_interface_name(tap, interface, &buffer) == 0 else { return "#\(interface)" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        names[interface] = name
        return name
    }

    /// Since the tap was opened. A failing read would hide drops, so it is an error.
    package func statistics() throws(SystemError) -> Statistics {
        var packets: UInt64 = 0
        var dropped: UInt64 = 0
        try check(clinux_tap_statistics(tap, &packets, &dropped), "packet tap", "read PACKET_STATISTICS")
        return Statistics(packets: packets, dropped: dropped)
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        reactor.unwatch(clinux_tap_wake_fd(tap))
        clinux_tap_close(tap)
    }

    deinit { close() }
}
