import Messages
import Units
import Yams

extension ScenarioReading {
    func gates(_ root: Section) -> [Gate]? {
        guard let rows = root.list("gates", emptyAllowed: false) else { return nil }
        var seen: Set<GateName> = []
        let gates = rows.map { row -> Gate? in
            let keys = ["name", "kind", "threshold", "premises"]
            guard let section = document.section(row, of: "gate", keys: keys) else { return nil }
            let name: GateName? = section.choice("name", "gate")
            let kind: GateKind? = section.choice("kind", "gate kind")
            let premises = premises(section)
            guard let name else { return nil }
            if !seen.insert(name).inserted { section.note("name", "each gate once, found '\(name.rawValue)' again") }
            if let kind, kind != name.rule.kind {
                section.note("kind", "'\(name.rawValue)' is of kind \(name.rule.kind.rawValue), found \(kind.rawValue)")
            }
            guard let threshold = threshold(section, name), let kind, let premises else { return nil }
            return Gate(name: name, kind: kind, threshold: threshold.value, premises: premises)
        }
        return complete(gates)
    }

    private func premises(_ section: Section) -> [Premise]? {
        guard section.has("premises") else { return [] }
        guard let rows = section.list("premises", emptyAllowed: true) else { return nil }
        return complete(rows.map { row -> Premise? in section.choice(row, "premise") })
    }

    /// A box, since a gate without a threshold isn't a mistake.
    private struct ReadThreshold { var value: Threshold? }

    private func threshold(_ section: Section, _ name: GateName) -> ReadThreshold? {
        let form = name.rule.threshold
        guard let node = section.values["threshold"] else {
            if form == .none { return ReadThreshold(value: nil) }
            document.note(section.line, "\(name.rawValue): missing key 'threshold': \(form.rawValue)")
            return nil
        }
        func refuse() -> ReadThreshold? {
            section.note("threshold", "\(name.rawValue): expected \(form.rawValue), found \(document.kind(node))")
            return nil
        }
        guard let text = node.scalar?.string else { return refuse() }
        switch form {
        case .none:
            return refuse()
        case .count:
            guard let value = Int64(text), value >= 0 else { return refuse() }
            return ReadThreshold(value: .count(value))
        case .duration:
            guard let value = Duration(written: text), value >= .zero else { return refuse() }
            return ReadThreshold(value: .duration(value))
        case .number:
            guard let value = Figure(decimal: text), value.units >= 0 else { return refuse() }
            return ReadThreshold(value: .number(value))
        case .range:
            guard let dots = text.range(ofDots: ".."), let low = Duration(written: text[..<dots.lowerBound]),
                let high = Duration(written: text[dots.upperBound...]), low >= .zero, low < high
            else { return refuse() }
            return ReadThreshold(value: .range(low, high))
        }
    }

    func operatorRules(_ root: Section) -> OperatorRules? {
        guard let section = root.section("operator", keys: ["unpause", "resumes"]) else { return nil }
        let unpause = section.section("unpause", keys: ["phase", "offset"])
        let phase: PhaseName? = unpause?.choice("phase", "phase", default: .warmUp)
        let offset = unpause?.duration("offset", to: .seconds(600), default: .zero)
        let keys = ["fault", "after_recovery", "earliest", "latest"]
        let resumes = section.list("resumes", emptyAllowed: true).map { rows in
            rows.map { row -> OperatorRules.Resume? in
                guard let part = document.section(row, of: "resume", keys: keys) else { return nil }
                let fault = part.text("fault")
                let margin = part.duration("after_recovery", to: .seconds(600), default: .seconds(3))
                let earliest = part.duration("earliest", to: .seconds(600))
                let latest = part.duration("latest", to: .seconds(600))
                guard let fault, let margin, let earliest, let latest else { return nil }
                if latest < earliest {
                    part.note(
                        "latest", "latest: expected at least earliest (\(earliest.written)), found \(latest.written)")
                }
                return OperatorRules.Resume(fault: fault, afterRecovery: margin, earliest: earliest, latest: latest)
            }
        }
        guard let phase, let offset, let resumes = resumes.flatMap({ complete($0) }) else { return nil }
        return OperatorRules(unpauseIn: phase, unpauseOffset: offset, resumes: resumes)
    }

    func governor(_ root: Section) -> GovernorSettings? {
        guard let section = root.section("governor", keys: ["limits", "fees", "limit_overrides", "mode"]) else { return nil }
        let limitsPath = path(section, "limits", default: "data/limits-default.json")
        let fees = path(section, "fees", default: "data/fees-us-equities-2023-10.json")
        var overrides: [JSON.Member] = []
        if let node = section.values["limit_overrides"] {
            guard case .mapping(let mapping) = node else {
                section.note(
                    "limit_overrides", "limit_overrides: expected keys and values, found \(document.kind(node))")
                return nil
            }
            for (key, value) in mapping {
                guard let name = key.scalar?.string, let text = value.scalar?.string, let whole = Int64(text) else {
                    document.note(value, "limit_overrides: expected a whole number, found \(document.kind(value))")
                    continue
                }
                if let known = limits?.members?.map(\.key), !known.contains(name) {
                    document.note(key, "unknown limit '\(name)'. \(suggestion(for: name, among: known))")
                }
                overrides.append(JSON.Member(name, .integer(whole)))
            }
        }
        let mode: GovernorSettings.Mode? = section.choice("mode", "mode", default: .live)
        guard let limitsPath, let fees, let mode else { return nil }
        return GovernorSettings(
            limits: limitsPath, fees: fees, limitOverrides: overrides.sorted { $0.key < $1.key }, mode: mode)
    }
}

extension String {
    /// Where `dots` stands, without Foundation.
    fileprivate func range(ofDots dots: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(dots) { return start..<index(start, offsetBy: dots.count) }
            start = index(after: start)
        }
        return nil
    }
}
