/// Where an observation is written: the line of `history.ndjson`, or the row of a sample file, from 0.
package struct Place: Hashable, Sendable {
    // The file in the upper bits, so that places order by file and row, and a stamp of a flood stays small.
    private let packed: UInt32
    private static let rowBits: UInt32 = 27

    package init(_ stream: SampleStream? = nil, row: Int) { self.init(file: stream.map { $0.order + 1 } ?? 0, row: row) }

    /// - Parameter file: 0 for the history, else the stream's order + 1.
    init(file: Int, row: Int) {
        packed = UInt32(truncatingIfNeeded: file) << Place.rowBits | UInt32(clamping: row) & (1 << Place.rowBits - 1)
    }

    /// `nil`: `history.ndjson`.
    package var stream: SampleStream? {
        let file = Int(packed >> Place.rowBits)
        return file == 0 ? nil : SampleStream.allCases[file - 1]
    }

    package var row: Int { Int(packed & (1 << Place.rowBits - 1)) }

    /// The file, relative to the run directory.
    package var file: String { stream?.file ?? "history.ndjson" }

    /// Whether this is the same file's next row, or the same row.
    package func follows(_ other: Place) -> Bool {
        packed >> Place.rowBits == other.packed >> Place.rowBits && (row == other.row || row == other.row + 1)
    }
}

extension Place: Comparable {
    package static func < (left: Place, right: Place) -> Bool {
        left.packed < right.packed
    }
}

/// A number is a line of the history.
extension Place: ExpressibleByIntegerLiteral {
    package init(integerLiteral row: Int) { self.init(row: row) }
}

extension Place: CustomStringConvertible {
    package var description: String { stream == nil ? "record \(row)" : "\(file) row \(row)" }
}
