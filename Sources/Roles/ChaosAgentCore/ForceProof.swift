// Whether a fault was in force, and if not, everything that is missing.

import Units

package struct ForceProof: Hashable, Sendable {
    /// What the probe flow from one sender says.
    package struct Probes: Hashable, Sendable {
        package let sender: UInt32
        /// Less what other faults held.
        package let statistics: ProbeStatistics
        package let trains: TrainStatistics
        /// Of other latencies that lay over this one: it makes the median stray.
        package let otherJitter: Duration

        package init(
            _ sender: UInt32, _ statistics: ProbeStatistics, trains: TrainStatistics = TrainStatistics([]),
            otherJitter: Duration = .zero
        ) {
            self.sender = sender
            self.statistics = statistics
            self.trains = trains
            self.otherJitter = otherJitter
        }
    }

    /// How far the median of the probes may lie from the dose.
    package static let tolerance = Duration.milliseconds(2)
    /// A flipped bit in the Ethernet header, which has been read already, does nothing: 14 bytes of a probe's 66.
    package static let harmfulPercent: Int64 = 78

    package let missing: [String]
    package var isProven: Bool { missing.isEmpty }

    /// - Parameter isLasting: it need not be over yet.
    package init(_ fault: FaultLife, probes: [Probes], isLasting: Bool = false) {
        var missing: [String] = []
        if let failure = fault.failure { missing.append("it failed: \(failure)") }
        if fault.counters.hits == 0 { missing.append("no packet and no socket was hit") }
        if fault.readbackEqual != true { missing.append("the kernel's state was not read back as asked for") }
        if fault.firstEffect == nil { missing.append("its start was not seen") }
        if fault.effectEnded == nil, !fault.request.kind.isMomentary, !isLasting { missing.append("its end was not seen") }
        if fault.request.kind.isDosed, fault.request.kind != .loss {
            let measured = probes.filter { fault.request.kind == .rate ? $0.trains.count > 0 : $0.statistics.count > 0 }
            if measured.isEmpty { missing.append("no probe measured the dose") }
            missing += measured.compactMap { ForceProof.defect($0, fault.request) }
        }
        self.missing = missing
    }

    private static func defect(_ probes: Probes, _ request: FaultRequest) -> String? {
        let statistics = probes.statistics
        let sender = dotted(probes.sender)
        let share = Int64(request.sharePerMillion)
        func few(_ hits: Int, of draws: Int, _ range: ClosedRange<Int64>, _ word: String) -> String? {
            Chance.explains(hits: hits, of: draws, perMillion: range)
                ? nil : "\(hits) of \(draws) probes from \(sender) \(word), not \(share) in a million"
        }
        switch request.kind {
        case .latency:
            return delayDefect(probes, request)
        case .duplicate:
            return few(statistics.copies, of: statistics.count - statistics.copies, share...share, "came twice")
        case .corrupt:
            return few(statistics.lost, of: statistics.sent, share * harmfulPercent / 100...share, "were spoilt")
        case .reorder:
            // Two probes at least are held beside each other; an overtaker counts unless both overtook as well.
            let unseen = share * share / 1_000_000 * share / 1_000_000
            return few(statistics.overtook, of: statistics.count, share - unseen...share, "overtook")
        case .rate:
            let found = probes.trains.medianBitsPerSecond
            return TrainStatistics.isNear(found, to: request.bitsPerSecond)
                ? nil : "trains from \(sender) come at \(found) bits a second, not at \(request.bitsPerSecond)"
        default:
            return nil
        }
    }

    private static func delayDefect(_ probes: Probes, _ request: FaultRequest) -> String? {
        // Jitter is uniform from zero, so it moves the median by half of itself; and a median of n such delays strays by
        // jitter / (2 √n).
        let expected = request.delay + request.jitter / 2
        let random = request.jitter + probes.otherJitter
        let stray = random * (Chance.deviations / (2 * Double(probes.statistics.count).squareRoot()))
        let allowed = tolerance + .nanoseconds(stray.nanoseconds)
        let median = probes.statistics.median
        guard median - expected > allowed || expected - median > allowed else { return nil }
        return "the median delay from \(dotted(probes.sender)) is \(median.written), "
            + "not \(expected.written) ± \(allowed.written)"
    }
}
