// Trains of probes: a few big ones back to back, whose spacing at the receiver tells how fast the way is.

import Units

package struct ProbeTrain: Hashable, Sendable {
    /// Packets of one train, and the bytes of each on the wire with its Ethernet header.
    package static let length = 4
    package static let packetBytes = 1_242

    /// When the first of them left.
    package let sent: Instant
    /// From the arrival of the first to that of the last.
    package let spread: Duration

    package init(sent: Instant, spread: Duration) {
        self.sent = sent
        self.spread = spread
    }

    /// The first packet's own time lies before the first stamp.
    package var bitsPerSecond: Int64 {
        let bits = Int64((ProbeTrain.length - 1) * ProbeTrain.packetBytes * 8)
        return bits * 1_000_000_000 / max(1, spread.nanoseconds)
    }
}

package struct TrainStatistics: Hashable, Sendable {
    package let count: Int
    package let medianBitsPerSecond: Int64

    package init(_ trains: [ProbeTrain]) {
        count = trains.count
        let rates = trains.map(\.bitsPerSecond).sorted()
        medianBitsPerSecond = rates.isEmpty ? 0 : rates[(rates.count - 1) / 2]
    }

    /// Other traffic shares the way, so a train may be slower; it can't be faster but by the receiver's late look.
    package static func isNear(_ found: Int64, to wanted: Int64) -> Bool {
        found * 10 <= wanted * 11 && found * 10 >= wanted * 7
    }
}

/// The packets of trains that are still coming in.
package struct TrainAssembly: Sendable {
    private struct Coming {
        let number: UInt64
        let sent: Instant
        let first: Instant
        var next: UInt64
    }

    private var coming: [UInt32: Coming] = [:]

    package init() {}

    /// A packet of train `number` from `sender`; returns the train when this one completes it. One that misses a
    /// packet or has them out of order tells nothing.
    package mutating func receive(
        from sender: UInt32, train number: UInt64, packet: UInt64, sent: Instant, at received: Instant
    ) -> ProbeTrain? {
        if packet == 0 {
            coming[sender] = Coming(number: number, sent: sent, first: received, next: 1)
            return nil
        }
        guard var train = coming[sender], train.number == number, train.next == packet else {
            coming[sender] = nil
            return nil
        }
        train.next += 1
        coming[sender] = train
        guard packet == UInt64(ProbeTrain.length - 1) else { return nil }
        coming[sender] = nil
        return ProbeTrain(sent: train.sent, spread: received - train.first)
    }
}
