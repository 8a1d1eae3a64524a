/// Cuts a byte stream into lines. A line longer than the limit is an error of the peer, not of our memory.
package struct LineSplitter {
    package struct TooLong: Error, Hashable, Sendable { package let limit: Int }

    package let limit: Int
    private var pending: [UInt8] = []

    package init(limit: Int = 1 << 20) { self.limit = limit }

    /// The complete lines in `pending` + `bytes`, without their LF; what is left waits for the next call.
    package mutating func lines(in bytes: ArraySlice<UInt8>) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            pending += bytes[start..<end]
            lines.append(pending)
            pending.removeAll(keepingCapacity: true)
            start = end + 1
        }
        pending += bytes[start...]
        guard pending.count <= limit else { throw TooLong(limit: limit) }
        return lines
    }
}
