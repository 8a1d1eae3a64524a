/// Where an observation is written: the line of `history.ndjson`, or the row of a sample file, from 0.
package struct Place: Hashable, Sendable {
    /// `nil`: `history.ndjson`.
    package let stream: SampleStream?
    package let row: Int32

    package init(_ stream: SampleStream? = nil, row: Int) {
        self.stream = stream
        self.row = Int32(clamping: row)
    }

    /// The file, relative to the run directory.
    package var file: String { stream?.file ?? "history.ndjson" }

    /// Whether this is the same file's next row, or the same row.
    package func follows(_ other: Place) -> Bool {
        stream == other.stream && (row == other.row || row == other.row &+ 1)
    }
}

extension Place: Comparable {
    package static func < (left: Place, right: Place) -> Bool {
        (left.stream?.order ?? -1, left.row) < (right.stream?.order ?? -1, right.row)
    }
}

/// A number is a line of the history.
extension Place: ExpressibleByIntegerLiteral {
    package init(integerLiteral row: Int) { self.init(row: row) }
}

extension Place: CustomStringConvertible {
    package var description: String { stream == nil ? "record \(row)" : "\(file) row \(row)" }
}
