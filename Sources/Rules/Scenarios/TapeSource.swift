// Tapes are read from the first byte to the last, a piece at a time, so that a day of a real market needs no more
// memory than a minute of it. Where the pieces come from is the caller's: this module opens no file.

import Units

/// One tape file's bytes, in pieces.
package struct TapeSource {
    /// What mistakes are shown with.
    package let file: String
    /// The next piece, `nil` at the end.
    let next: () throws(Mistakes) -> [UInt8]?

    package init(file: String, next: @escaping () throws(Mistakes) -> [UInt8]?) {
        self.file = file
        self.next = next
    }

    package init(file: String, bytes: [UInt8]) {
        var left: [UInt8]? = bytes
        self.init(file: file) { () throws(Mistakes) in
            defer { left = nil }
            return left
        }
    }

    /// All of it, for tapes that are small by their nature.
    func all() throws(Mistakes) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try next() {
            guard bytes.count + piece.count <= TapeSource.wholeMaximum else {
                throw Mistakes([
                    Mistake(
                        file: file, line: 1,
                        text: "expected at most \(TapeSource.wholeMaximum) bytes of bars, found more")
                ])
            }
            bytes += piece
        }
        return bytes
    }

    private static let wholeMaximum = 1 << 28
}

/// Where the tapes of a scenario are opened.
package struct TapeShelf {
    /// `nil` when there is no such tape.
    let open: (_ file: String) throws(Mistakes) -> TapeSource?

    package init(open: @escaping (_ file: String) throws(Mistakes) -> TapeSource?) { self.open = open }

    package init(_ files: [String: [UInt8]]) {
        self.init { (file) throws(Mistakes) in files[file].map { TapeSource(file: file, bytes: $0) } }
    }

    func source(_ file: String, for symbol: String) throws(Mistakes) -> TapeSource {
        guard let source = try open(file) else {
            throw Mistakes([Mistake(file: file, line: 1, text: "expected a tape for \(symbol), found no such file")])
        }
        return source
    }
}

/// What to do with a row that can't be read.
package enum BadRows: Hashable, Sendable { case refuse, skip }

/// The rows that could not be read: all are counted, the first ones kept.
package struct BadRowLog: Hashable, Sendable {
    package private(set) var count = 0
    package private(set) var first: [Mistake] = []

    /// More mistakes than this are counted, not shown.
    package static let shownMaximum = 50

    package init() {}

    mutating func note(_ mistake: Mistake) {
        count += 1
        if first.count < BadRowLog.shownMaximum { first.append(mistake) }
    }

    /// The tape's own log, with the rows of another file beside it.
    package mutating func merge(_ other: BadRowLog) {
        count += other.count
        first = Array((first + other.first).sorted().prefix(BadRowLog.shownMaximum))
    }

    /// What is said about them: the first ones, and how many more there are.
    package var shown: [Mistake] {
        guard count > first.count, let last = first.last else { return first }
        return first + [Mistake(file: last.file, line: last.line, text: "and \(count - first.count) more")]
    }

    func throwIfAny(_ badRows: BadRows) throws(Mistakes) {
        if badRows == .refuse, count > 0 { throw Mistakes(shown) }
    }
}

/// The rows of a tape, and those that were left out because they could not be read.
package struct TapeRows<Row: Hashable & Sendable>: Hashable, Sendable {
    package var rows: [Row]
    package var skipped: BadRowLog

    package init(rows: [Row], skipped: BadRowLog) {
        self.rows = rows
        self.skipped = skipped
    }
}
