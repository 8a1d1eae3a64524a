// How fast a governor can go: the verdicts of runs at rising rates, and the highest rate that still passes.

import Messages
import Scenarios
import Verdicts

package struct RateSweep: Sendable {
    package struct Step: Hashable, Sendable {
        /// Intents a second.
        package let rate: Int64
        /// Of both latencies; a gate that the verdict lacks is inconclusive.
        package let outcome: Outcome
        /// As shown: P50, P99 and P99.9 of the pipeline, then of decisions.
        package let figures: [String]

        /// - Parameter verdict: content of a `verdict.json`.
        package init(rate: Int64, verdict: JSON) {
            self.rate = rate
            let gates = verdict["gates"]?.array ?? []
            outcome = Outcome.of(
                RateSweep.latencies.map { name in
                    let gate = gates.first { $0["name"]?.string == name.rawValue }
                    return Outcome(rawValue: gate?["verdict"]?.string ?? "") ?? .inconclusive
                })
            figures = ["pipeline", "decision"].flatMap { name in
                ["p50", "p99", "p999"].map { suffix in
                    let value = verdict["measurements"]?["\(name)_latency_\(suffix)_ms"]?.double
                    return value.map { "\(JSON.real($0).text()) ms" } ?? "unknown"
                }
            }
        }

        package var line: String { RateSweep.row(["\(rate)/s"] + figures + [outcome.rawValue]) }
    }

    package struct RangeError: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    static let latencies: [GateName] = [.pipelineLatency, .decisionLatency]
    package static let head = row(["rate", "pipeline P50", "P99", "P99.9", "decision P50", "P99", "P99.9", "verdict"])

    package private(set) var steps: [Step] = []

    package init() {}

    package mutating func add(_ step: Step) { steps.append(step) }

    /// After a rate that fails none is tried.
    package var isOver: Bool { steps.last?.outcome == .fail }

    /// The last one that passed before the first that failed. A run whose load was late is no failure of the governor.
    package var highest: Int64? { steps.prefix { $0.outcome != .fail }.last { $0.outcome == .pass }?.rate }

    package var conclusion: String { highest.map { "highest rate that passes: \($0)/s" } ?? "no rate was seen to pass" }

    /// `LOW..HIGH`: 1, 2 and 5 times the powers of ten between them.
    package static func rates(_ text: String) throws(RangeError) -> [Int64] {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let ends = parts.count == 3 && parts[1].isEmpty ? [parts[0], parts[2]].compactMap { Int64($0) } : []
        guard ends.count == 2, ends[0] >= 1, ends[0] <= ends[1], ends[1] <= 100_000 else {
            throw RangeError(description: "--rate: expected LOW..HIGH, 1 to 100000, found '\(text)'")
        }
        var rates: [Int64] = []
        var decade: Int64 = 1
        while decade <= ends[1] {
            rates += [1, 2, 5].map { $0 * decade }.filter { (ends[0]...ends[1]).contains($0) }
            decade *= 10
        }
        guard !rates.isEmpty else {
            throw RangeError(description: "--rate: no 1, 2 or 5 times a power of ten lies in \(text)")
        }
        return rates
    }

    private static func row(_ cells: [String]) -> String {
        cells.map { $0 + String(repeating: " ", count: max(1, 16 - $0.count)) }.joined()
    }
}
