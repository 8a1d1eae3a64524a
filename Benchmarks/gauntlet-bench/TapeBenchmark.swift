import Archive
import Glibc
import Scenarios
import Sockets
import Units

/// How fast recorded tapes are read, from a source that gives the same piece again and again: what is measured is the
/// reading, and a long tape differs from a short one by its length alone.
struct TapeBenchmark {
    private static let rowsMinimum = 1_000_000.0
    private static let growthMaximumKiB: Int64 = 1_024
    private static let pieceRows = 5_000
    private static let levels = 10

    let rows: Int
    let report: FigureTable

    func run() throws {
        report.begin("tapes")
        let lobster = lobsterPiece
        try measure("LOBSTER, 10 levels", bytes: lobster.messages.count + lobster.books.count) { pieces in
            var tape = LobsterTape(
                messages: source("message.csv", lobster.messages, pieces), books: source("book.csv", lobster.books, pieces),
                badRows: .refuse)
            var count = 0
            while try tape.next() != nil { count += 1 }
            return count
        }
        let (header, events) = marketByPricePiece
        try measure("MBP-10", bytes: events.count) { pieces in
            var tape = MarketByPriceTape(source("mbp10.csv", events, pieces, header: header), badRows: .refuse)
            var count = 0
            while try tape.next() != nil { count += 1 }
            return count
        }
    }

    /// `read` reads a tape of so many pieces and counts its rows.
    private func measure(_ name: String, bytes: Int, _ read: (_ pieces: Int) throws -> Int) throws {
        let pieces = rows / TapeBenchmark.pieceRows
        guard try read(1) == TapeBenchmark.pieceRows else {
            throw BenchmarkError(name, expected: "\(TapeBenchmark.pieceRows) rows a piece", found: "others")
        }
        let before = residentKiB
        let start = Instant.now
        let count = try read(pieces)
        let seconds = (Instant.now - start).seconds
        let growth = residentKiB - before
        guard count == pieces * TapeBenchmark.pieceRows else {
            throw BenchmarkError(name, expected: "\(pieces * TapeBenchmark.pieceRows) rows", found: "\(count)")
        }
        let rate = Double(count) / seconds
        report.add(
            "\(name): read on one core",
            "\(Int(rate)) rows a second, \(rounded(Double(bytes * pieces) / seconds / 1e6)) MB/s, n \(count)",
            goal: "≥ 1,000,000 rows a second", met: rate >= TapeBenchmark.rowsMinimum)
        report.add(
            "\(name): resident set after \(count) rows beside that after \(TapeBenchmark.pieceRows)",
            "\(growth) KiB more", goal: "≤ 1 MiB", met: growth <= TapeBenchmark.growthMaximumKiB)
    }

    private func source(_ file: String, _ piece: [UInt8], _ pieces: Int, header: [UInt8]? = nil) -> TapeSource {
        var left = pieces
        var header = header
        return TapeSource(file: file) { () throws(Mistakes) in
            if let first = header {
                header = nil
                return first
            }
            guard left > 0 else { return nil }
            left -= 1
            return piece
        }
    }

    /// All rows at one instant: pieces may follow each other any number of times.
    private var lobsterPiece: (messages: [UInt8], books: [UInt8]) {
        var messages = ""
        var books = ""
        for row in 0..<TapeBenchmark.pieceRows {
            let middle = Int64(5_853_300 + row % 50 * 100)
            messages += "34200.123456789,\(1 + row % 4),\(16_113_575 + row),18,\(middle),1\n"
            books += (1...Int64(TapeBenchmark.levels)).map { level in
                "\(middle + level * 100),\(100 + level),\(middle - level * 100),\(200 + level)"
            }.joined(separator: ",") + "\n"
        }
        return (Array(messages.utf8), Array(books.utf8))
    }

    private var marketByPricePiece: (header: [UInt8], events: [UInt8]) {
        var text = ""
        for row in 0..<TapeBenchmark.pieceRows {
            let middle = 43_938 + row % 50
            func price(_ cents: Int) -> String { "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)0000000" }
            text += "1697549400000000001,1697549400000000000,10,2,11667,A,B,0,\(price(middle)),100,130,165200,\(851_012 + row)"
            for level in 1...TapeBenchmark.levels {
                text += ",\(price(middle - level)),\(price(middle + level)),\(100 + level),\(200 + level),\(level),\(level + 1)"
            }
            text += ",NVDA\n"
        }
        return (Array((MarketByPriceTape.names.joined(separator: ",") + "\n").utf8), Array(text.utf8))
    }

    private var residentKiB: Int64 {
        // Pages; a process without its own statm has other troubles.
        guard let text = try? readFile("/proc/self/statm") else { return 0 }
        let pages = String(decoding: text, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int64($0) }
        return (pages ?? 0) * Int64(sysconf(Int32(_SC_PAGESIZE))) / 1_024
    }
}
