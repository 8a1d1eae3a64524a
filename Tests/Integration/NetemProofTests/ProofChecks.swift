// The judgement on what was written down. Each claim gives its findings: what was expected, and what was found.
//
// `ping` is the witness that nobody here wrote: an echo leaves undelayed and its answer comes back through the fault.
// Our own probe flow, which the agent reports, must agree with it.

import Messages

struct ProofChecks {
    /// Milliseconds that a median may lie from its dose.
    static let tolerance = 2.0
    /// Standard errors that a median or a count may lie off: 3.3 is one run in a thousand that is red by chance.
    static let deviations = 3.3

    let records: ProofRecords

    /// The kernel ends a fault whose agent is dead, not a guardian: the way to netem is a rule with a time-out.
    var endsInKernel: Bool { records["proof", "end"]?.string == "kernel" }

    var baseline: Double { records.pings("before")?.median ?? .nan }

    /// The script got to its end, and what was untouched before is untouched after.
    var whole: [String] {
        var findings: [String] = []
        if records["proof", "complete"]?.bool != true { findings.append("the proof did not get to its end") }
        if !(baseline < 5) { findings.append("expected a median below 5 ms without a fault, found \(baseline)") }
        return findings + untouched("before", "kernel") + untouched("end", "kernel")
    }

    /// The asked-for delay, in milliseconds, was there and went away.
    func dose(_ of: String, _ milliseconds: Double) -> [String] {
        near(of, "pings", milliseconds) + proven(of, milliseconds) + detoured(of) + healed(of)
    }

    /// A sender that was not named comes as fast as ever.
    var bystander: [String] { near("latency-100", "bystander", 0) }

    /// Uniform from the delay upwards.
    func jitter(from low: Double, by width: Double) -> [String] {
        guard let pings = records.pings("jitter"), !pings.times.isEmpty else { return ["jitter: no pings"] }
        let count = Double(pings.times.count)
        var findings = answered("jitter", "pings", pings)
        // The standard error of a uniform's quantile q is width × √(q(1 − q) / n).
        for share in [0.1, 0.5, 0.9] {
            let expected = low + width * share + baseline
            let error = width * (share * (1 - share) / count).squareRoot() * ProofChecks.deviations
            if !(abs(pings.quantile(share) - expected) <= ProofChecks.tolerance + error) {
                findings.append(
                    "jitter: expected the quantile \(share) at \(expected) ± \(ProofChecks.tolerance + error) ms, "
                        + "found \(pings.quantile(share))")
            }
        }
        if let first = pings.times.first, first < low - 1 { findings.append("jitter: \(first) ms is below the delay") }
        return findings + detoured("jitter")
    }

    /// As many lost as chance allows.
    func loss(_ share: Double) -> [String] {
        guard let pings = records.pings("loss") else { return ["loss: no pings"] }
        let expected = Double(pings.sent) * share
        let error = (expected * (1 - share)).squareRoot() * ProofChecks.deviations
        var findings = proven("loss", nil) + detoured("loss") + near("loss", "pings-after", 0)
        if !(abs(Double(pings.lost) - expected) <= error) {
            findings.append("loss: expected \(expected) ± \(error) lost of \(pings.sent), found \(pings.lost)")
        }
        return findings
    }

    /// Delays of one sender add up while both last.
    var overlap: [String] {
        near("overlap", "pings", 160) + near("overlap", "pings-after-second", 100)
            + untouched("overlap", "kernel-after")
    }

    /// `kill -9` of the agent: its guardian heals at once; or the fault of 12 s goes on, and the kernel ends it.
    var killed: [String] {
        let still = endsInKernel ? near("killed", "pings", 250) : []
        return detoured("killed") + still + gone("killed", endsInKernel ? 12_000...15_000 : 0...1_500) + healed("killed")
    }

    /// An agent that stands still: its guardian heals when the time is over, and the agent takes new faults after.
    var stopped: [String] {
        var findings = gone("stopped", 1_000...4_000) + untouched("stopped", "kernel-after")
        let state = records.fault("stopped", listedIn: "stopped")?["state"]?.string
        if state != "healed" { findings.append("stopped: expected the fault healed, found \(state ?? "nothing")") }
        return findings
    }

    /// Agent and guardian killed: it lasts, and `heal --ledger` ends it.
    var orphaned: [String] {
        var findings = near("orphaned", "pings", 250) + healed("orphaned")
        if records["orphaned", "healed"]?.string?.contains("removed gnt") != true {
            findings.append(
                "orphaned: expected the device removed, found \(records["orphaned", "healed"]?.text() ?? "nothing")")
        }
        return findings
    }

