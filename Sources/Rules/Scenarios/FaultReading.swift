import Units
import Yams

extension ScenarioReading {
    static let faultKeys = [
        "id", "kind", "from", "to", "delay", "jitter", "percent", "bits_per_second", "port", "mode", "direction",
        "process", "duration", "at", "after",
    ]

    /// The keys that a kind needs, and those that it allows besides.
    private func keys(of kind: FaultKind) -> (needs: [String], allows: [String]) {
        switch kind {
        case .latency: (["from", "delay"], ["jitter", "direction"])
        case .loss, .duplicate, .corrupt: (["from", "percent"], ["direction"])
        case .reorder: (["from", "percent", "delay"], ["direction"])
        case .rate: (["from", "bits_per_second"], ["direction"])
        case .dropSocket: (["from", "port"], [])
        case .disconnect: (["port"], ["from", "mode"])
        case .partition: (["from"], ["direction"])
        case .halfOpen: (["port"], ["from"])
        case .linkDown: ([], [])
        case .kill, .pause, .restart: (["process"], [])
        }
    }

    func faults(_ root: Section) -> [Fault]? {
        guard let rows = root.list("faults", emptyAllowed: true) else { return nil }
        var seen: Set<String> = []
        let faults = rows.map { row -> Fault? in
            guard let section = document.section(row, of: "fault", keys: ScenarioReading.faultKeys) else { return nil }
            let id = section.text("id")
            if let id, !seen.insert(id).inserted { section.note("id", "each id once, found '\(id)' again") }
            return fault(section, id: id)
        }
        return complete(faults)
    }

    private func fault(_ section: Section, id: String?) -> Fault? {
        let kind: FaultKind? = section.choice("kind", "fault kind")
        if let kind { checkKeys(section, kind) }
        let to = section.text("to").flatMap { node($0, section.line(of: "to")) }
        let from = peers(section)
        if let to, case .nodes(let names)? = from, names.contains(to) {
            section.note("from", "from: a node's own address is never faulted, found '\(to)' in both 'from' and 'to'")
        }
        let least = kind == .reorder ? Fault.reorderDelayMinimum : .milliseconds(1)
        let delay = optional(section, "delay") { $0.duration($1, from: least, to: .seconds(10)) }
        let jitter = optional(section, "jitter") { $0.duration($1, to: .seconds(10)) }
        if let delay, let jitter, jitter > delay {
            section.note("jitter", "jitter: expected at most the delay (\(delay.written)), found \(jitter.written)")
        }
        let percent = optional(section, "percent") { $0.whole($1, in: 1...100) }
        let bits = optional(section, "bits_per_second") { $0.whole($1, in: Fault.bitRates) }
        let port = optional(section, "port") { $0.whole($1, in: 1...65_535) }
        let mode: DisconnectMode? = optional(section, "mode") { $0.choice($1, "disconnect mode") }
        let direction: FaultDirection? = section.choice("direction", "direction", default: .oneWay)
        let process = optional(section, "process") { $0.text($1) }
        if kind == .restart, let process, !Fault.restartable.contains(process) {
            section.note(
                "process",
                "process: expected \(Fault.restartable.joined(separator: " or ")) for restart, found '\(process)'. "
                    + suggestion(for: process, among: Fault.restartable))
        }
        let duration = section.duration("duration", from: .milliseconds(100), to: Fault.durationMaximum)
        let start = start(section)
        guard let id, let kind, let from, let to, let direction, let duration, let start else { return nil }
        return Fault(
            id: id, kind: kind, from: from, to: to, delay: delay, jitter: jitter, percent: percent.map { Int($0) },
            bitsPerSecond: bits, port: port.map { UInt16($0) }, mode: kind == .disconnect ? mode ?? .silent : mode,
            direction: direction, process: process, duration: duration, start: start)
    }

    private func checkKeys(_ section: Section, _ kind: FaultKind) {
        let rule = keys(of: kind)
        for key in rule.needs { _ = section.required(key) }
        let legal = rule.needs + rule.allows + ["id", "kind", "to", "duration", "at", "after"]
        for key in ScenarioReading.faultKeys where section.has(key) && !legal.contains(key) {
            let own = rule.needs + rule.allows
            section.note(
                key,
                "'\(key)' has no meaning for \(kind.rawValue). "
                    + "Its own keys: \(own.isEmpty ? "none" : own.joined(separator: ", "))."
            )
        }
    }

    private func optional<Value>(_ section: Section, _ key: String, _ read: (Section, String) -> Value?) -> Value? {
        section.has(key) ? read(section, key) : nil
    }

    private func peers(_ section: Section) -> Fault.Peers? {
        guard let value = section.values["from"] else { return .everyone }
        if case .sequence(let sequence) = value {
            if sequence.isEmpty { section.note("from", "from: expected at least one node, found an empty list") }
            let names = sequence.map { element in
                node(element.scalar?.string ?? "", element.mark?.line ?? section.line)
            }
            return complete(names).map { .nodes($0) }
        }
        guard let text = value.scalar?.string else {
            section.note("from", "from: expected nodes or 'everyone', found \(document.kind(value))")
            return nil
        }
        if text == "everyone" { return .everyone }
        return node(text, section.line(of: "from"), also: ["everyone"]).map { .nodes([$0]) }
    }

    private func node(_ name: String, _ line: Int, also more: [String] = []) -> String? {
        if nodes.contains(name) { return name }
        document.note(line, "unknown node '\(name)'. \(suggestion(for: name, among: nodes + more))")
        return nil
    }

    private func start(_ section: Section) -> Fault.Start? {
        switch (section.values["at"], section.values["after"]) {
        case (let at?, nil):
            guard let part = document.section(at, of: "at", keys: ["phase", "offset"]) else { return nil }
            let phase: PhaseName? = part.choice("phase", "phase", default: .fault)
            let offset = part.duration("offset", to: .seconds(3_600), default: .zero)
            guard let phase, let offset else { return nil }
            return .phase(phase, offset: offset)
        case (nil, let after?):
            guard let part = document.section(after, of: "after", keys: ["in_force", "within"]) else { return nil }
            let other = part.text("in_force")
            let within = part.duration("within", from: .milliseconds(1), to: .seconds(60), default: .milliseconds(50))
            guard let other, let within else { return nil }
            return .inForce(fault: other, within: within)
        case (_?, _?):
            section.note("after", "expected one of 'at' and 'after', found both")
        case (nil, nil):
            document.note(
                section.line, "\(section.what): missing key 'at' (a phase and an offset) or 'after' (another fault)")
        }
        return nil
    }
}
