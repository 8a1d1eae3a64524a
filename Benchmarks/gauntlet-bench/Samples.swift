import Units

/// Durations of the same thing, measured again and again.
struct Samples {
    private(set) var values: [Duration] = []

    var count: Int { values.count }
    var total: Duration { values.reduce(.zero, +) }

    mutating func add(_ value: Duration) { values.append(value) }

    /// The smallest value that at least `share` of all values don't exceed; zero when there are none.
    func quantile(_ share: Double) -> Duration {
        guard !values.isEmpty else { return .zero }
        let position = Int((share * Double(values.count)).rounded(.up)) - 1
        return values.sorted()[max(0, min(position, values.count - 1))]
    }

    var median: Duration { quantile(0.5) }
    var p99: Duration { quantile(0.99) }
    var maximum: Duration { values.max() ?? .zero }
    var minimum: Duration { values.min() ?? .zero }
}

extension Duration {
    var microseconds: Double { Double(nanoseconds) / 1e3 }
}

/// Three significant places or so, never an exponent: `0.214 ms`, `3.1 µs`.
func shown(_ duration: Duration) -> String {
    let nanoseconds = Double(duration.nanoseconds)
    if nanoseconds.magnitude >= 1e9 { return "\(rounded(nanoseconds / 1e9)) s" }
    if nanoseconds.magnitude >= 1e6 { return "\(rounded(nanoseconds / 1e6)) ms" }
    if nanoseconds.magnitude >= 1e3 { return "\(rounded(nanoseconds / 1e3)) µs" }
    return "\(duration.nanoseconds) ns"
}

func rounded(_ value: Double) -> String {
    let places = value.magnitude >= 100 ? 100.0 : 1000.0
    let scaled = (value * places).rounded() / places
    return scaled == scaled.rounded() && scaled.magnitude < 1e15 ? "\(Int(scaled))" : "\(scaled)"
}
