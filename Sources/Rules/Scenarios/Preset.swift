import Units
import Yams

/// A named bundle of doses for an operator's hand: one file under `chaos/presets/`. Who, where and how long is said when
/// it is used.
package struct Preset: Hashable, Sendable {
    package struct Dose: Hashable, Sendable {
        package var kind: FaultKind
        package var delay: Duration
        package var jitter: Duration
        /// Of the packets, in hundredths of a percent.
        package var percent: Figure
        package var bitsPerSecond: Int64
    }

    /// Kinds that need nothing but senders and a dose.
    package static let kinds: [FaultKind] = [.latency, .loss, .duplicate, .corrupt, .reorder, .rate]

    package var name: String
    package var description: String
    package var doses: [Dose]

    /// `file` is what mistakes are shown with; its last part must be the preset's name.
    package init(yaml: [UInt8], file: String) throws(Mistakes) {
        let document = Document(file: file)
        let root = document.root(yaml, of: "preset", keys: ["name", "description", "faults"])
        self = try document.finish(root.flatMap { Preset(root: $0, document) })
    }

    private init?(root: Section, _ document: Document) {
        let name = root.text("name")
        let stem = document.file.split(separator: "/").last.map { $0.replacing(".yaml", with: "") } ?? ""
        if let name, name != stem { root.note("name", "name: expected the file's own name '\(stem)', found '\(name)'") }
        let description = root.text("description")
        let rows = root.list("faults", emptyAllowed: false) ?? []
        let doses = rows.map { Preset.dose($0, document) }
        let kinds = doses.compactMap { $0?.kind }
        if Set(kinds).count != kinds.count { root.note("faults", "faults: each kind once, found one of them again") }
        let found = doses.compactMap { $0 }
        guard let name, let description, found.count == rows.count else { return nil }
        self.name = name
        self.description = description
        self.doses = found
    }

    private static func dose(_ row: Node, _ document: Document) -> Dose? {
        let keys = ["kind", "delay", "jitter", "percent", "bits_per_second"]
        guard let section = document.section(row, of: "fault", keys: keys) else { return nil }
        guard let kind: FaultKind = section.choice("kind", "fault kind") else { return nil }
        guard kinds.contains(kind) else {
            let legal = kinds.map(\.rawValue).joined(separator: ", ")
            section.note("kind", "kind: expected one of \(legal), found '\(kind.rawValue)'")
            return nil
        }
        let (needs, allows): ([String], [String]) =
            switch kind {
            case .latency: (["delay"], ["jitter"])
            case .reorder: (["delay", "percent"], [])
            case .rate: (["bits_per_second"], [])
            default: (["percent"], [])
            }
        for key in needs { _ = section.required(key) }
        for key in keys.dropFirst() where section.has(key) && !(needs + allows).contains(key) {
            let own = (needs + allows).joined(separator: ", ")
            section.note(key, "'\(key)' has no meaning for \(kind.rawValue). Its own keys: \(own).")
        }
        let delay = section.duration("delay", from: .milliseconds(1), to: .seconds(10), default: .zero)
        let jitter = section.duration("jitter", to: .seconds(10), default: .zero)
        let percent = section.decimal("percent", to: Price(units: 100 * 10_000), default: Price(units: 0))
        let bits = section.whole("bits_per_second", in: Fault.bitRates, default: 0)
        guard let delay, let jitter, let percent, let bits else { return nil }
        return Dose(
            kind: kind, delay: delay, jitter: jitter, percent: Figure(units: percent.units), bitsPerSecond: bits)
    }
}
