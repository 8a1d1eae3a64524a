// The way to the broker and back: two independent legs, each N(mean/2, variance/2) cut off at zero, first in first out.
//
// A delay is drawn by (seed, stream, index), so it depends on the order of messages and never on when they came.

import Units

package struct RoundTrip: Hashable, Sendable {
    package let mean: Duration
    /// In ms²: σ = √8 ms is 8.
    package let varianceSquareMilliseconds: Double

    package init(mean: Duration, varianceSquareMilliseconds: Double) {
        self.mean = mean
        self.varianceSquareMilliseconds = varianceSquareMilliseconds
    }

    package static let none = RoundTrip(mean: .zero, varianceSquareMilliseconds: 0)

    /// The delay of message `index` on one leg.
    func leg(seed: UInt64, _ stream: Stream, index: UInt64) -> Duration {
        guard self != .none else { return .zero }
        let deviation = (varianceSquareMilliseconds / 2).squareRoot() * 1e6
        let delay = Double(mean.nanoseconds) / 2 + deviation * Draw(seed: seed, stream: stream, index: index).normal
        return .nanoseconds(Int64(max(0, delay)))
    }
}

/// What random values are drawn for.
enum Stream: UInt64 {
    case inbound = 1
    case outbound = 2
    case rejects = 3
}

/// Random values of one (seed, stream, index).
struct Draw {
    private var state: UInt64

    init(seed: UInt64, stream: Stream, index: UInt64) {
        state = seed &+ stream.rawValue &* 0xD1B5_4A32_D192_ED03
        state = next() ^ index
        state = next()
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 ..< bound.
    func below(_ bound: UInt64) -> UInt64 {
        var copy = self
        return copy.next().multipliedFullWidth(by: bound).high
    }

    /// Mean 0, variance 1: the centred sum of 48 uniform values over its deviation, 2. Integer steps only, so the same
    /// on every machine; against the true normal only the tails beyond 4 σ are thinner (excess kurtosis −0.025).
    var normal: Double {
        var copy = self
        var sum: Int64 = 0
        for _ in 0..<12 {
            let bits = copy.next()
            for shift in stride(from: 0, to: 64, by: 16) { sum += Int64(bits >> UInt64(shift) & 0xFFFF) }
        }
        // The middle of each of 65,536 steps is half a step above its lower edge.
        let centred = Double(sum) + 24 - 24 * 65_536
        return centred / 65_536 / 2
    }
}

/// Messages on their way, in order: none overtakes another.
struct Leg<Item: Sendable>: Sendable {
    private var waiting: [(due: Instant, item: Item)] = []
    private var start = 0
    private var index: UInt64 = 0
    private let stream: Stream
    private let seed: UInt64
    private let roundTrip: RoundTrip

    init(_ stream: Stream, _ settings: BrokerSettings) {
        self.stream = stream
        seed = settings.seed
        roundTrip = settings.roundTrip
    }

    var nextDue: Instant? { start < waiting.count ? waiting[start].due : nil }
    var count: Int { waiting.count - start }

    mutating func push(_ item: Item, at now: Instant) {
        // A message drawn to be faster than the one before waits behind it: only the head of the queue may leave.
        waiting.append((now + roundTrip.leg(seed: seed, stream, index: index), item))
        index += 1
    }

    /// The next message that has arrived by `now`.
    mutating func pop(at now: Instant) -> Item? {
        guard start < waiting.count, waiting[start].due <= now else { return nil }
        defer { compact() }
        start += 1
        return waiting[start - 1].item
    }

    /// Everything still on its way, at once.
    mutating func drain() -> [Item] {
        defer {
            waiting.removeAll()
            start = 0
        }
        return waiting[start...].map(\.item)
    }

    private mutating func compact() {
        guard start == waiting.count || start >= 1_024 else { return }
        waiting.removeFirst(start)
        start = 0
    }
}