    /// An ingress qdisc that somebody else made is refused and left alone.
    var foreign: [String] {
        var findings: [String] = []
        if records["foreign", "inject-status"]?.integer != 70 {
            findings.append(
                "foreign: expected a refusal with 70, found \(records["foreign", "inject-status"]?.text() ?? "nothing")"
            )
        }
        if let state = records.kernel("foreign"), state.netem != 0 || !state.devices.isEmpty || state.rules != 0 {
            findings.append("foreign: expected nothing of ours, found \(state.text)")
        }
        for left in ["left"] + (endsInKernel ? ["ingress-left"] : []) where records["foreign", left]?.integer != 1 {
            findings.append("foreign: what somebody else made is gone")
        }
        if records["foreign", "inject-status-afterwards"]?.integer != 0 {
            findings.append("foreign: a delay was refused although the foreign qdisc was gone")
        }
        return findings
    }

    /// nf_tables' own queue: a program of ours holds the packets, and in an emulated guest it is milliseconds late.
    var queued: [String] {
        var findings = near("queue", "bystander", 0) + near("queue", "pings-after", 0) + near("queue", "pings-after-kill", 0)
        if records["queue", "rules"]?.integer != 1 {
            findings.append("queue: expected one rule that queues, found \(records["queue", "rules"]?.text() ?? "nothing")")
        }
        if records["queue", "tables"]?.integer != 0 { findings.append("queue: its table is still there after the heal") }
        let held = (records.pings("queue")?.median ?? .nan) - baseline
        if !(100...100 + 4 * ProofChecks.tolerance).contains(held) {
            findings.append("queue: expected 100 ms and at most \(4 * ProofChecks.tolerance) more, found \(held)")
        }
        let fault = records.fault("queue", listedIn: "queue")
        if fault?["backend"]?.string != "nft-queue" || fault?["readback_equal"]?.bool != true {
            findings.append("queue: expected it read back by nft-queue, found \(fault?.text() ?? "nothing")")
        }
        return findings
    }

    // MARK: parts

    func near(_ of: String, _ what: String, _ dose: Double) -> [String] {
        guard let pings = records.pings(of, what) else { return ["\(of): no \(what)"] }
        var findings = answered(of, what, pings)
        if !(abs(pings.median - baseline - dose) <= ProofChecks.tolerance) {
            findings.append(
                "\(of): expected \(what) at \(dose + baseline) ± \(ProofChecks.tolerance) ms, found \(pings.median)")
        }
        return findings
    }

    func answered(_ of: String, _ what: String, _ pings: Pings) -> [String] {
        pings.lost * 50 <= pings.sent ? [] : ["\(of): \(pings.lost) of \(pings.sent) \(what) were lost"]
    }

    /// The agent says so too, from its own probes.
    func proven(_ id: String, _ milliseconds: Double?, listedIn list: String = "agent") -> [String] {
        guard let fault = records.fault(id, listedIn: list) else { return ["\(id): the agent does not list it"] }
        var findings: [String] = []
        if fault["in_force"]?.string != "proven" || fault["backend"]?.string != "netem"
            || fault["readback_equal"]?.bool != true
        {
            findings.append("\(id): expected it read back and proven by netem, found \(fault.text())")
        }
        guard let milliseconds else { return findings }
        let median = fault["measured"]?.array?.first?["p50_ns"]?.double.map { $0 / 1e6 } ?? .nan
        if !(abs(median - milliseconds) <= ProofChecks.tolerance) {
            findings.append(
                "\(id): expected the probes at \(milliseconds) ± \(ProofChecks.tolerance) ms, found \(median)")
        }
        return findings
    }

    func detoured(_ of: String) -> [String] {
        guard let state = records.kernel(of) else { return ["\(of): no look at the kernel"] }
        return state.isDetoured(byRule: endsInKernel)
            ? [] : ["\(of): expected one device, one netem, one way to it, found \(state.text)"]
    }

    func untouched(_ of: String, _ what: String) -> [String] {
        guard let state = records.kernel(of, what) else { return ["\(of): no look at the kernel"] }
        return state.isUntouched ? [] : ["\(of): expected noqueue and nothing else, found \(state.text)"]
    }

    private func healed(_ of: String) -> [String] { untouched(of, "kernel-after") + near(of, "pings-after", 0) }

    private func gone(_ of: String, _ range: ClosedRange<Int64>) -> [String] {
        let found = records[of, "gone-after-ms"]?.integer
        return found.map(range.contains) == true
            ? [] : ["\(of): expected it gone after \(range) ms, found \(found.map(String.init) ?? "nothing")"]
    }
}
