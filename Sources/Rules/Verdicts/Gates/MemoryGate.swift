import History
import Messages
import Scenarios
import Units

extension Scene {
    /// What a role's anonymous memory does, measured from outside.
    struct Growth: Sendable {
        let name: String
        /// Megabytes in 600 s; in a drill too short for that, in as long as was measured.
        let slope: TrendSlope
        /// Megabytes above the first value that counts, at the worst moment.
        let peak: Double
        let record: Place
    }

    /// A leak is a slope, so it is asked for over 600 s; the beginning doesn't count. A few seconds say nothing about
    /// ten minutes: a drill that measures less than two is asked what grew while it ran.
    func memoryLeak(_ limit: Figure) -> Finding {
        guard let window = driving else { return .unknown("the drill never came to the phase drive") }
        let all = growths(in: window)
        guard let worst = all.max(by: { $0.slope.high < $1.slope.high }) else {
            return .unknown("too few samples of any role's memory")
        }
        guard all.contains(where: { $0.name == "governor" }) else {
            return .unknown("too few samples of the governor's memory")
        }
        let leaking = all.filter { $0.slope.low >= limit.value }
        let peaking = all.filter { $0.peak >= Scene.growthMaximum }
        let unsure = all.filter { $0.slope.high >= limit.value && $0.slope.low < limit.value }
        func shown(_ growth: Growth) -> String {
            let figures = [growth.slope.estimate, growth.slope.low, growth.slope.high, growth.peak]
                .map { JSON.real($0).text() }
            return "\(growth.name) grows by \(figures[0]) MB in \(Finding.text(span(of: window))) "
                + "(95 % interval \(figures[1]) to \(figures[2])), at most \(figures[3]) MB above its beginning"
        }
        let bad = leaking + peaking.filter { peak in !leaking.contains { $0.name == peak.name } }
        let named = bad.first ?? unsure.first ?? worst
        var finding = Finding(
            bad.isEmpty ? (unsure.isEmpty ? .pass : .inconclusive) : .fail, observed: .real(named.slope.estimate),
            count: all.count, records: [named.record])
        finding.interval = Finding.Interval(
            low: named.slope.low, high: named.slope.high, level: 95, method: "Theil–Sen, \(named.slope.count) points")
        if finding.outcome != .pass { finding.reason = (bad.isEmpty ? unsure : bad).map(shown).joined(separator: "; ") }
        return finding
    }

    private func measured(of window: Range<Instant>) -> (from: Instant, lasts: Duration) {
        let lasts = window.upperBound - window.lowerBound
        let dropped: Duration = min(Duration.seconds(120), Duration.nanoseconds(lasts.nanoseconds / 5))
        return (window.lowerBound + dropped, lasts - dropped)
    }

    /// What a slope is multiplied with.
    private func span(of window: Range<Instant>) -> Duration {
        let lasts = measured(of: window).lasts
        return lasts >= .seconds(120) ? .seconds(600) : lasts
    }

    /// Nothing may ever stand this far above its beginning, in megabytes.
    static let growthMaximum = 100.0

    /// Slopes over medians of stretches, so that one sample never decides.
    func growths(in window: Range<Instant>) -> [Growth] {
        let (from, lasts) = measured(of: window)
        let stretch: Duration = lasts >= .seconds(120) ? .seconds(10) : .seconds(1)
        let span = span(of: window)
        var byName: [String: [MemorySample]] = [:]
        for sample in timeline.memory where sample.at >= from && sample.at < window.upperBound {
            byName[sample.name, default: []].append(sample)
        }
        return byName.compactMap { name, samples -> Growth? in
            guard let first = samples.first else { return nil }
            let stretches = Dictionary(grouping: samples) { ($0.at - from).nanoseconds / stretch.nanoseconds }
            let points = stretches.sorted { $0.key < $1.key }.map { _, samples -> (x: Double, y: Double) in
                let values = samples.map(\.megabytes).sorted()
                return ((samples[0].at - from).seconds / span.seconds, values[values.count / 2])
            }
            guard let slope = TrendSlope(points) else { return nil }
            let peak = (samples.map(\.megabytes).max() ?? 0) - first.megabytes
            return Growth(name: name, slope: slope, peak: peak, record: first.record)
        }.sorted { $0.name < $1.name }
    }

    var memoryMeasured: JSON {
        guard let window = driving else { return .null }
        return .array(growths(in: window).map { growth in
            .string("\(growth.name): \(JSON.real(growth.slope.estimate).text()) MB in \(Finding.text(span(of: window))), "
                + "95 % interval \(JSON.real(growth.slope.low).text()) to \(JSON.real(growth.slope.high).text()), "
                + "peak +\(JSON.real(growth.peak).text()) MB")
        })
    }
}
