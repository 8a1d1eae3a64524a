import Units

/// Maps realtime stamps (tap, Redis, broker) to the monotonic clock, from paired samples of both clocks.
package struct ClockMap: Sendable {
    package struct Sample: Hashable, Sendable {
        package let monotonic: Instant
        package let wall: WallTime
        /// Half the time that reading the pair took.
        package let bound: Duration

        package init(monotonic: Instant, wall: WallTime, bound: Duration) {
            self.monotonic = monotonic
            self.wall = wall
            self.bound = bound
        }

        fileprivate var offset: Int64 { wall.nanoseconds - monotonic.nanoseconds }
    }

    /// Ten a second: what arrives later than this after its stamp is mapped with the oldest one kept.
    package static let samplesMaximum = 300
    /// Neighbours further apart than this show a clock step: slewing moves 50 µs in a tenth of a second.
    package static let stepMinimum = Duration.nanoseconds(100_000)

    private var samples: [Sample] = []

    package init() {}

    /// The monotonic instant of the last sample.
    package var latest: Instant { samples.last?.monotonic ?? Instant(nanoseconds: 0) }

    /// How far the realtime clock has moved against the monotonic one since the last sample.
    @discardableResult
    package mutating func add(_ sample: Sample) -> Duration {
        let moved = samples.last.map { sample.offset - $0.offset } ?? 0
        if samples.count == ClockMap.samplesMaximum { samples.removeFirst() }
        samples.append(sample)
        return .nanoseconds(moved)
    }

    /// The monotonic instant of a realtime stamp by the sample nearest to it, and how far it may be off.
    package func instant(of stamp: WallTime) -> (at: Instant, uncertainty: Duration) {
        var low = 0
        var high = samples.count
        while low < high {
            let middle = (low + high) / 2
            if samples[middle].wall < stamp { low = middle + 1 } else { high = middle }
        }
        let around = [low - 1, low].filter(samples.indices.contains)
        guard let nearest = around.min(by: { distance($0, stamp) < distance($1, stamp) }) else {
            return (Instant(nanoseconds: stamp.nanoseconds), .nanoseconds(Int64.max / 4))
        }
        let sample = samples[nearest]
        let drift = around.count == 2 ? abs(samples[around[1]].offset - samples[around[0]].offset) : 0
        return (Instant(nanoseconds: stamp.nanoseconds - sample.offset), sample.bound + .nanoseconds(drift))
    }

    private func distance(_ index: Int, _ stamp: WallTime) -> UInt64 {
        (samples[index].wall.nanoseconds - stamp.nanoseconds).magnitude
    }
}
