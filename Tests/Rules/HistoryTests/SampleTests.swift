import History
import Messages
import Testing
import Units

/// What came back: time, uncertainty, and the cells.
private struct Row: Equatable {
    var at: Int64
    var id: String?
    var tick: Int64?
}

@Suite struct SampleTests {
    private func read(_ bytes: [UInt8], pieces: Int = 1) -> (rows: [Row], reader: SampleReader) {
        var reader = SampleReader(.tapIntents)
        var rows: [Row] = []
        let length = max(1, (bytes.count + pieces - 1) / pieces)
        for start in stride(from: 0, to: bytes.count, by: length) {
            Array(bytes[start..<min(start + length, bytes.count)]).withUnsafeBytes { chunk in
                reader.read(chunk) { rows.append(Row(at: $0.at.nanoseconds, id: $0.text(), tick: $0.integer())) }
            }
        }
        return (rows, reader)
    }

    private func written(_ cells: [(String?, Int64?)]) -> [UInt8] {
        var text = SampleText(.tapIntents)
        for (number, cell) in cells.enumerated() {
            text.append(at: Instant(nanoseconds: Int64(number)), uncertainty: .nanoseconds(7)) { row in
                row.text(cell.0)
                row.integer(cell.1)
            }
        }
        return text.bytes
    }

    @Test(arguments: [
        "i1", "", " ", "a,b", "\"", "\"\"", "a\"b", "line\nline", "\r\n", "\u{1}", "\\n", "=1+1", "true", "0", "é漢🙂", "a\tb",
    ]) func `every text comes back as it was, and never spans lines`(_ text: String) {
        let bytes = written([(text, 1), (nil, nil)])
        #expect(bytes.count { $0 == 0x0A } == 3)
        #expect(read(bytes).rows == [Row(at: 0, id: text, tick: 1), Row(at: 1, id: nil, tick: nil)])
    }

    @Test(arguments: [0, 1, -1, 42, Int64.max, Int64.min]) func `every integer comes back as it was`(_ value: Int64) {
        #expect(read(written([("i", value)])).rows == [Row(at: 0, id: "i", tick: value)])
    }

    @Test func `wherever a file is split, the same rows come out`() {
        let bytes = written([("a", 1), ("b,c", -2), (nil, 3), ("", nil)])
        let whole = read(bytes)
        #expect(whole.rows.count == 4)
        for pieces in 1...bytes.count {
            let (rows, reader) = read(bytes, pieces: pieces)
            #expect(rows == whole.rows)
            #expect(reader.failure == nil && reader.tornBytes == 0 && reader.rows == 4)
        }
    }

    @Test func `a torn last row is cut, and counted`() {
        let bytes = written([("a", 1), ("b", 2)])
        let (rows, reader) = read(Array(bytes.dropLast()))
        #expect(rows == [Row(at: 0, id: "a", tick: 1)])
        #expect(reader.tornBytes > 0)
    }

    @Test(arguments: [
        "1,7,a", "1,7,a,2,3", "x,7,a,2", "1,,a,2", "1,7,a,2x", "1,7,a,--2", "1,7,a,-", "1,7,\"a,2", "1,7,\"a\",2", "1,7,\"\"\"a\"\"\"x,2",
        "1,7,a,99999999999999999999", "", "1,7,a,2\r",
    ]) func `a row that is none stops the reading and is named`(_ line: String) {
        let bytes = written([("a", 1)]) + Array("\(line)\n9,9,z,9\n".utf8)
        let (rows, reader) = read(bytes)
        #expect(rows.first == Row(at: 0, id: "a", tick: 1))
        #expect(reader.rows == 1)
        #expect(reader.failure?.row == 1, "\(line)")
    }

    @Test func `a file with other columns is refused`() {
        var bytes = written([("a", 1)])
        bytes[0] = UInt8(ascii: "x")
        #expect(read(bytes).reader.failure?.row == nil)
        #expect(read(bytes).reader.failure != nil)
        #expect(read(bytes).rows.isEmpty)
    }

    @Test func `what doesn't fit its column is kept all the same`() throws {
        var text = SampleText(.tapIntents)
        let odd = Observation(.tap, "intent_in", at: Instant(nanoseconds: 1), [.init("id", 5), .init("tick", "x,y")])
        let isWhole = text.append(odd)
        #expect(isWhole)
        #expect(String(decoding: text.bytes, as: UTF8.self) == "t_ns,u_ns,id,tick\n1,0,\"5\",\"\"\"x,y\"\"\"\n")
        #expect(read(text.bytes).rows == [Row(at: 1, id: nil, tick: nil)])
    }

    @Test func `a field without a column is told`() {
        var text = SampleText(.tapIntents)
        let odd = Observation(.tap, "intent_in", at: Instant(nanoseconds: 1), [.init("id", "a"), .init("colour", "red")])
        let isWhole = text.append(odd)
        #expect(!isWhole)
    }

    @Test func `the streams have titles of their own, none twice`() {
        for stream in SampleStream.allCases {
            let titles = ["t_ns", "u_ns"] + stream.columns.map(\.title)
            #expect(Set(titles).count == titles.count)
            #expect(Set(stream.columns.map(\.field)).isDisjoint(with: Observation.reserved))
        }
    }
}
