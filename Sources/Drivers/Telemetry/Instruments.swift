import Units

/// Only goes up. Starts at 0, and is shown from the start.
package final class Counter {
    package private(set) var value: UInt64 = 0
    package func add(_ amount: UInt64 = 1) { value &+= amount }
}

/// Any value, in the base unit of its name. `nil`: not known yet, and then there is no sample: a made-up zero
/// would look like a measurement.
package final class Gauge {
    package var value: Double?

    package func set(_ value: Double) { self.value = value }
    package func set(_ value: Int64) { self.value = Double(value) }
    package func set(_ duration: Duration) { value = duration.seconds }
    /// Seconds since the Unix epoch.
    package func set(_ time: WallTime) { value = Double(time.nanoseconds) / 1e9 }
}

/// Counts observations by upper bound. A value equal to a bound is inside it.
package final class Histogram {
    package let bounds: [Double]
    /// Not cumulative; the last one counts what is above every bound.
    package private(set) var counts: [UInt64]
    package private(set) var sum = 0.0
    package private(set) var count: UInt64 = 0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    package func observe(_ duration: Duration) { observe(duration.seconds) }

    /// A NaN is refused: it is not a measurement and would make the sum one, too.
    package func observe(_ value: Double) {
        guard !value.isNaN else { return }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        counts[low] += 1
        count += 1
        sum += value
    }
}
