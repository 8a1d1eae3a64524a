// The table that a run of the benchmarks prints: one row a figure, with the load under which it was measured.

import Glibc
import Processes
import Units

struct Figure {
    enum Outcome: String {
        case met, missed
        /// Measured where no goal was set.
        case measured = "-"
        case skipped
    }

    let name: String
    let measured: String
    let goal: String
    let outcome: Outcome
    let load: String
}

/// Collects figures and prints each as soon as it is there, as a row of a Markdown table.
final class FigureTable {
    private(set) var figures: [Figure] = []
    private var load = ""

    init() {
        print("Machine: \(Machine.description)")
        print("Date: \(WallDate.today)\n")
        print("| figure | measured | goal | | load |\n|---|---|---|---|---|")
        fflush(nil)
    }

    /// The load average of the last minute is read before the first figure of a benchmark.
    func begin(_ what: String) {
        load = Machine.load
        say("\(what) (load \(load))")
    }

    func say(_ text: String) {
        let line = Array("gauntlet-bench: \(text)\n".utf8)
        _ = write(2, line, line.count)
    }

    func add(_ name: String, _ measured: String, goal: String = "", met: Bool? = nil) {
        append(name, measured, goal, met.map { $0 ? .met : .missed } ?? .measured)
    }

    func skip(_ name: String, because reason: String, goal: String = "") {
        append(name, "not measured: \(reason)", goal, .skipped)
    }

    private func append(_ name: String, _ measured: String, _ goal: String, _ outcome: Figure.Outcome) {
        let figure = Figure(name: name, measured: measured, goal: goal, outcome: outcome, load: load)
        figures.append(figure)
        print("| \(name) | \(measured) | \(goal) | \(outcome.rawValue) | \(load) |")
        fflush(nil)  // shown as soon as it is measured, also in a pipe
    }

    var hasMissed: Bool { figures.contains { $0.outcome == .missed } }
}

enum Machine {
    static var description: String {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: name.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return "\(sysconf(Int32(_SC_NPROCESSORS_ONLN))) × \(processor), Linux \(release)"
    }

    private static var processor: String {
        let text = String(decoding: ProcessTable.contents("/proc/cpuinfo"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.drop { $0 == " " } }.map(String.init) ?? "unknown processor"
    }

    /// Of the last minute.
    static var load: String {
        String(decoding: ProcessTable.contents("/proc/loadavg").prefix { $0 != 0x20 }, as: UTF8.self)
    }
}

enum WallDate {
    static var today: String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
