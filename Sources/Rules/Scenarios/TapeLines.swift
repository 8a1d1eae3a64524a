// The lines of a tape, each looked at once, in a buffer of whole lines. Rows are parsed where they lie; text is made
// only for a row that is wrong.

import Units

struct TapeLines {
    let file: String
    private let source: TapeSource
    /// Whole lines only: the last byte is a line feed.
    private(set) var bytes: [UInt8] = []
    /// Where the present line begins, and the next one.
    private(set) var start = 0
    var end = 0
    /// The first half of a line whose other half hasn't come.
    private var rest: [UInt8] = []
    private var isAtEnd = false
    /// Number of the present line, from 1.
    private(set) var number = 0
    private(set) var bad = BadRowLog()

    static let lineMaximum = 1 << 16
    private static let lineFeed: UInt8 = 0x0A

    init(_ source: TapeSource) {
        file = source.file
        self.source = source
    }

    /// Goes to the line after `end`. `false` at the end of the tape.
    mutating func advance() throws(Mistakes) -> Bool {
        if end == bytes.count {
            guard try fill() else { return false }
        }
        start = end
        number += 1
        return true
    }

    private mutating func fill() throws(Mistakes) -> Bool {
        guard !isAtEnd else { return false }
        start = 0
        end = 0
        while true {
            guard let piece = try source.next() else {
                isAtEnd = true
                bytes = rest
                rest = []
                if bytes.isEmpty { return false }
                bytes.append(TapeLines.lineFeed)
                return true
            }
            guard let last = piece.lastIndex(of: TapeLines.lineFeed) else {
                rest += piece
                guard rest.count <= TapeLines.lineMaximum else {
                    throw Mistakes([
                        Mistake(
                            file: file, line: number + 1,
                            text: "expected lines of at most \(TapeLines.lineMaximum) bytes, found a longer one")
                    ])
                }
                continue
            }
            if rest.isEmpty {
                bytes = Array(piece[...last])
            } else {
                bytes = rest
                bytes += piece[...last]
            }
            rest = Array(piece[(last + 1)...])
            return true
        }
    }

    /// Where the present line's text ends: before its line feed, and a carriage return before that.
    private var textEnd: Int {
        let feed = bytes[start...].firstIndex(of: TapeLines.lineFeed) ?? bytes.count
        return feed > start && bytes[feed - 1] == 0x0D ? feed - 1 : feed
    }

    /// Puts `end` behind the present line, wherever a parser stopped inside of it.
    mutating func skipToNext() {
        end = min(bytes.count, (bytes[start...].firstIndex(of: TapeLines.lineFeed) ?? bytes.count - 1) + 1)
    }

    var text: String { String(decoding: bytes[start..<textEnd], as: UTF8.self) }
    var shown: String { String(text.prefix(80)) }

    var fields: [String] {
        bytes[start..<textEnd].split(separator: 0x2C, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Notes what is wrong with the present line and goes over it. `isRight`: it has the number of fields that it
    /// should; `names` of the fields, by number where there are none.
    mutating func refuse(_ wrong: WrongField, names: [String], isRight: Bool, _ count: String) {
        defer { skipToNext() }
        let fields = fields
        guard isRight else { return refuse("expected \(count), found \(fields.count): '\(shown)'") }
        guard !wrong.isWholeRow, wrong.field < fields.count else {
            return refuse("expected \(wrong.expected), found '\(shown)'")
        }
        let name = wrong.field < names.count ? names[wrong.field] : "field \(wrong.field + 1)"
        refuse("\(name): expected \(wrong.expected), found '\(fields[wrong.field])'")
    }

    mutating func refuse(_ text: String) { bad.note(Mistake(file: file, line: number, text: text)) }

    /// Reads to the end, and says how many lines there are.
    mutating func countAll() throws(Mistakes) -> Int {
        while try advance() { skipToNext() }
        return number
    }
}
