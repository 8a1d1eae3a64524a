import Testing
import Units

import Scenarios

@Suite struct ReconstructionTests {
    private static let file = "data/nvda-2023-10-17-reconstruction.csv"

    @Test func `the bundled tape is what the generator gives for the bundled seed`() throws {
        let bars = BarReconstruction.nvda.bars(seed: BarReconstruction.bundledSeed)
        #expect(try ProjectFiles.bytes(ReconstructionTests.file) == Bar.csv(bars))
    }

    @Test func `the bundled tape reads back, 175 bars`() throws {
        let bytes = try ProjectFiles.bytes(ReconstructionTests.file)
        let read = try Bar.read(csv: bytes, file: ReconstructionTests.file, badRows: .refuse)
        #expect(read.rows == BarReconstruction.nvda.bars(seed: BarReconstruction.bundledSeed))
        #expect(read.rows.count == 175)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 20_231_017, UInt64.max])
    func `whatever the seed, the public daily figures hold`(_ seed: UInt64) throws {
        let bars = BarReconstruction.nvda.bars(seed: seed)
        #expect(bars.first?.open.description == "440")
        #expect(bars.map(\.high).max()?.description == "447.54")
        #expect(bars.map(\.low).min()?.description == "424.8")
        #expect(bars.last?.close.description == "439.38")
        #expect(bars.reduce(Quantity.zero) { $0 + $1.volume }.shares == 81_233_300)
        #expect(bars.first?.timestamp.utcText == "2023-10-17T13:30:00.000Z")
        #expect(zip(bars, bars.dropFirst()).allSatisfy { $0.close == $1.open })
        #expect(try Bar.read(csv: Bar.csv(bars), file: "x", badRows: .refuse).rows == bars)
    }

    @Test func `another seed gives another day`() {
        #expect(BarReconstruction.nvda.bars(seed: 1) != BarReconstruction.nvda.bars(seed: 2))
    }
}

@Suite struct SeededDrawTests {
    @Test func `a value depends on seed, stream and index, and on nothing else`() {
        let draw = SeededDraw(seed: 1, stream: "a")
        let forwards = (0..<100).map { draw.bits(at: $0) }
        let backwards = (0..<100).reversed().map { draw.bits(at: $0) }
        #expect(forwards == backwards.reversed())
        #expect(Set(forwards).count == 100)
        #expect(SeededDraw(seed: 2, stream: "a").bits(at: 0) != forwards[0])
        #expect(SeededDraw(seed: 1, stream: "b").bits(at: 0) != forwards[0])
    }

    @Test func `values stay in their range and reach both ends`() {
        let draw = SeededDraw(seed: 9, stream: "range")
        let values = (0..<1_000).map { draw.whole(in: -2...2, at: $0) }
        #expect(Set(values) == [-2, -1, 0, 1, 2])
        #expect(draw.whole(in: 5...5, at: 3) == 5)
    }

    @Test func `the bell has mean 0 and standard deviation 1`() {
        let draw = SeededDraw(seed: 4, stream: "bell")
        let values = (0..<20_000).map { Double(draw.bell(at: $0)) / 1e6 }
        let mean = values.reduce(0, +) / 20_000
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        #expect(mean.magnitude < 0.03 && (variance - 1).magnitude < 0.04)
    }
}

@Suite struct UTCTextTests {
    @Test(arguments: [
        "1970-01-01T00:00:00.000Z", "2023-10-17T13:30:00.123Z", "2000-02-29T23:59:59.999Z", "1999-12-31T00:00:00.001Z",
        "1969-07-20T20:17:40.000Z", "2100-03-01T00:00:00.000Z",
    ])
    func `a UTC time reads back as it was written`(_ text: String) {
        #expect(WallTime(utcText: text)?.utcText == text)
    }

    @Test(arguments: [
        "2023-10-17T13:30:00", "2023-13-17T13:30:00Z", "2100-02-29T00:00:00Z", "2023-10-17 13:30:00Z",
        "2023-10-17T24:00:00Z", "2023-10-17T13:30:60Z", "2023-10-17T13:30:00.Z", "2023-10-17T13:30:00+02:00", "",
    ])
    func `what is no UTC time is refused`(_ text: String) { #expect(WallTime(utcText: text) == nil) }
}
