import Messages
import Scenarios
import Units

extension Scene {
    /// From an intent's packet in to its first decision's packet out, at the governor's interface: an upper bound of
    /// the decision latency of any governor, from raw samples. What was never decided is infinitely late.
    func decisionLatency(_ limit: Figure) -> Finding {
        let samples = decisionSamples
        guard !samples.isEmpty else { return .unknown("no intent reached the governor") }
        let finding = Finding.percentile99(samples, below: limit, what: "decided")
        return finding.outcome == .fail ? unlessItWaited(finding, samples, limit) : finding
    }

    /// Late only because it was ready and had no processor: then the machine was measured, and nothing is known of the
    /// governor. Never a pass: what it would have done is not seen.
    private func unlessItWaited(_ finding: Finding, _ samples: [LatencySample], _ limit: Figure) -> Finding {
        let waits = ProcessorWaits(timeline)
        guard !waits.stretches.isEmpty else { return finding }
        let own = samples.map { sample -> LatencySample in
            guard sample.value.isFinite else { return sample }
            let waited = waits.waited(from: sample.at, to: sample.at + .nanoseconds(Int64(sample.value * 1e6)))
            return LatencySample(at: sample.at, value: max(0, sample.value - waited.milliseconds))
        }
        let without = Finding.percentile99(own, below: limit, what: "decided")
        guard without.outcome != .fail else { return finding }
        var open = finding
        open.outcome = .inconclusive
        open.reason = (finding.reason.map { "\($0); " } ?? "")
            + "the governor was ready and had no processor for \(JSON.real(waits.total.milliseconds).text()) ms in all, and "
            + "without that wait the P99 is \(without.observed.text()) ms: the machine was too busy"
        return open
    }

    /// Milliseconds, by the instant at which the intent arrived.
    var decisionSamples: [LatencySample] {
        let first = firstDecisions
        // What came in at the very end could still have been answered.
        let last = close - Scene.tail
        return timeline.arrived.rows.lazy.filter { $0.stamp.at < last }.map { intent in
            let answer = first[intent.intent].map { ($0 - intent.stamp.at).milliseconds }
            return LatencySample(at: intent.stamp.at, value: answer ?? .infinity)
        }
    }

    /// When each intent's first outcome left the governor.
    var firstDecisions: PerIntent<Instant> {
        var first = PerIntent<Instant>(timeline)
        for outgone in timeline.decided.rows where outgone.kind != .withdrawn && first[outgone.intent] == nil {
            first[outgone.intent] = outgone.stamp.at
        }
        return first
    }
}

extension Finding {
    /// The upper 95 % bound of the P99 against its limit, both in milliseconds.
    static func percentile99(_ samples: [LatencySample], below limit: Figure, what: String) -> Finding {
        guard let bound = QuantileBound.percentile99(samples) else {
            let reason = "\(samples.count) samples, of which some may be no numbers: "
                + "a bound needs \(QuantileBound.samplesMinimum)"
            return Finding(.inconclusive, count: samples.count, reason: reason)
        }
        let outcome = bound.outcome(below: limit.value)
        var finding = Finding(outcome, observed: .real(bound.estimate), count: samples.count)
        finding.interval = Interval(low: bound.low, high: bound.high, level: 95, method: bound.method)
        guard outcome != .pass else { return finding }
        let never = samples.count { $0.value == .infinity }
        func shown(_ value: Double) -> String { value.isFinite ? "\(JSON.real(value).text()) ms" : "never" }
        finding.reason = "P99 \(what) \(shown(bound.estimate)), 95 % interval \(shown(bound.low)) to "
            + "\(shown(bound.high)), required below \(limit) ms"
            + (never > 0 ? "; \(never) of \(samples.count) never" : "")
        return finding
    }
}
