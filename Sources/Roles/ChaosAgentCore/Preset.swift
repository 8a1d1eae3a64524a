import Messages
import Units

/// A named bundle of doses for an operator's hand: one file under `chaos/presets/`, whose faults have the members of a
/// request. Who, where and how long is said when it is used.
package struct Preset: Hashable, Sendable {
    /// What a dose of each kind may say; kinds that aren't here need more than senders and a dose.
    private static let doses: [(kind: FaultKind, members: [String])] = [
        (.latency, ["delay_ns", "jitter_ns"]), (.loss, ["loss_ppm"]), (.duplicate, ["share_ppm"]),
        (.corrupt, ["share_ppm"]), (.reorder, ["delay_ns", "share_ppm"]), (.rate, ["bits_per_second"]),
    ]

    package let name: String
    package let description: String
    /// Members of a request: `kind` and the dose.
    package let faults: [JSON]

    /// `file` is what mistakes are shown with; its last part must be the preset's name.
    package init(json bytes: [UInt8], file: String) throws(RequestError) {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw RequestError(subject: file, mistakes: ["\(error)"]) }
        var reader = RequestReader(json)
        reader.refuseUnknown(["name", "description", "faults"])
        let stem = file.split(separator: "/").last.map { $0.hasSuffix(".json") ? String($0.dropLast(5)) : String($0) }
        name = reader.identifier("name") ?? ""
        if name != stem ?? "" { reader.mistake("'name': expected the file's own name '\(stem ?? "")', found '\(name)'") }
        description = json["description"]?.string ?? ""
        if description.isEmpty { reader.mistake("'description': expected what it is like, in words") }
        faults = json["faults"]?.array ?? []
        if faults.isEmpty { reader.mistake("'faults': expected at least one, found none") }
        for fault in faults {
            for mistake in Preset.mistakes(in: fault) { reader.mistake(mistake) }
        }
        let kinds = faults.compactMap { $0["kind"]?.string }
        if Set(kinds).count != kinds.count { reader.mistake("'faults': each kind once, found one of them again") }
        guard reader.mistakes.isEmpty else { throw RequestError(subject: file, mistakes: reader.mistakes) }
    }

    private static func mistakes(in fault: JSON) -> [String] {
        let found = fault["kind"]?.string ?? "none"
        guard let dose = doses.first(where: { $0.kind.rawValue == found }) else {
            let kinds = doses.map(\.kind.rawValue)
            let near = closest(to: found, among: kinds).map { ". Did you mean '\($0)'?" } ?? ""
            return ["'kind': expected one of \(kinds.joined(separator: ", ")), found '\(found)'\(near)"]
        }
        let foreign = (fault.members ?? []).map(\.key).filter { $0 != "kind" && !dose.members.contains($0) }
        guard foreign.isEmpty else {
            let own = dose.members.joined(separator: ", ")
            return foreign.map { "'\($0)' has no meaning for \(found). Its own members: \(own)." }
        }
        // The dose is judged where every request is: with a sender and a time that any fault could have.
        let whole = Preset.request(fault, id: found, from: ["198.18.0.1"], lasting: .seconds(1))
        do { _ = try FaultRequest(json: whole) } catch { return error.mistakes }
        return []
    }

    /// What an agent is asked for.
    package static func request(_ fault: JSON, id: String, from senders: [String], lasting: Duration) -> JSON {
        .object(
            [
                .init("id", .string(id)), .init("from", .array(senders.map { .string($0) })),
                .init("duration_ns", .integer(lasting.nanoseconds)), .init("by", "operator"),
            ] + (fault.members ?? []))
    }
}
