import Messages
import Units

/// What is wrong with a sample file, and in which row (from 0; `nil` for the header).
package struct SampleError: Error, Hashable, Sendable, CustomStringConvertible {
    package let stream: SampleStream
    package let row: Int?
    package let expected: String
    package let found: String

    package var description: String {
        "\(stream.file): \(row.map { "row \($0)" } ?? "header"): expected \(expected), found \(found)"
    }
}

/// Reads one sample file, piece by piece, so that its length doesn't matter.
package struct SampleReader: Sendable {
    package let stream: SampleStream
    package private(set) var rows = 0
    /// Why reading stopped: the rows before it are good.
    package private(set) var failure: SampleError?
    private var hasHeader = false
    private let file: Int
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []

    package init(_ stream: SampleStream) {
        self.stream = stream
        file = stream.order + 1
    }

    /// Bytes after the last complete line: a crash in mid-write. Readable, and inconclusive.
    package var tornBytes: Int { failure == nil ? rest.count : 0 }

    /// Hands each complete row to `each`, which takes the cells in the order of the columns.
    package mutating func read(_ chunk: UnsafeRawBufferPointer, each: (_ row: inout SampleCells) -> Void) {
        guard failure == nil else { return }
        var start = 0
        if !rest.isEmpty {
            guard let end = chunk.firstIndex(of: SampleText.lineFeed) else {
                rest += chunk
                return
            }
            rest += chunk[...end]
            start = end + 1
            let line = rest
            rest = []
            line.withUnsafeBytes { lines($0, each) }
        }
        guard let last = chunk[start...].lastIndex(of: SampleText.lineFeed) else {
            rest += chunk[start...]
            return
        }
        lines(UnsafeRawBufferPointer(rebasing: chunk[start...last]), each)
        rest += chunk[(last + 1)...]
    }

    /// Whole lines only.
    private mutating func lines(_ bytes: UnsafeRawBufferPointer, _ each: (inout SampleCells) -> Void) {
        var start = 0
        if !hasHeader {
            let header = stream.header
            guard bytes.count >= header.count, bytes[..<header.count].elementsEqual(header) else {
                let found = bytes.prefix { $0 != SampleText.lineFeed }.prefix(200)
                let words = (String(decoding: header.dropLast(), as: UTF8.self), String(decoding: found, as: UTF8.self))
                failure = SampleError(stream: stream, row: nil, expected: words.0, found: words.1)
                return
            }
            hasHeader = true
            start = header.count
        }
        while start < bytes.count, failure == nil {
            var cells = SampleCells(bytes, from: start, place: Place(file: file, row: rows))
            each(&cells)
            guard cells.isWhole else {
                let line = bytes[start...].prefix { $0 != SampleText.lineFeed }.prefix(200)
                failure = SampleError(
                    stream: stream, row: rows, expected: "\(stream.columns.count + 2) cells of their kinds",
                    found: "'\(String(decoding: line, as: UTF8.self))'")
                return
            }
            start = cells.position
            rows += 1
        }
    }
}

/// The cells of one row, taken one after the other. Lives no longer than the call that brings it.
package struct SampleCells {
    private let bytes: UnsafeRawBufferPointer
    package let place: Place
    package private(set) var at = Instant(nanoseconds: 0)
    package private(set) var uncertainty = Duration.zero
    /// Where the next cell begins, or the next row.
    fileprivate private(set) var position: Int
    private var isOver = false
    private var isBroken = false

    fileprivate init(_ bytes: UnsafeRawBufferPointer, from start: Int, place: Place) {
        self.bytes = bytes
        self.place = place
        position = start
        if let time = integer(), let bound = integer() {
            at = Instant(nanoseconds: time)
            uncertainty = .nanoseconds(bound)
        } else {
            isBroken = true
        }
    }

    /// Every cell was taken, and each was of its kind.
    fileprivate var isWhole: Bool { isOver && !isBroken }

    /// `nil` for an empty cell, or one that holds something else.
    package mutating func integer() -> Int64? {
        guard begin() else { return nil }
        return isQuoted ? quoted()?.integer : number()
    }

    package mutating func truth() -> Bool? {
        guard begin() else { return nil }
        if isQuoted { return quoted()?.bool }
        guard let number = number() else { return nil }
        if number != 0 && number != 1 { isBroken = true }
        return number == 1
    }

    package mutating func text() -> String? {
        guard begin() else { return nil }
        if isQuoted { return quoted()?.string }
        let start = position
        let end = endOfCell()
        close(at: end)
        return end > start ? String(decoding: bytes[start..<end], as: UTF8.self) : nil
    }

    /// Passes over cells that nobody asks for.
    package mutating func skip(_ count: Int = 1) {
        for _ in 0..<count where begin() {
            if isQuoted { _ = quoted() } else { close(at: endOfCell()) }
        }
    }

    /// A cell behind the last one breaks the row.
    private mutating func begin() -> Bool {
        if isOver { isBroken = true }
        return !isBroken
    }

    private mutating func close(at separator: Int) {
        position = separator + 1
        guard separator < bytes.count else {
            isBroken = true
            return
        }
        switch bytes[separator] {
        case SampleText.lineFeed: isOver = true
        case SampleText.comma: break
        default: isBroken = true
        }
    }

    private var isQuoted: Bool { position < bytes.count && bytes[position] == SampleText.quotes }

    private func endOfCell() -> Int {
        var index = position
        while index < bytes.count, bytes[index] != SampleText.comma, bytes[index] != SampleText.lineFeed { index += 1 }
        return index
    }

    private mutating func number() -> Int64? {
        let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        let start = isNegative ? position + 1 : position
        var index = start
        // Counted downwards: the smallest number has no positive twin.
        var value: Int64 = 0
        while index < bytes.count {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int64(digit))
            if overflow || carry { isBroken = true }
            value = sum
            index += 1
        }
        if index == start ? isNegative : (!isNegative && value == .min) { isBroken = true }
        close(at: index)
        guard index > start, !isBroken else { return nil }
        return isNegative ? value : -value
    }

    /// JSON inside CSV quotes.
    private mutating func quoted() -> JSON? {
        var index = position + 1
        var text: [UInt8] = []
        while index < bytes.count, bytes[index] != SampleText.lineFeed {
            if bytes[index] == SampleText.quotes {
                index += 1
                guard index < bytes.count, bytes[index] == SampleText.quotes else {
                    close(at: index)
                    do { return try JSON(parsing: text) } catch {
                        isBroken = true
                        return nil
                    }
                }
            }
            text.append(bytes[index])
            index += 1
        }
        isBroken = true
        return nil
    }
}
