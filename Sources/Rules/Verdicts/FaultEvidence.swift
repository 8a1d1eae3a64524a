// What is known about each fault of the scenario: asked for, in force, over, and whether the dose was right.

import Messages
import Scenarios
import Units

/// One fault at one node's ingress: a two-way fault has two of them or more.
struct FaultPart: Sendable {
    let node: String
    var events: [Named]

    func stamp(_ type: String) -> Stamp? { events.first { $0.type == type }?.stamp }
    func last(_ type: String) -> Named? { events.last { $0.type == type } }

    /// Why it isn't proven; empty when it is.
    func defects(_ fault: Fault) -> [String] {
        var defects: [String] = []
        for (type, word) in [
            ("fault_requested", "never requested"), ("fault_acknowledged", "never acknowledged"),
            ("fault_first_effect", "no first effect seen"), ("fault_effect_ended", "no end of effect seen"),
        ] where stamp(type) == nil { defects.append(word) }
        if let failed = last("fault_failed") { defects.append("failed: \(failed["reason"]?.string ?? "no reason given")") }
        let readbacks = events.filter { $0.type == "fault_readback" }
        if readbacks.isEmpty { defects.append("not read back from the kernel") }
        if readbacks.contains(where: { $0["equal"]?.bool != true }) { defects.append("read back differs from the request") }
        let hits = ["packets", "sockets"].compactMap { last("fault_counters")?[$0]?.integer }.max() ?? 0
        if hits <= 0 { defects.append("its counters show no hit") }
        // Jitter is uniform from the delay upwards, so the median lies half of it above.
        if let delay = fault.delay { defects += doseDefects(delay + (fault.jitter ?? .zero) / 2) }
        return defects
    }

    private func doseDefects(_ delay: Duration) -> [String] {
        let measured = events.filter { $0.type == "fault_measured" }
        guard !measured.isEmpty else { return ["its dose was not measured"] }
        return measured.compactMap { probe in
            let source = probe["source_"]?.string ?? "?"
            guard let p50 = probe["p50_ns"]?.integer, let count = probe["n"]?.integer, count > 0 else {
                return "no probe of \(source) was answered"
            }
            let dose = Duration.nanoseconds(p50 - (probe["baseline_p50_ns"]?.integer ?? 0))
            guard (dose - delay).nanoseconds.magnitude <= FaultEvidence.doseTolerance.nanoseconds.magnitude else {
                return "dose from \(source) \(Finding.text(dose)), asked for \(delay.written) ± 2 ms"
            }
            return nil
        }
    }
}

struct FaultEvidence: Sendable {
    static let doseTolerance = Duration.milliseconds(2)

    let fault: Fault
    let parts: [FaultPart]

    init(_ fault: Fault, _ events: [Named]) {
        self.fault = fault
        let own = events.filter { $0["fault"]?.string == fault.id }
        let nodes = Set(own.compactMap { $0["node"]?.string }).sorted()
        guard !nodes.isEmpty else {
            parts = own.isEmpty ? [] : [FaultPart(node: fault.to, events: own)]
            return
        }
        parts = nodes.map { node in FaultPart(node: node, events: own.filter { $0["node"]?.string ?? node == node }) }
    }

    var isRequested: Bool { parts.contains { $0.stamp("fault_requested") != nil } }
    var firstEffect: Stamp? { parts.compactMap { $0.stamp("fault_first_effect") }.min { $0.at < $1.at } }
    var effectEnded: Stamp? {
        let ends = parts.compactMap { $0.last("fault_effect_ended")?.stamp }
        return ends.count == parts.count ? ends.max { $0.at < $1.at } : nil
    }
    var defects: [String] {
        if parts.isEmpty { return ["\(fault.id): no record of it"] }
        return parts.flatMap { part in part.defects(fault).map { "\(fault.id) at \(part.node): \($0)" } }
    }
    var isProven: Bool { defects.isEmpty }

    /// Only slower, below what may raise the critical pause.
    var isPureLatency: Bool { fault.kind == .latency && (fault.delay ?? .zero) < Duration.milliseconds(400) }

    /// Cuts the governor off from `node`: nothing of it can be read while it lasts.
    func cuts(_ node: String) -> Bool {
        guard [.partition, .halfOpen, .linkDown].contains(fault.kind) else { return false }
        let sources: [String] =
            switch fault.from {
            case .everyone: ["governor", node]
            case .nodes(let names): names
            }
        let ends = Set(sources + [fault.to])
        return fault.kind == .linkDown ? [node, "governor"].contains(fault.to) : ends.isSuperset(of: ["governor", node])
    }

    func covers(_ instant: Instant, padding: Duration = .zero) -> Bool {
        guard let firstEffect, instant >= firstEffect.at - padding else { return false }
        return effectEnded.map { instant < $0.at + padding } ?? true
    }
}

/// Faults whose effects overlap: the governor answers to all of them at once.
struct Episode: Sendable {
    var faults: [FaultEvidence]
    /// First effect of the earliest: t0.
    var start: Stamp
    /// `nil` when the end of some effect wasn't seen.
    var end: Stamp?

    static func all(_ faults: [FaultEvidence]) -> [Episode] {
        let seen = faults.compactMap { fault in fault.firstEffect.map { (fault, $0) } }.sorted { $0.1.at < $1.1.at }
        var episodes: [Episode] = []
        for (fault, start) in seen {
            if let last = episodes.indices.last, episodes[last].end.map({ start.at <= $0.at }) ?? true {
                episodes[last].faults.append(fault)
                let ends = [episodes[last].end, fault.effectEnded]
                episodes[last].end = ends.contains { $0 == nil } ? nil : ends.compactMap { $0 }.max { $0.at < $1.at }
            } else {
                episodes.append(Episode(faults: [fault], start: start, end: fault.effectEnded))
            }
        }
        return episodes
    }
}
