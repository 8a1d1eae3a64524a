// Reads the members of a request and collects what is wrong instead of stopping at the first mistake.

import Messages
import Units

struct RequestReader {
    private let json: JSON
    private(set) var mistakes: [String] = []

    init(_ json: JSON) {
        self.json = json
        if json.members == nil { mistake("expected a JSON object, found \(json.text())") }
    }

    mutating func mistake(_ text: String) { mistakes.append(text) }

    mutating func refuseUnknown(_ keys: [String]) {
        for member in json.members ?? [] where !keys.contains(member.key) {
            let near =
                closest(to: member.key, among: keys).map { ". Did you mean '\($0)'?" }
                ?? ": one of \(keys.joined(separator: ", "))"
            mistake("unknown member '\(member.key)'\(near)")
        }
    }

    /// Letters, digits, `-`, `_`, `.`; at most 40: it ends up in the names of kernel objects.
    mutating func identifier(_ key: String) -> String? {
        guard let text = json[key]?.string else { return missing(key, "a name") }
        let legal = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        guard legal, (1...40).contains(text.utf8.count) else {
            return missing(key, "1 to 40 letters, digits, '-', '_' or '.'")
        }
        return text
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, otherwise: Choice? = nil
    ) -> Choice? where Choice.RawValue == String {
        guard let value = json[key], !value.isNull else {
            return otherwise ?? missing(key, Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if let text = value.string, let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        let near = value.string.flatMap { closest(to: $0, among: names) }.map { ". Did you mean '\($0)'?" } ?? ""
        mistake("'\(key)': expected one of \(names.joined(separator: ", ")), found \(value.text())\(near)")
        return nil
    }

    mutating func hosts(_ key: String) -> [UInt32] {
        guard let value = json[key], !value.isNull else { return [] }
        guard let array = value.array else {
            mistake("'\(key)': expected an array of IPv4 addresses, found \(value.text())")
            return []
        }
        var hosts: [UInt32] = []
        for item in array {
            guard let host = item.string.flatMap({ address(dotted: $0) }), host >> 24 != 127, host != 0 else {
                mistake("'\(key)': expected an IPv4 address that is not loopback, found \(item.text())")
                continue
            }
            if !hosts.contains(host) { hosts.append(host) }
        }
        return hosts
    }

    mutating func duration(_ key: String, required: Bool, maximum: Duration) -> Duration {
        .nanoseconds(
            number(
                key, (required ? 1 : 0)...maximum.nanoseconds, required: required, unit: " ns (\(maximum.written))")
                ?? 0)
    }

    mutating func number(_ key: String, _ range: ClosedRange<Int64>, required: Bool, unit: String = "") -> Int64? {
        guard let value = json[key], !value.isNull else {
            return required ? missing(key, "an integer from \(range.lowerBound) to \(range.upperBound)\(unit)") : nil
        }
        guard let number = value.integer, range.contains(number) else {
            mistake(
                "'\(key)': expected an integer from \(range.lowerBound) to \(range.upperBound)\(unit), "
                    + "found \(value.text())"
            )
            return nil
        }
        return number
    }

    private mutating func missing<Value>(_ key: String, _ expected: String) -> Value? {
        mistake("'\(key)': expected \(expected), found \(json[key]?.text() ?? "nothing")")
        return nil
    }
}

/// The legal word that a mistyped one was probably meant to be: at most two edits away.
package func closest(to word: String, among words: [String]) -> String? {
    words.map { ($0, editDistance(word, $0)) }.filter { $0.1 <= 2 }.min { $0.1 < $1.1 }?.0
}

private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (position, byte) in left.utf8.enumerated() {
        var diagonal = row[0]
        row[0] = position + 1
        for column in right.indices {
            let changed = diagonal + (byte == right[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(changed, diagonal + 1, row[column] + 1)
        }
    }
    return row[right.count]
}
