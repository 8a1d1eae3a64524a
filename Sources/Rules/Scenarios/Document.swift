// Reading YAML that people write: every mistake is noted with its line, and reading goes on with a stand-in,
// so that one pass finds them all. A value with a mistake never leaves this module: `finish` throws.

import Units
import Yams

/// One file being read, and what is wrong with it so far.
final class Document {
    static let bytesMaximum = 1 << 20

    let file: String
    private(set) var mistakes: [Mistake] = []

    init(file: String) { self.file = file }

    func note(_ line: Int, _ text: String) { mistakes.append(Mistake(file: file, line: line, text: text)) }

    func note(_ node: Node, _ text: String) { note(node.mark?.line ?? 1, text) }

    func finish<Value>(_ value: Value?) throws(Mistakes) -> Value {
        guard let value, mistakes.isEmpty else {
            throw Mistakes(mistakes.isEmpty ? [Mistake(file: file, line: 1, text: "nothing to read")] : mistakes)
        }
        return value
    }

    /// The file's one mapping.
    func root(_ yaml: [UInt8], of what: String, keys: [String]) -> Section? {
        compose(yaml).flatMap { section($0, of: what, keys: keys) }
    }

    /// The file's one value, not looked into yet.
    func compose(_ yaml: [UInt8]) -> Node? {
        guard yaml.count <= Document.bytesMaximum else {
            note(1, "expected at most \(Document.bytesMaximum) bytes, found \(yaml.count)")
            return nil
        }
        guard let text = String(validating: yaml, as: UTF8.self) else {
            note(firstInvalidLine(yaml), "expected UTF-8, found other bytes")
            return nil
        }
        do {
            guard let node = try Yams.compose(yaml: text) else {
                note(1, "expected a mapping, found an empty file")
                return nil
            }
            return node
        } catch {
            noteUnreadable(error)
            return nil
        }
    }

    private func noteUnreadable(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            note(mark.line, "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            note(
                context.mark.line,
                "each key once, found \(duplicates.map { "'\($0)'" }.sorted().joined(separator: ", ")) more than once")
        case .some(let other):
            note(1, "not YAML: \(other)")
        case nil:
            note(1, "not readable: \(error)")
        }
    }

    private func firstInvalidLine(_ bytes: [UInt8]) -> Int {
        var line = 1
        for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard String(validating: part, as: UTF8.self) != nil else { return line }
            line += 1
        }
        return line
    }

    /// A mapping with nothing but these keys.
    func section(_ node: Node, of what: String, keys: [String]) -> Section? {
        guard case .mapping(let mapping) = node else {
            note(node, "\(what): expected keys and values, found \(kind(node))")
            return nil
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                note(key, "\(what): expected a plain key, found \(kind(key))")
                continue
            }
            if keys.contains(name) {
                values[name] = value
            } else {
                note(key, "\(what): unknown key '\(name)'. \(suggestion(for: name, among: keys))")
            }
        }
        return Section(document: self, what: what, line: node.mark?.line ?? 1, values: values, node: mapping)
    }

    func kind(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "'\(scalar.string)'"
        case .mapping: "keys and values"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

/// A mapping of a document whose keys are known to be legal.
struct Section {
    let document: Document
    /// For messages: `fault 'cut'`.
    let what: String
    let line: Int
    let values: [String: Node]
    let node: Node.Mapping

    func has(_ key: String) -> Bool { values[key] != nil }

    /// Where the value of `key` in the mapping called `name` stands.
    func line(of name: String, key: String) -> Int {
        guard case .mapping(let mapping)? = values[name] else { return line(of: name) }
        return mapping.first { $0.key.scalar?.string == key }?.value.mark?.line ?? line(of: name)
    }

    func line(of key: String) -> Int { values[key]?.mark?.line ?? line }

    func note(_ key: String, _ text: String) { document.note(line(of: key), "\(what): \(text)") }

    /// The value's node, or a note that it is missing.
    func required(_ key: String) -> Node? {
        if let value = values[key] { return value }
        document.note(line, "\(what): missing key '\(key)'")
        return nil
    }

    func text(_ key: String, default standIn: String? = nil) -> String? {
        guard let node = standIn == nil ? required(key) : values[key] else { return standIn }
        guard let scalar = node.scalar, !scalar.string.isEmpty else {
            note(key, "\(key): expected text, found \(document.kind(node))")
            return nil
        }
        return scalar.string
    }

    /// A whole number inside `range`.
    func whole(_ key: String, in range: ClosedRange<Int64>, default standIn: Int64? = nil) -> Int64? {
        guard let node = standIn == nil ? required(key) : values[key] else { return standIn }
        guard let value = node.scalar.flatMap({ Int64($0.string) }), range.contains(value) else {
            note(
                key,
                "\(key): expected a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "found \(document.kind(node))"
            )
            return nil
        }
        return value
    }

    /// A number with at most four decimals, not negative.
    func decimal(_ key: String, to high: Price, default standIn: Price? = nil) -> Price? {
        guard let node = standIn == nil ? required(key) : values[key] else { return standIn }
        guard let value = node.scalar.flatMap({ Price(decimal: $0.string) }), value.units >= 0, value <= high else {
            note(
                key,
                "\(key): expected a number from 0 to \(high) with at most four decimals, found \(document.kind(node))")
            return nil
        }
        return value
    }

    func flag(_ key: String, default standIn: Bool? = nil) -> Bool? {
        guard let node = standIn == nil ? required(key) : values[key] else { return standIn }
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default:
            note(key, "\(key): expected true or false, found \(document.kind(node))")
            return nil
        }
    }

    /// A duration inside `range`.
    func duration(
        _ key: String, from low: Duration = .zero, to high: Duration = .seconds(3_600), default standIn: Duration? = nil
    ) -> Duration? {
        guard let node = standIn == nil ? required(key) : values[key] else { return standIn }
        guard let text = node.scalar?.string, let value = Duration(written: text) else {
            note(key, "\(key): expected a duration, like 250ms or 15s, found \(document.kind(node))")
            return nil
        }
        guard value >= low, value <= high else {
            note(key, "\(key): expected \(low.written) to \(high.written), found \(value.written)")
            return nil
        }
        return value
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ noun: String, default standIn: Choice? = nil
    ) -> Choice? where Choice.RawValue == String {
        guard let node = standIn == nil ? required(key) : values[key] else { return standIn }
        return choice(node, noun)
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: Node, _ noun: String
    ) -> Choice? where Choice.RawValue == String {
        let legal = Choice.allCases.map(\.rawValue)
        guard let text = node.scalar?.string else {
            document.note(
                node,
                "\(what): expected a \(noun), found \(document.kind(node)). Legal: \(legal.joined(separator: ", ")).")
            return nil
        }
        if let value = Choice(rawValue: text) { return value }
        document.note(node, "unknown \(noun) '\(text)'. \(suggestion(for: text, among: legal))")
        return nil
    }

    /// The nodes of a list; a missing one is noted, an empty one only when `emptyAllowed` is false.
    func list(_ key: String, emptyAllowed: Bool) -> [Node]? {
        guard let node = required(key) else { return nil }
        guard case .sequence(let sequence) = node else {
            note(key, "\(key): expected a list, found \(document.kind(node))")
            return nil
        }
        if sequence.isEmpty, !emptyAllowed { note(key, "\(key): expected at least one, found an empty list") }
        return Array(sequence)
    }

    func section(_ key: String, keys: [String]) -> Section? {
        required(key).flatMap { document.section($0, of: key, keys: keys) }
    }
}
