import Messages
import Scenarios
import Units

extension Scene {
    /// From a tick's due time to the last byte of the first scrape whose watermark covers it: open loop at both ends.
    func pipelineLatency(_ limit: Figure) -> Finding {
        guard let window = driving else { return .unknown("the drill never came to the phase drive") }
        let samples = pipelineSamples(in: window)
        guard !samples.isEmpty else { return .unknown("no tick was due in the phase drive") }
        guard timeline.watermarks.contains(where: { $0.watermark != nil }) else {
            return .unknown("no watermark was ever scraped")
        }
        return .percentile99(samples, below: limit, what: "visible")
    }

    /// Milliseconds, by due time. What was never seen is infinite.
    func pipelineSamples(in window: Range<Instant>) -> [LatencySample] {
        var place = timeline.watermarks.startIndex
        var samples: [LatencySample] = []
        samples.reserveCapacity(timeline.ticks.count)
        for tick in timeline.ticks where window.contains(tick.due) {
            // Ticks ascend, and a watermark once shown stays shown: the first scrape only moves on.
            while place < timeline.watermarks.endIndex, (timeline.watermarks[place].watermark ?? -1) < tick.number {
                place += 1
            }
            let seen = place < timeline.watermarks.endIndex ? timeline.watermarks[place].stamp.at : nil
            samples.append(
                LatencySample(at: tick.due, value: seen.map { ($0 - tick.due).milliseconds } ?? .infinity))
        }
        return samples
    }

    /// How late the load was sent, at the 99.9th percentile. Never a failure of the governor: a late load is no load, and
    /// a rig that asks late measures itself.
    func generatorLateness(_ limit: Duration) -> Finding {
        guard let window = driving else { return .unknown("the drill never came to the phase drive") }
        // In nanoseconds: a duration has twice the width, and a flood has half a million of them.
        var late: [Int64] = []
        late.reserveCapacity(timeline.ticks.count)
        for tick in timeline.ticks where window.contains(tick.due) {
            late.append(tick.sent.nanoseconds - tick.due.nanoseconds)
        }
        late.sort()
        guard let latest = late.last else { return .unknown("nothing was due in the phase drive") }
        let observed = Duration.nanoseconds(late[min(late.count - 1, (late.count * 999 + 999) / 1_000 - 1)])
        var reasons: [String] = []
        if observed > limit {
            reasons.append(
                "the load was late: P99.9 \(Finding.text(observed)) of \(late.count) ticks, allowed \(Finding.text(limit)), "
                    + "at worst \(Finding.text(.nanoseconds(latest)))")
        }
        let asked = timeline.watermarks.lazy.filter { window.contains($0.stamp.at) }.map(\.lateness).sorted()
        if let slow = asked.isEmpty ? nil : asked[(asked.count * 99 + 99) / 100 - 1], slow > Scene.scrapeInterval {
            reasons.append(
                "the rig asked late: P99 \(Finding.text(slow)) of \(asked.count) scrapes, "
                    + "allowed \(Finding.text(Scene.scrapeInterval))")
        }
        // An explanation, not an excuse: what was late stays late.
        if !reasons.isEmpty, let stillness = stillness(in: window) { reasons.append(stillness) }
        return Finding(
            reasons.isEmpty ? .pass : .inconclusive, observed: .real(observed.seconds), count: late.count,
            reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "))
    }

    /// Part of the gate of pipeline latency: asked later than this, a scrape is another one's.
    static let scrapeInterval = Duration.milliseconds(5)

    /// For the premise: by the scenario's own gate, or a millisecond.
    func latenessAsPremise() -> Finding {
        if case .duration(let limit)? = evidence.scenario.gate(.generatorLateness)?.threshold {
            return generatorLateness(limit)
        }
        return generatorLateness(.milliseconds(1))
    }

    // MARK: Redis

    /// Nothing waits in an output buffer from one look to the next, and nothing at the last one, when the load is over.
    func redisBacklog() -> Finding {
        let looks = timeline.backlogs
        guard let last = looks.last else { return .unknown("nobody looked at Redis' output buffers") }
        guard let lastIntent = timeline.lastIntent?.sent else {
            return .unknown("no intent was offered")
        }
        guard looks.contains(where: { $0.stamp.at >= lastIntent + Scene.drain }) else {
            return .unknown("nobody looked at Redis' output buffers 1 s after the load")
        }
        var since: [String: Instant] = [:]
        var violations: [Violation] = []
        var unsure: [Violation] = []
        var largest: Int64 = 0
        let waits = ProcessorWaits(timeline)
        for look in looks where look.stamp.at < close || look.stamp == last.stamp {
            since = since.filter { name, _ in look.waiting.contains { $0.client == name } }
            for waiting in look.waiting {
                let begun = since[waiting.client] ?? look.stamp.at
                since[waiting.client] = begun
                let age = look.stamp.at - begun
                // What is published at this moment waits for it, unless it is still there when somebody looks again.
                let isLeft = look.stamp == last.stamp && look.stamp.at >= lastIntent + Scene.drain
                guard age > Scene.backlogAge || isLeft else { continue }
                let text = "\(waiting.client): \(waiting.items) replies, \(waiting.bytes) bytes, for \(Finding.text(age))"
                let violation = Violation(text: text, record: look.stamp.record)
                // A governor that had no processor meanwhile could not read.
                let isItsOwn = age - waits.waited(from: begun, to: look.stamp.at) > Scene.backlogAge
                if waiting.isGovernors, isItsOwn {
                    largest = max(largest, waiting.items)
                    violations.append(violation)
                } else {
                    unsure.append(violation)
                }
            }
        }
        var finding = Finding.never(violations, unsure: unsure, of: looks.count)
        finding.observed = .integer(largest)
        return finding
    }

    static let drain = Duration.seconds(1)
    static let backlogAge = Duration.milliseconds(10)
}
