// Whether the probes of one sender met the dose that the scenario asked for.

import Messages
import Scenarios
import Units

enum FaultDose {
    static let tolerance = Duration.milliseconds(2)

    static func isMeasured(_ kind: FaultKind) -> Bool {
        [.latency, .duplicate, .corrupt, .reorder, .rate].contains(kind)
    }

    /// `probe` is one `fault_measured`: what the probes from one sender took, less what other faults held them.
    static func defect(_ probe: Named, _ fault: Fault) -> String? {
        let source = probe["source_"]?.string ?? "?"
        guard let count = probe["n"]?.integer, count > 0 else { return "no probe of \(source) was answered" }
        func number(_ key: String) -> Int { Int(probe[key]?.integer ?? 0) }
        let share = Int64(fault.percent ?? 0) * 10_000
        func few(_ hits: Int, of draws: Int, _ range: ClosedRange<Int64>, _ word: String) -> String? {
            Chance.explains(hits: hits, of: draws, perMillion: range)
                ? nil : "\(hits) of \(draws) probes from \(source) \(word), asked for \(fault.percent ?? 0) %"
        }
        switch fault.kind {
        case .latency: return delayDefect(probe, fault, source)
        case .duplicate: return few(number("copies"), of: Int(count) - number("copies"), share...share, "came twice")
        case .corrupt:
            // A bit of the Ethernet header, 14 bytes of a probe's 66, does nothing any more.
            let sent = Int(count) - number("copies") + number("lost")
            return few(number("lost"), of: sent, share * 78 / 100...share, "were spoilt")
        case .reorder:
            // At least two probes are held beside each other; one that overtook counts unless both did so as well.
            let unseen = share * share / 1_000_000 * share / 1_000_000
            return few(number("overtook"), of: Int(count), share - unseen...share, "overtook")
        case .rate:
            let (found, wanted) = (Int64(number("bits_per_second")), fault.bitsPerSecond ?? 0)
            guard number("trains") > 0 else { return "no train of probes from \(source) came" }
            // Other traffic shares the way, so a train may be slower; a late look at it makes it a little faster.
            return found * 10 <= wanted * 11 && found * 10 >= wanted * 7
                ? nil : "trains from \(source) at \(found) bits a second, asked for \(wanted)"
        default: return nil
        }
    }

    private static func delayDefect(_ probe: Named, _ fault: Fault, _ source: String) -> String? {
        guard let p50 = probe["p50_ns"]?.integer, let count = probe["n"]?.integer, let delay = fault.delay else {
            return "no probe of \(source) was answered"
        }
        // Jitter is uniform from the delay upwards: the median lies half of it above, and that of n probes strays by
        // jitter / (2 √n).
        let jitter = fault.jitter ?? .zero
        let stray = jitter * (Chance.deviations / (2 * Double(count).squareRoot()))
        let expected = delay + jitter / 2
        let dose = Duration.nanoseconds(p50 - (probe["baseline_p50_ns"]?.integer ?? 0))
        let allowed = tolerance + .nanoseconds(stray.nanoseconds)
        guard (dose - expected).nanoseconds.magnitude <= allowed.nanoseconds.magnitude else {
            return "dose from \(source) \(Finding.text(dose)), asked for \(expected.written) ± \(Finding.text(allowed))"
        }
        return nil
    }
}
