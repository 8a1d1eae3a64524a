// The judgement on what happens to a share of the packets, and on a limit of the rate: what `ping` saw, and what the
// agent's own probes made of it.

import Units

extension ProofChecks {
    func duplicates(_ share: Double) -> [String] {
        guard let pings = records.pings("duplicate") else { return ["duplicate: no pings"] }
        return seen("duplicate") + few("duplicate", pings.copies, of: pings.times.count, share...share)
    }

    /// One bit of a whole frame of 98 bytes is flipped. `ping` sees it in the 60 of the IP header, where the packet is
    /// lost, and of its own pattern; in its time stamp, a check sum or Ethernet's header it may not.
    func spoilt(_ share: Double) -> [String] {
        guard let pings = records.pings("corrupt") else { return ["corrupt: no pings"] }
        return seen("corrupt") + few("corrupt", pings.lost + pings.spoilt, of: pings.sent, share * 60 / 98...share)
    }

    /// All but the share are held.
    func overtakers(_ share: Double, held milliseconds: Double) -> [String] {
        guard let pings = records.pings("reorder") else { return ["reorder: no pings"] }
        let early = pings.times.filter { $0 < milliseconds / 2 }.count
        var findings = seen("reorder") + answered("reorder", "pings", pings)
        findings += few("reorder", early, of: pings.times.count, share...share)
        if !(abs(pings.median - baseline - milliseconds) <= ProofChecks.tolerance) {
            findings.append("reorder: expected those held at \(milliseconds) ms, found \(pings.median)")
        }
        return findings
    }

    /// An answer of 1,400 bytes, 1,442 on the wire, takes the time that its bits need.
    func rate(_ bitsPerSecond: Double) -> [String] {
        guard let pings = records.pings("rate") else { return ["rate: no pings"] }
        let expected = 1_442 * 8_000 / bitsPerSecond + baseline
        var findings = seen("rate") + answered("rate", "pings", pings)
        if !(abs(pings.median - expected) <= ProofChecks.tolerance) {
            findings.append("rate: expected \(expected) ± \(ProofChecks.tolerance) ms, found \(pings.median)")
        }
        return findings
    }

    var sharesHealed: [String] { untouched("shares", "kernel-after") + near("shares", "pings-after", 0) }

    private func seen(_ of: String) -> [String] { detoured(of) + proven(of, nil, listedIn: "shares") }

    private func few(_ of: String, _ hits: Int, of draws: Int, _ range: ClosedRange<Double>) -> [String] {
        let perMillion = Int64(range.lowerBound * 1e6)...Int64(range.upperBound * 1e6)
        return draws > 0 && Chance.explains(hits: hits, of: draws, perMillion: perMillion)
            ? [] : ["\(of): \(hits) of \(draws), expected a share of \(range)"]
    }
}
