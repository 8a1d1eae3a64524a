import Messages
import Units

/// Rows of one stream as text: a time in nanoseconds of the monotonic clock, its uncertainty, then the columns.
///
/// A cell is empty (nothing is known), a plain integer, 0 or 1, or plain text. Whatever doesn't fit its column, and
/// text with a comma, a quote, a backslash or a control character, is JSON inside CSV quotes, so that every value
/// comes back as it was, and a row never spans lines.
package struct SampleText: Sendable {
    package let stream: SampleStream
    private let columns: [SampleColumn]
    /// Rows appended so far, taken ones included.
    package private(set) var rows = 0
    /// What was appended and not yet taken; begins with the header.
    package private(set) var bytes: [UInt8]
    private var cells = 0

    package init(_ stream: SampleStream) {
        self.stream = stream
        columns = stream.columns
        bytes = stream.header
    }

    /// A row. `fill` gives one cell for each column, in their order.
    package mutating func append(at: Instant, uncertainty: Duration, _ fill: (inout SampleText) -> Void) {
        write(at.nanoseconds)
        bytes.append(SampleText.comma)
        write(uncertainty.nanoseconds)
        cells = 0
        fill(&self)
        precondition(cells == columns.count, "\(stream.file): \(cells) cells for \(columns.count) columns")
        bytes.append(SampleText.lineFeed)
        rows += 1
    }

    /// A row from an observation's fields. `false`: it has a field for which there is no column.
    package mutating func append(_ observation: Observation) -> Bool {
        var used = 0
        append(at: observation.at, uncertainty: observation.uncertainty) { [columns] text in
            for column in columns {
                let value = observation[column.field]
                if value != nil { used += 1 }
                text.cell(value ?? .null, column.kind)
            }
        }
        return used == observation.fields.count
    }

    package mutating func integer(_ value: Int64?) {
        bytes.append(SampleText.comma)
        cells += 1
        if let value { write(value) }
    }

    package mutating func truth(_ value: Bool?) { integer(value.map { $0 ? 1 : 0 }) }

    package mutating func text(_ value: String?) {
        guard let value else { return integer(nil) }
        bytes.append(SampleText.comma)
        cells += 1
        let start = bytes.count
        bytes += value.utf8
        if start == bytes.count || bytes[start...].contains(where: SampleText.mustBeQuoted) {
            bytes.removeSubrange(start...)
            quote(.string(value))
        }
    }

    /// Any value; what doesn't fit its column is quoted.
    package mutating func cell(_ value: JSON, _ kind: SampleColumn.Kind) {
        switch (value, kind) {
        case (.null, _): integer(nil)
        case (.integer(let number), .integer): integer(number)
        case (.string(let string), .text): text(string)
        case (.bool(let holds), .truth): truth(holds)
        default:
            bytes.append(SampleText.comma)
            cells += 1
            quote(value)
        }
    }

    /// Forgets what was written somewhere, and keeps the room that it took.
    package mutating func removeBytes() { bytes.removeAll(keepingCapacity: true) }

    private mutating func quote(_ value: JSON) {
        bytes.append(SampleText.quotes)
        for byte in value.bytes() {
            bytes.append(byte)
            if byte == SampleText.quotes { bytes.append(byte) }
        }
        bytes.append(SampleText.quotes)
    }

    private mutating func write(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    static let comma = UInt8(ascii: ",")
    static let quotes = UInt8(ascii: "\"")
    static let lineFeed: UInt8 = 0x0A

    private static func mustBeQuoted(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == comma || byte == quotes || byte == UInt8(ascii: "\\")
    }
}
