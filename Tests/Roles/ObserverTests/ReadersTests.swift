import Testing

@testable import ObserverCore

@Suite struct ReadersTests {
    @Test(arguments: 0..<30)
    func `FIX messages come out whole however the stream is cut`(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let stream = (1...20).flatMap { newOrder($0) }
        var splitter = FIXSplitter()
        var found: [String] = []
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + Int.random(in: 1...60, using: &random))
            found += splitter.receive(stream[start..<end]).compactMap { $0[11] }
            start = end
        }
        #expect(found == (1...20).map { "O\($0)" }, "seed \(seed)")
        #expect(splitter.garbled == 0, "seed \(seed)")
    }

    @Test func `a wrong checksum is counted and the next message is found`() {
        var broken = newOrder(1)
        broken[broken.count - 3] ^= 1
        var splitter = FIXSplitter()
        let found = splitter.receive((broken + newOrder(2))[...])
        #expect(found.map { $0[11] } == ["O2"])
        #expect(splitter.garbled == 1)
    }

    @Test(arguments: [
        "8=FIX.4.4|9=x|35=0|10=000|", "8=FIX.4.4|9=-4|", "8=FIX.4.4|9=99999999999|", "8=FIX|8=FIX|9=5|", "hello|"
    ])
    func `what is no message is garbage, not a wait for ever`(_ text: String) {
        var splitter = FIXSplitter()
        let bytes = text.utf8.map { $0 == UInt8(ascii: "|") ? 1 : $0 }
        #expect(splitter.receive((bytes + newOrder(7))[...]).map { $0[11] } == ["O7"])
        #expect(splitter.garbled >= 1)
    }

    @Test func `behind a hole the reader looks for the next beginning without calling it garbage`() {
        var splitter = FIXSplitter()
        _ = splitter.receive(newOrder(1)[..<30])
        splitter.skipHole()
        let found = splitter.receive((newOrder(1)[50...] + newOrder(2))[...])
        #expect(found.map { $0[11] } == ["O2"])
        #expect(splitter.garbled == 0)
    }

    @Test(arguments: 0..<30)
    func `RESP values come out whole however the stream is cut`(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let stream =
            bulkArray("message", "strategy.intents", "{}")
            + Array("+OK\r\n:12\r\n$-1\r\n>1\r\n$2\r\nhi\r\n-ERR no\r\n".utf8)
        var decoder = RESPDecoder()
        var found: [RESPValue] = []
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + Int.random(in: 1...9, using: &random))
            found += decoder.receive(stream[start..<end])
            start = end
        }
        let expected: [RESPValue] = [
            .array([.bulk(Array("message".utf8)), .bulk(Array("strategy.intents".utf8)), .bulk(Array("{}".utf8))]),
            .simple(Array("OK".utf8)), .integer(12), .null, .push([.bulk(Array("hi".utf8))]),
            .error(Array("ERR no".utf8))
        ]
        #expect(found == expected, "seed \(seed)")
        #expect(decoder.garbled == 0, "seed \(seed)")
    }

    @Test func `what is no RESP is counted and the next array is found`() {
        var decoder = RESPDecoder()
        let found = decoder.receive(Array("\u{16}\u{3}garbage\r\n".utf8) + bulkArray("PING"))
        #expect(found == [.array([.bulk(Array("PING".utf8))])])
        #expect(decoder.garbled == 1)
    }
}
