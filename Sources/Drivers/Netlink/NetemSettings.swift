// What a netem qdisc is told: always all of it, since what is left out may persist from before.

import CLibnl
import Units

extension NetemControl {
    package struct Settings: Hashable, Sendable {
        package var delay: Duration
        package var jitter: Duration
        /// Packets in a million.
        package var lossPerMillion: UInt32
        package var duplicatePerMillion: UInt32 = 0
        package var corruptPerMillion: UInt32 = 0
        /// These aren't held; the others are, for `delay`.
        package var reorderPerMillion: UInt32 = 0
        /// Zero: no limit. The kernel counts whole bytes.
        package var bitsPerSecond: Int64 = 0
        /// Packets; never left at netem's 1000, which loses silently above 4,000 packets/s at 250 ms.
        package var limit: UInt32

        package init(delay: Duration, jitter: Duration = .zero, lossPerMillion: UInt32 = 0) {
            self.delay = delay
            self.jitter = jitter
            self.lossPerMillion = lossPerMillion
            limit = PacketQueue.length(for: PacketQueue.Dose(delay: delay, jitter: jitter))
        }
    }
}

extension NetemControl.Settings {
    /// `struct tc_netem_qopt`: latency, limit, loss, gap, duplicate, jitter; then the attributes.
    func encode(into nest: inout NetlinkMessage) {
        // `tc` asks for a gap of one with any reorder: each packet may be the one that isn't held.
        let gap: UInt32 = reorderPerMillion > 0 ? 1 : 0
        let options = [0, limit, raw(lossPerMillion), gap, raw(duplicatePerMillion), 0]
        nest.append(options.flatMap(\.hostBytes))
        let none = UInt32(0).hostBytes
        nest.add(Int(TCA_NETEM_CORR), none + none + none)
        nest.add(Int(TCA_NETEM_REORDER), raw(reorderPerMillion).hostBytes + none)
        nest.add(Int(TCA_NETEM_CORRUPT), raw(corruptPerMillion).hostBytes + none)
        nest.add(Int(TCA_NETEM_RATE), UInt32(clamping: bitsPerSecond / 8).hostBytes + none + none + none)
        nest.add(Int(TCA_NETEM_LATENCY64), delay.nanoseconds.hostBytes)
        nest.add(Int(TCA_NETEM_JITTER64), jitter.nanoseconds.hostBytes)
    }

    /// From the options of a dump, of at least 24 bytes.
    init(_ options: [UInt8]) {
        let nested = NetlinkAttributes(options, from: 24)
        func long(_ type: Int) -> Int64 {
            nested[type].map { $0.count >= 8 ? Int64($0.host32(0)) | Int64($0.host32(4)) << 32 : 0 } ?? 0
        }
        func first(_ type: Int) -> UInt32 { nested.host32(type) ?? 0 }
        self.init(
            delay: .nanoseconds(long(Int(TCA_NETEM_LATENCY64))), jitter: .nanoseconds(long(Int(TCA_NETEM_JITTER64))),
            lossPerMillion: perMillion(options.host32(8)))
        limit = options.host32(4)
        duplicatePerMillion = perMillion(options.host32(16))
        corruptPerMillion = perMillion(first(Int(TCA_NETEM_CORRUPT)))
        reorderPerMillion = perMillion(first(Int(TCA_NETEM_REORDER)))
        bitsPerSecond = Int64(first(Int(TCA_NETEM_RATE))) * 8
    }
}

extension NetemControl.Settings: CustomStringConvertible {
    package var description: String {
        var parts = ["delay \(delay.written)", "jitter \(jitter.written)", "loss \(lossPerMillion) ppm"]
        if duplicatePerMillion > 0 { parts.append("duplicate \(duplicatePerMillion) ppm") }
        if corruptPerMillion > 0 { parts.append("corrupt \(corruptPerMillion) ppm") }
        if reorderPerMillion > 0 { parts.append("reorder \(reorderPerMillion) ppm") }
        if bitsPerSecond > 0 { parts.append("rate \(bitsPerSecond) bit/s") }
        return parts.joined(separator: " ") + " limit \(limit)"
    }
}

/// A probability as netem has it, rounded as `tc` does.
private func raw(_ perMillion: UInt32) -> UInt32 {
    UInt32(min((UInt64(perMillion) * UInt64(UInt32.max) + 500_000) / 1_000_000, UInt64(UInt32.max)))
}

private func perMillion(_ raw: UInt32) -> UInt32 { UInt32((Double(raw) * 1e6 / Double(UInt32.max)).rounded()) }
