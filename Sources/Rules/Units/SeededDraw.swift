/// Random values addressed by (seed, stream, index), not by the order of the calls: the same address is always the
/// same value, on every machine, whatever else was drawn before.
///
/// The value is SplitMix64's output function (Steele, Lea and Flood 2014, constants of Stafford's mix 13) applied to
/// the counter, with a key made of seed and stream. Good for plans; useless for secrets.
package struct SeededDraw: Hashable, Sendable {
    private let key: UInt64

    package init(seed: UInt64, stream: String) {
        // FNV-1a: a stream is a short name, and only has to differ from the others.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        key = SeededDraw.mix(seed &+ SeededDraw.mix(hash))
    }

    package func bits(at index: Int) -> UInt64 {
        SeededDraw.mix(key &+ (UInt64(bitPattern: Int64(index)) &+ 1) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// Uniform over the range, by multiplication (Lemire 2019); the bias is below 2⁻³² for ranges below 2³².
    package func whole(in range: ClosedRange<Int64>, at index: Int) -> Int64 {
        let width = UInt64(bitPattern: range.upperBound &- range.lowerBound) &+ 1
        guard width != 0 else { return Int64(bitPattern: bits(at: index)) }
        return range.lowerBound &+ Int64(bitPattern: bits(at: index).multipliedFullWidth(by: width).high)
    }

    package func isTrue(percent: Int, at index: Int) -> Bool { whole(in: 0...99, at: index) < Int64(percent) }

    /// Bell-shaped, in millionths: mean 0, standard deviation 1,000,000, within ±6,000,000. The sum of twelve
    /// uniform draws, so that it needs no logarithm that differs from one C library to the next.
    package func bell(at index: Int) -> Int64 {
        (0..<12).reduce(-6_000_000) { $0 + whole(in: 0...1_000_000, at: index * 12 + $1) }
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
