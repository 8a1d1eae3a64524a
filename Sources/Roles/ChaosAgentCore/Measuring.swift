// What the probes say of each fault, when several lie over each other.
//
// Delays of one sender add up. So what one of them did is what a probe took, less what the others held it at the
// instant it left; probes that were under way when another one began or ended tell nothing.

import Messages
import Units

extension AgentCore {
    /// Probes that left this long before a fault began may have been caught by it.
    private static let underWay = Duration.milliseconds(20)

    /// The probes that were sent while it was in force and had time to come before it was lifted.
    /// - Parameter now: of a fault that lasts still, what has been measured until then.
    package func measured(
        _ life: FaultLife, until now: Instant? = nil
    ) -> [(sender: UInt32, statistics: ProbeStatistics)] {
        guard let span = span(of: life, until: now) else { return [] }
        return windows.keys.sorted().filter { concerns(life.request, $0) }.compactMap { sender in
            guard let window = windows[sender] else { return nil }
            let sent = window.sent(from: span.start, until: span.end)
            let others = others(than: life, from: sender)
            var statistics = ProbeStatistics(sent.compactMap { alone($0, others) })
            statistics.lost = ProbeStatistics(sent).lost
            return (sender, statistics)
        }
    }

    package func trains(
        _ life: FaultLife, from sender: UInt32, until now: Instant? = nil
    ) -> TrainStatistics {
        guard life.request.kind == .rate, let span = span(of: life, until: now) else { return TrainStatistics([]) }
        return TrainStatistics((trains[sender] ?? []).filter { $0.sent >= span.start && $0.sent < span.end })
    }

    /// What the others held a probe of this sender, all of them together.
    func heldByOthers(than life: FaultLife, from sender: UInt32) -> Duration {
        others(than: life, from: sender).filter { other in
            guard let began = life.applied, let ended = other.lifting?.at else { return true }
            return ended > began
        }.reduce(.zero) { $0 + $1.request.delay + $1.request.jitter / 2 }
    }

    func baseline(_ life: FaultLife, _ sender: UInt32) -> ProbeStatistics {
        guard let applied = life.applied else { return ProbeStatistics([]) }
        let until = applied - AgentCore.underWay
        let sent = windows[sender]?.sent(from: until - AgentCore.baseline, until: until) ?? []
        return ProbeStatistics(sent.compactMap { alone($0, others(than: life, from: sender)) })
    }

    /// - Parameter now: of a fault that lasts still, what is proven until then.
    package func proof(of life: FaultLife, until now: Instant? = nil) -> ForceProof {
        ForceProof(
            life,
            probes: measured(life, until: now).map { one in
                let jitter = others(than: life, from: one.sender).reduce(Duration.zero) { $0 + $1.request.jitter }
                return ForceProof.Probes(
                    one.sender, one.statistics, trains: trains(life, from: one.sender, until: now), otherJitter: jitter)
            }, isLasting: now != nil)
    }

    private func span(of life: FaultLife, until now: Instant? = nil) -> (start: Instant, end: Instant)? {
        guard let applied = life.applied, let lifting = life.lifting?.at ?? life.lifted ?? now else { return nil }
        let longest = life.request.from.map { reach(life, from: $0) }.max() ?? .zero
        return (applied, lifting - longest)
    }

    /// How long a probe may be under way while this fault and all that lie over it hold it.
    private func reach(_ life: FaultLife, from sender: UInt32) -> Duration {
        ([life] + others(than: life, from: sender)).reduce(.zero) { $0 + $1.request.delay + $1.request.jitter }
    }

    /// Other latencies of this sender that were in force in some part of the time around this one.
    private func others(than life: FaultLife, from sender: UInt32) -> [FaultLife] {
        guard let applied = life.applied else { return [] }
        let start = applied - AgentCore.baseline
        return lives.filter { other in
            guard other.request.id != life.request.id, other.request.kind == .latency, let began = other.applied,
                concerns(other.request, sender)
            else { return false }
            let ended = other.lifting?.at ?? Instant(nanoseconds: .max)
            return ended >= start && began <= life.lifting?.at ?? Instant(nanoseconds: .max)
        }
    }

    /// The probe as it would have come without these; `nil` when it left around a change of theirs.
    func alone(_ sample: ProbeSample, _ others: [FaultLife]) -> ProbeSample? {
        var held = Duration.zero
        let longest = others.reduce(Duration.zero) { $0 + $1.request.delay + $1.request.jitter }
        for other in others {
            guard let began = other.applied else { continue }
            if sample.sent >= began - AgentCore.underWay - longest, sample.sent < began { return nil }
            guard let lifting = other.lifting?.at else {
                if sample.sent >= began { held += other.request.delay + other.request.jitter / 2 }
                continue
            }
            let over = (other.lifted ?? lifting) + AgentCore.underWay
            if sample.sent >= lifting - longest - AgentCore.underWay, sample.sent < over { return nil }
            if sample.sent >= began, sample.sent < lifting { held += other.request.delay + other.request.jitter / 2 }
        }
        return ProbeSample(sequence: sample.sequence, sent: sample.sent, received: sample.received - held)
    }

    /// One observation for each probed sender.
    func measurements(_ life: FaultLife, at: Instant) -> [Directive] {
        measured(life).map { sender, statistics in
            let trains = trains(life, from: sender)
            return report(
                "fault_measured", at: at,
                [
                    .init("fault", .string(life.request.id)), .init("source", .string(dotted(sender))),
                    .init("n", .integer(Int64(statistics.count))),
                    .init("p50_ns", .integer(statistics.median.nanoseconds)),
                    .init("p99_ns", .integer(statistics.percentile99.nanoseconds)),
                    .init("min_ns", .integer(statistics.minimum.nanoseconds)),
                    .init("max_ns", .integer(statistics.maximum.nanoseconds)),
                    .init("lost", .integer(Int64(statistics.lost))),
                    .init("copies", .integer(Int64(statistics.copies))),
                    .init("overtook", .integer(Int64(statistics.overtook))),
                    .init("trains", .integer(Int64(trains.count))),
                    .init("bits_per_second", .integer(trains.medianBitsPerSecond)),
                    .init("held_by_others_ns", .integer(heldByOthers(than: life, from: sender).nanoseconds)),
                    .init("baseline_p50_ns", .integer(baseline(life, sender).median.nanoseconds)),
                ])
        }
    }
}
