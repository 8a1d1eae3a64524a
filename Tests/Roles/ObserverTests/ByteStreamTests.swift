import Testing
import Units

@testable import ObserverCore

@Suite struct ByteStreamTests {
    private func stamp(_ number: Int) -> WallTime { WallTime(nanoseconds: Int64(number)) }

    private func delivered(_ outputs: [ByteStream.Output]) -> [(byte: UInt8, stamp: WallTime)] {
        outputs.flatMap { output -> [(byte: UInt8, stamp: WallTime)] in
            guard case .bytes(let bytes, let stamp) = output else { return [] }
            return bytes.map { ($0, stamp) }
        }
    }

    private func holes(_ outputs: [ByteStream.Output]) -> Int {
        outputs.reduce(0) { if case .hole(let count) = $1 { $0 + count } else { $0 } }
    }

    @Test(arguments: 0..<60)
    func `every byte comes once, in order, with its first packet's stamp, whatever TCP does`(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let content = (0..<Int.random(in: 1...3_000, using: &random)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        // Half of the runs pass through the wrap of the sequence numbers.
        let isn =
            seed % 2 == 0 ? UInt32.max - UInt32(content.count / 2) : UInt32.random(in: 0...UInt32.max, using: &random)
        var stream = ByteStream()
        stream.begin(synchronize: isn)
        var firstStamps = [WallTime?](repeating: nil, count: content.count)
        var outputs: [ByteStream.Output] = []
        var packetNumber = 0
        func carry(_ range: Range<Int>) {
            packetNumber += 1
            for index in range where firstStamps[index] == nil { firstStamps[index] = stamp(packetNumber) }
            outputs += stream.receive(
                sequence: isn &+ 1 &+ UInt32(range.lowerBound), payload: content[range], length: range.count,
                stamp: stamp(packetNumber))
        }
        // New segments, out of order within a few; among them repeats, whole, merged or overlapping at random.
        var segments: [Range<Int>] = []
        var start = 0
        while start < content.count {
            let end = min(content.count, start + Int.random(in: 1...400, using: &random))
            segments.append(start..<end)
            start = end
        }
        for index in segments.indices where index % 3 == 0 {
            segments.swapAt(index, Int.random(in: index..<min(segments.count, index + 4), using: &random))
        }
        for segment in segments {
            carry(segment)
            if Int.random(in: 0..<3, using: &random) == 0 {
                let from = Int.random(in: 0..<content.count, using: &random)
                carry(from..<min(content.count, from + Int.random(in: 1...700, using: &random)))
            }
        }
        let seen = delivered(outputs)
        #expect(seen.map(\.byte) == content, "seed \(seed)")
        #expect(seen.map(\.stamp) == firstStamps.map { $0 ?? stamp(-1) }, "seed \(seed)")
        #expect(holes(outputs) == 0, "seed \(seed)")
    }

    @Test func `a retransmission merged with new bytes delivers only the new ones`() {
        var stream = ByteStream()
        stream.begin(synchronize: 99)
        _ = stream.receive(sequence: 100, payload: [1, 2, 3], length: 3, stamp: stamp(1))
        let outputs = stream.receive(sequence: 100, payload: [1, 2, 3, 4, 5], length: 5, stamp: stamp(2))
        #expect(outputs == [.bytes([4, 5], stamp: stamp(2))])
    }

    @Test func `bytes that the peer acknowledged and nobody saw are a hole, and the stream goes on behind it`() {
        var stream = ByteStream()
        stream.begin(synchronize: 99)
        _ = stream.receive(sequence: 100, payload: [1, 2], length: 2, stamp: stamp(1))
        #expect(stream.receive(sequence: 105, payload: [6, 7], length: 2, stamp: stamp(2)).isEmpty)
        #expect(stream.acknowledge(107) == [.hole(3), .bytes([6, 7], stamp: stamp(2))])
    }

    @Test func `a gap that the peer has not acknowledged waits for its bytes`() {
        var stream = ByteStream()
        stream.begin(synchronize: 99)
        _ = stream.receive(sequence: 102, payload: [3], length: 1, stamp: stamp(1))
        #expect(stream.acknowledge(100).isEmpty)
        let outputs = stream.receive(sequence: 100, payload: [1, 2], length: 2, stamp: stamp(2))
        #expect(outputs == [.bytes([1, 2], stamp: stamp(2)), .bytes([3], stamp: stamp(1))])
    }

    @Test func `the sequence number of a FIN is no missing byte`() {
        var stream = ByteStream()
        stream.begin(synchronize: 99)
        _ = stream.receive(sequence: 100, payload: [1], length: 1, isLast: true, stamp: stamp(1))
        #expect(stream.acknowledge(102).isEmpty)
    }

    @Test func `a packet that the capture cut leaves a hole, not silence`() {
        var stream = ByteStream()
        stream.begin(synchronize: 99)
        _ = stream.receive(sequence: 100, payload: [1, 2], length: 10, stamp: stamp(1))
        #expect(holes(stream.acknowledge(110)) == 8)
    }

    @Test func `a keep-alive probe repeats an old byte and delivers nothing`() {
        var stream = ByteStream()
        stream.begin(synchronize: 99)
        _ = stream.receive(sequence: 100, payload: [1, 2], length: 2, stamp: stamp(1))
        #expect(stream.receive(sequence: 101, payload: [0], length: 1, stamp: stamp(2)).isEmpty)
    }
}
