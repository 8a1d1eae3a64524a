/// The samples of a scraped page, either format. Strict: what it can't read it names.
package struct Scrape: Hashable, Sendable {
    package struct Sample: Hashable, Sendable {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        package let line: Int
        package let detail: String
        package var description: String { "metrics page, line \(line): \(detail)" }
    }

    package let samples: [Sample]

    /// Refuses a line it can't read, and a series that stands twice (which `promtool` may let pass).
    package init(_ page: [UInt8]) throws(Malformed) {
        var samples: [Sample] = []
        var seen: Set<String> = []
        for (index, line) in page.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            guard let sample = Scrape.sample(line) else {
                let text = String(decoding: line.prefix(80), as: UTF8.self)
                throw Malformed(line: index + 1, detail: "expected NAME{LABELS} VALUE, found '\(text)'")
            }
            let key =
                sample.name + sample.labels.sorted { $0.key < $1.key }.map { "\u{1}\($0.key)\u{2}\($0.value)" }.joined()
            guard seen.insert(key).inserted else {
                throw Malformed(line: index + 1, detail: "\(sample.name) \(sample.labels) stands twice")
            }
            samples.append(sample)
        }
        self.samples = samples
    }

    /// The value of exactly this series, `nil` when it is missing.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    /// All series of a name.
    package func all(_ name: String) -> [Sample] { samples.filter { $0.name == name } }

    private static func sample(_ line: ArraySlice<UInt8>) -> Sample? {
        var rest = line
        let nameEnd = rest.firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: " ") } ?? rest.endIndex
        let name = String(decoding: rest[..<nameEnd], as: UTF8.self)
        rest = rest[nameEnd...]
        var labels: [String: String] = [:]
        if rest.first == UInt8(ascii: "{") {
            rest = rest.dropFirst()
            guard let read = readLabels(&rest) else { return nil }
            labels = read
        }
        // What may follow the value (a timestamp) is not ours to use.
        let words = rest.split(separator: UInt8(ascii: " "))
        guard Exposition.isName(name.filter { $0 != ":" }), rest.first == UInt8(ascii: " "),
            (1...2).contains(words.count),
            let value = number(String(decoding: words[0], as: UTF8.self))
        else { return nil }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func readLabels(_ rest: inout ArraySlice<UInt8>) -> [String: String]? {
        var labels: [String: String] = [:]
        while let next = rest.first, next != UInt8(ascii: "}") {
            guard let equals = rest.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let key = String(decoding: rest[..<equals], as: UTF8.self)
            rest = rest[(equals + 1)...]
            guard Exposition.isName(key), labels[key] == nil, rest.popFirst() == UInt8(ascii: "\""),
                let value = quoted(&rest)
            else { return nil }
            labels[key] = value
            if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
        }
        return rest.popFirst() == UInt8(ascii: "}") ? labels : nil
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escape = rest.popFirst() else { return nil }
                bytes.append(escape == UInt8(ascii: "n") ? 10 : escape)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.first.map { $0.isNumber || $0 == "-" || $0 == "+" || $0 == "." } == true ? Double(text) : nil
        }
    }
}
