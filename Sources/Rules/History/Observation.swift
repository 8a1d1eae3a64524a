import Messages
import Units

/// One line of `history.ndjson`: something that was seen, when, how exactly, and by whom.
///
/// `fields` are the members that belong to `type`; `docs/verdicts.md` lists them for each type.
package struct Observation: Hashable, Sendable {
    package enum Source: String, Hashable, Sendable, CaseIterable { case tap, redis, broker, chaos, feed, scrape, rig }

    package var source: Source
    package var type: String
    /// Monotonic time of the event.
    package var at: Instant
    /// Half-width of what is not known about `at`.
    package var uncertainty: Duration
    package var fields: [JSON.Member]

    package init(
        _ source: Source, _ type: String, at: Instant, uncertainty: Duration = .zero, _ fields: [JSON.Member] = []
    ) {
        self.source = source
        self.type = type
        self.at = at
        self.uncertainty = uncertainty
        self.fields = fields
    }

    /// The keys of the line itself. A field of the same name would make the line unreadable.
    package static let reserved: Set<String> = ["i", "t", "u", "source", "type", "prev"]

    /// `fields` as they are written: one with a reserved name bears an underscore, `source_`.
    package var writtenFields: [JSON.Member] {
        guard fields.contains(where: { Observation.reserved.contains($0.key) }) else { return fields }
        return fields.map { Observation.reserved.contains($0.key) ? JSON.Member("\($0.key)_", $0.value) : $0 }
    }

    package subscript(field: String) -> JSON? { fields.first { $0.key == field }?.value }
}

/// An observation in its place in the chain.
package struct Record: Hashable, Sendable {
    package let index: Int
    package let observation: Observation
    /// SHA-256 of the line before, in hexadecimal; 64 zeros for the first.
    package let previous: String
}
