// One direction of a TCP connection, put together by sequence number.
//
// Invariant: every byte is delivered once, in order, with the stamp of the *first* packet that carried it.
// A retransmission, whole, merged with new bytes or overlapping, changes nothing about bytes already seen.
// A byte that the peer has acknowledged and the tap has not seen is a hole: the capture missed a packet,
// and what depends on it is not known. The stream goes on behind the hole.

import Units

package struct ByteStream: Sendable {
    package enum Output: Hashable, Sendable {
        /// Bytes that follow what was delivered before; all of them first left at `stamp`.
        case bytes(ArraySlice<UInt8>, stamp: WallTime)
        /// So many bytes passed unseen.
        case hole(Int)
    }

    private struct Piece {
        var start: Int64
        var bytes: ArraySlice<UInt8>
        let stamp: WallTime
        var end: Int64 { start + Int64(bytes.count) }
    }

    /// Beyond this distance a sequence number belongs to another life of the connection.
    package static let windowMaximum: Int64 = 1 << 26
    /// Bytes that may wait behind a gap; more than this, and the gap is given up as a hole.
    package static let waitingMaximum = 8 << 20

    /// Sequence number of offset 0; `nil` until anything was seen.
    private var base: UInt32?
    /// Offset of the next byte to deliver.
    private var next: Int64 = 0
    /// Sorted, without overlaps, all beyond `next`.
    private var waiting: [Piece] = []
    private var waitingBytes = 0
    /// Offset of the FIN, which takes a sequence number and is no byte.
    private var end: Int64?

    package init() {}

    /// The stream begins with the byte after this SYN.
    package mutating func begin(synchronize sequence: UInt32) {
        self = ByteStream()
        base = sequence &+ 1
    }

    /// Whether this SYN is the one that the stream began with, and nothing has followed it.
    package func began(synchronize sequence: UInt32) -> Bool { base == sequence &+ 1 && next == 0 }

    /// - Parameter length: what the packet said it carried; the capture may have cut `payload` shorter.
    package mutating func receive(
        sequence: UInt32, payload: ArraySlice<UInt8>, length: Int, isLast: Bool = false, stamp: WallTime
    ) -> [Output] {
        if base == nil { base = sequence }
        var outputs: [Output] = []
        var start = offset(of: sequence)
        if (start - next).magnitude > ByteStream.windowMaximum.magnitude {
            outputs += flushWaiting() + [.hole(1)]
            base = sequence
            next = 0
            end = nil
            start = 0
        }
        if isLast { end = start + Int64(length) }
        insert(start, payload, stamp)
        outputs += deliver()
        if waitingBytes > ByteStream.waitingMaximum { outputs += flushWaiting() }
        return outputs
    }

    /// The peer has everything below `sequence`.
    package mutating func acknowledge(_ sequence: UInt32) -> [Output] {
        if base == nil { base = sequence }
        var reached = offset(of: sequence)
        guard reached - next <= ByteStream.windowMaximum else { return [] }
        if let end, reached == end + 1 { reached = end }
        var outputs: [Output] = []
        while next < reached {
            let gapEnd = min(reached, waiting.first?.start ?? reached)
            if gapEnd > next { outputs.append(.hole(Int(gapEnd - next))) }
            next = gapEnd
            outputs += deliver()
        }
        return outputs
    }

    private func offset(of sequence: UInt32) -> Int64 {
        let expected = (base ?? 0) &+ UInt32(truncatingIfNeeded: next)
        return next + Int64(Int32(bitPattern: sequence &- expected))
    }

    private mutating func insert(_ start: Int64, _ payload: ArraySlice<UInt8>, _ stamp: WallTime) {
        let finish = start + Int64(payload.count)
        var position = max(start, next)
        var index = 0
        while position < finish {
            while index < waiting.count, waiting[index].end <= position { index += 1 }
            let known = index < waiting.count ? waiting[index].start : finish
            let freshEnd = min(finish, known)
            if freshEnd > position {
                let from = payload.startIndex + Int(position - start)
                let fresh = payload[from..<(from + Int(freshEnd - position))]
                waiting.insert(Piece(start: position, bytes: fresh, stamp: stamp), at: index)
                waitingBytes += fresh.count
                index += 1
            }
            position = index < waiting.count ? max(freshEnd, waiting[index].end) : finish
        }
    }

    private mutating func deliver() -> [Output] {
        var outputs: [Output] = []
        var count = 0
        for piece in waiting {
            guard piece.start == next else { break }
            outputs.append(.bytes(piece.bytes, stamp: piece.stamp))
            next = piece.end
            waitingBytes -= piece.bytes.count
            count += 1
        }
        if count > 0 { waiting.removeFirst(count) }
        return outputs
    }

    private mutating func flushWaiting() -> [Output] {
        var outputs: [Output] = []
        while let first = waiting.first {
            outputs.append(.hole(Int(first.start - next)))
            next = first.start
            outputs += deliver()
        }
        return outputs
    }
}
