// A dashboard that shows nothing wrong because it shows nothing: every series of the contract must be there in every
// scrape, be a number, and move where life moves it. A gauge that stands at a good value is worse than none.

import Messages
import Scenarios
import Units

extension Scene {
    private static let prefix = "risk_governor_"
    /// Name, or the beginning of a name with labels.
    private static let required = [
        "decision_latency_seconds_count", "decision_latency_seconds_sum", "pipeline_latency_seconds_count",
        "pipeline_latency_seconds_sum", "redis_roundtrip_seconds_count", "redis_roundtrip_seconds_sum",
        "decisions_total{", "recovery_time_seconds", "feed_latency_seconds", "last_tick_timestamp_seconds",
        "position_shares{", "state{", "tick_watermark", "build_info",
    ].map { prefix + $0 } + ["process_resident_memory_bytes"]
    /// Under load these change all the time.
    private static let moving = [
        "decision_latency_seconds_count", "pipeline_latency_seconds_count", "redis_roundtrip_seconds_count",
        "feed_latency_seconds", "last_tick_timestamp_seconds", "tick_watermark",
    ].map { prefix + $0 }
    static let stillMaximum = Duration.seconds(5)
    static let tickAgeMaximum = Duration.seconds(2)

    func metricsPresent() -> Finding {
        guard let window = driving else { return .unknown("the drill never came to the phase drive") }
        let whole = timeline.scrapes.filter { window.contains($0.stamp.at) && !$0.fields.isEmpty }
        guard !whole.isEmpty else {
            return Finding(
                .fail, observed: false, reason: "not one whole page of /metrics in the phase drive",
                records: timeline.scrapes.prefix(1).map(\.stamp.record))
        }
        var violations: [Violation] = []
        for scrape in whole { violations += absent(scrape) + aged(scrape) }
        violations += still(whole) + refused(in: window)
        var finding = Finding.never(Scene.once(violations), of: whole.count)
        finding.observed = .bool(violations.isEmpty)
        return finding
    }

    private func absent(_ scrape: ScrapeSeen) -> [Violation] {
        Scene.required.compactMap { name in
            let found = scrape.fields.filter { name.hasSuffix("{") ? $0.key.hasPrefix(name) : Scene.named($0.key, name) }
            let what =
                found.isEmpty ? "missing" : found.contains { $0.value.double == nil } ? "not a number" : nil
            return what.map { Violation(text: "\(name.replacing("{", with: "")): \($0)", record: scrape.stamp.record) }
        }
    }

    /// Labels are none of the guard's business, except where a series has to have one.
    private static func named(_ key: String, _ name: String) -> Bool { key == name || key.hasPrefix(name + "{") }

    private func aged(_ scrape: ScrapeSeen) -> [Violation] {
        let name = Scene.prefix + "last_tick_timestamp_seconds"
        guard let last = scrape.fields.first(where: { $0.key == name })?.value.double,
            let wall = wallClock(at: scrape.stamp.at)
        else { return [] }
        let age = wall - last
        guard abs(age) > Scene.tickAgeMaximum.seconds else { return [] }
        return [Violation(text: "\(name): the last tick was old", record: scrape.stamp.record)]
    }

    /// Seconds since 1970, by the nearest clock sample before.
    private func wallClock(at instant: Instant) -> Double? {
        var (low, high) = (0, timeline.clock.count)
        while low < high {
            let middle = (low + high) / 2
            if timeline.clock[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        guard let sample = low > 0 ? timeline.clock[low - 1] : timeline.clock.first else { return nil }
        return Double(sample.wall) / 1e9 + (instant - sample.at).seconds
    }

    private func still(_ whole: [ScrapeSeen]) -> [Violation] {
        Scene.moving.compactMap { name in
            var since: (value: Double, at: Instant)?
            for scrape in whole {
                guard let value = scrape.fields.first(where: { $0.key == name })?.value.double else { continue }
                guard let before = since, before.value == value else {
                    since = (value, scrape.stamp.at)
                    continue
                }
                if scrape.stamp.at - before.at >= Scene.stillMaximum {
                    return Violation(text: "\(name): did not move for 5 s under load", record: scrape.stamp.record)
                }
            }
            return nil
        }
    }

    private func refused(in window: Range<Instant>) -> [Violation] {
        timeline.watermarks.filter { window.contains($0.stamp.at) && !$0.isAnswered }.map {
            Violation(text: "a scrape was not answered", record: $0.stamp.record)
        }
    }

    /// The first of each text: a series that is missing is missing in every scrape.
    private static func once(_ violations: [Violation]) -> [Violation] {
        var seen: Set<String> = []
        return violations.filter { seen.insert($0.text).inserted }
    }
}
