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
        ] where stamp(type) == nil && !(type == "fault_effect_ended" && fault.isMomentary) { defects.append(word) }
        if let failed = last("fault_failed") { defects.append("failed: \(failed["reason"]?.string ?? "no reason given")") }
        let readbacks = events.filter { $0.type == "fault_readback" }
        if readbacks.isEmpty { defects.append("not read back from the kernel") }
        if readbacks.contains(where: { $0["equal"]?.bool != true }) { defects.append("read back differs from the request") }
        let hits = ["packets", "sockets"].compactMap { last("fault_counters")?[$0]?.integer }.max() ?? 0
        if hits <= 0 { defects.append("its counters show no hit") }
        if FaultDose.isMeasured(fault.kind) {
            let measured = events.filter { $0.type == "fault_measured" }
            if measured.isEmpty { defects.append("its dose was not measured") }
            defects += measured.compactMap { FaultDose.defect($0, fault) }
        }
        return defects
    }
}

struct FaultEvidence: Sendable {
    let fault: Fault
    let parts: [FaultPart]

    /// When a process that was restarted answered again.
    let ready: Stamp?

    /// `processes`: what the conductor recorded of them.
    init(_ fault: Fault, _ events: [Named], _ processes: [Named] = []) {
        self.fault = fault
        let began = events.first { $0["fault"]?.string == fault.id && $0.type == "fault_first_effect" }?.stamp
        ready = processes.first { event in
            event["name"]?.string == fault.process && event["event"]?.string == "ready"
                && began.map { event.stamp.at > $0.at } ?? false
        }?.stamp
        let own = events.filter { $0["fault"]?.string == fault.id }
        let nodes = Set(own.compactMap { $0["node"]?.string }).sorted()
        guard !nodes.isEmpty else {
            parts = own.isEmpty ? [] : [FaultPart(node: fault.to, events: own)]
            return
        }
        // With two ends, a record that names neither proves nothing for either.
        let only = nodes.count == 1 ? nodes[0] : nil
        parts = nodes.map { node in FaultPart(node: node, events: own.filter { ($0["node"]?.string ?? only) == node }) }
    }

    var isRequested: Bool { parts.contains { $0.stamp("fault_requested") != nil } }
    var firstEffect: Stamp? { parts.compactMap { $0.stamp("fault_first_effect") }.min { $0.at < $1.at } }
    var effectEnded: Stamp? {
        if fault.kind == .restart { return ready }
        if fault.kind == .dropSocket { return firstEffect }
        let ends = parts.compactMap { $0.last("fault_effect_ended")?.stamp }
        return ends.count == parts.count ? ends.max { $0.at < $1.at } : nil
    }
    var defects: [String] {
        if parts.isEmpty { return ["\(fault.id): no record of it"] }
        let never = fault.kind == .restart && ready == nil
        return parts.flatMap { part in part.defects(fault).map { "\(fault.id) at \(part.node): \($0)" } }
            + (never ? ["\(fault.id): \(fault.process ?? "the process") was never ready again"] : [])
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

    /// Ends the process of that name.
    func ends(_ process: String) -> Bool { [.kill, .restart].contains(fault.kind) && fault.process == process }

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
