import History
import Messages
import Testing
import Units

@Suite struct HistoryTests {
    private func written(_ count: Int) -> [UInt8] {
        var chain = Chain()
        return (0..<count).flatMap { number in
            chain.append(
                Observation(
                    .tap, "order_left", at: Instant(nanoseconds: Int64(number)), uncertainty: .nanoseconds(3),
                    [.init("cl_ord_id", .string("o\(number)")), .init("price", .null)]))
        }
    }

    @Test func `what was written is read back, with the head that the writer had`() throws {
        var chain = Chain()
        let observation = Observation(.feed, "intent", at: Instant(nanoseconds: 5), uncertainty: .nanoseconds(2), [.init("id", "a")])
        let bytes = chain.append(observation)
        let history = try History(parsing: bytes)
        #expect(history.records.map(\.observation) == [observation])
        #expect(history.head == chain.head)
        #expect(history.tornBytes == 0)
    }

    @Test func `a chain goes on from a history as if it had never stopped`() throws {
        let whole = written(4)
        var first = Chain()
        var second = Chain(continuing: try History(parsing: first.append(Observation(.rig, "run", at: Instant(nanoseconds: 0)))).facts)
        let next = Observation(.rig, "end", at: Instant(nanoseconds: 1))
        #expect(first.append(next) == second.append(next))
        #expect(!whole.isEmpty)
    }

    @Test func `every changed byte is found by the chain, but in the last line only by the sealed head`() throws {
        let bytes = written(3)
        let head = try History(parsing: bytes).head
        for position in bytes.indices {
            for bit in [UInt8(0x01), 0x20, 0x80] {
                var changed = bytes
                changed[position] ^= bit
                var reader = HistoryReader()
                changed.withUnsafeBytes { reader.read($0) { _ in } }
                #expect(reader.failure != nil || reader.facts.head != head, "byte \(position)")
            }
        }
    }

    @Test func `a torn last line is cut, and counted`() throws {
        let bytes = written(3)
        let history = try History(parsing: Array(bytes.dropLast()))
        #expect(history.records.count == 2)
        #expect(history.tornBytes > 0)
    }

    @Test func `lines before the damage are salvaged, and the damage is named`() {
        var bytes = written(3)
        let secondLine = bytes.firstIndex(of: 0x0A).map { $0 + 8 } ?? 0
        bytes[secondLine] ^= 1
        var reader = HistoryReader()
        var read = 0
        bytes.withUnsafeBytes { reader.read($0) { _ in read += 1 } }
        #expect(read == 1)
        #expect(reader.facts.count == 1)
        #expect(reader.failure != nil)
    }

    @Test(arguments: ["[]\n", "{}\n", "\n", "{\"i\":0,\"t\":0,\"u\":0,\"source\":\"nobody\",\"type\":\"x\",\"prev\":\"\(Chain.start)\"}\n",
        "{\"t\":0,\"i\":0,\"u\":0,\"source\":\"rig\",\"type\":\"x\",\"prev\":\"\(Chain.start)\"}\n",
        "{\"i\":1,\"t\":0,\"u\":0,\"source\":\"rig\",\"type\":\"x\",\"prev\":\"\(Chain.start)\"}\n"])
    func `a line that does not follow is refused`(_ text: String) {
        #expect(throws: HistoryError.self) { try History(parsing: Array(text.utf8)) }
    }

    @Test func `a field never hides a key of its line`() throws {
        var chain = Chain()
        let bytes = chain.append(Observation(.chaos, "fault_measured", at: Instant(nanoseconds: 0), [.init("source", "store")]))
        let seen = try #require(try History(parsing: bytes).records.first).observation
        #expect(seen.source == .chaos)
        #expect(seen["source_"] == "store")
    }
}
