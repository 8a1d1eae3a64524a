// The broker's round trip as the wire saw it: from the order that left the governor's interface to the first report that
// came in there. What the same way costs without the broker's delay is taken off: the broker answers a TestRequest at
// once, so the session's own round trips measure it in the same run.
//
// A round trip of more than six deviations above the mean can't come from the distribution that was asked for: there
// the machine held somebody up. Such stalls say nothing of the jitter; they are counted, and more than one in a hundred
// leave the jitter unproven.

import History
import Messages
import Scenarios
import Units

extension Scene {
    private static let roundTripsMinimum = 100
    private static let baselineMinimum = 20
    private static let stallDeviations = 6.0
    private static let stallShareMaximum = 0.01
    /// Two-sided 99 %.
    private static let deviations99 = 2.5758293035489004

    struct RoundTripFigures {
        /// Milliseconds.
        let mean: Double
        let deviation: Double
        let baseline: Double
        let meanError: Double
        let deviationError: Double
        let count: Int
        /// Left out of the figures above.
        let stalls: Int
        let records: [Place]
    }

    func roundTrips() throws(ReasonError) -> RoundTripFigures {
        var first: [String: Stamp] = [:]
        var asked: [String: Instant] = [:]
        var plain: [Double] = []
        for message in timeline.messages {
            if message.isInbound, message.type == "8", !message.clOrdID.isEmpty, first[message.clOrdID] == nil {
                first[message.clOrdID] = message.stamp
            }
            guard !message.testRequest.isEmpty else { continue }
            if message.type == "1", !message.isInbound { asked[message.testRequest] = message.stamp.at }
            if message.type == "0", message.isInbound, let sent = asked.removeValue(forKey: message.testRequest) {
                plain.append((message.stamp.at - sent).milliseconds)
            }
        }
        var samples: [Double] = []
        var records: [Place] = []
        for departure in timeline.departures where departure.type == "D" && !departure.isPossibleDuplicate {
            guard let answer = first[departure.clOrdID], answer.at >= departure.stamp.at else { continue }
            samples.append((answer.at - departure.stamp.at).milliseconds)
            if records.isEmpty { records = [departure.stamp.record, answer.record] }
        }
        guard samples.count >= Scene.roundTripsMinimum else {
            throw ReasonError(reason: "\(samples.count) round trips, at least \(Scene.roundTripsMinimum) are needed")
        }
        guard plain.count >= Scene.baselineMinimum else {
            throw ReasonError(reason: "\(plain.count) answered TestRequests, at least \(Scene.baselineMinimum) are needed")
        }
        let (askedMean, askedDeviation) = askedRoundTrip
        let longest = askedMean + Scene.stallDeviations * askedDeviation
        let stalls = samples.count { $0 > longest }
        samples.removeAll { $0 > longest }
        guard samples.count >= Scene.roundTripsMinimum else {
            throw ReasonError(reason: "only \(samples.count) round trips took at most \(JSON.real(longest).text()) ms")
        }
        let count = Double(samples.count)
        let mean = samples.reduce(0, +) / count
        let deviation = Scene.deviation(samples)
        let sorted = plain.sorted()
        let baseline = sorted[(sorted.count - 1) / 2]
        // The error of a median is 1.2533 of a mean's, and a normal deviation 1.4826 of the median distance: a machine
        // that stalls must not widen what is accepted.
        let distances = plain.map { abs($0 - baseline) }.sorted()
        let spread = 1.4826 * distances[(distances.count - 1) / 2]
        let baselineError = 1.2533 * spread / Double(plain.count).squareRoot()
        return RoundTripFigures(
            mean: mean, deviation: deviation, baseline: baseline,
            meanError: Scene.deviations99 * (deviation * deviation / count + baselineError * baselineError).squareRoot(),
            deviationError: Scene.deviations99 * deviation / (2 * (count - 1)).squareRoot(), count: samples.count,
            stalls: stalls, records: records)
    }

    private static func deviation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))).squareRoot()
    }

    private var askedRoundTrip: (mean: Double, deviation: Double) {
        let broker = evidence.scenario.broker
        return (
            broker.roundTripMean.milliseconds, (Double(broker.roundTripVariance.units) / 10_000).squareRoot()
        )
    }

    /// A property of the rig: mean and deviation within their 99 % intervals of what was asked.
    func brokerLatencyJitter() -> Finding {
        let figures: RoundTripFigures
        do { figures = try roundTrips() } catch { return .unknown(error.reason) }
        let (askedMean, askedDeviation) = askedRoundTrip
        let added = figures.mean - figures.baseline
        var wrong: [String] = []
        func compare(_ what: String, _ found: Double, _ error: Double, _ asked: Double) {
            guard abs(found - asked) > error else { return }
            wrong.append(
                "\(what) \(JSON.real(found).text()) ms ± \(JSON.real(error).text()), asked for \(JSON.real(asked).text()) ms")
        }
        compare("mean", added, figures.meanError, askedMean)
        compare("deviation", figures.deviation, figures.deviationError, askedDeviation)
        if Double(figures.stalls) > Scene.stallShareMaximum * Double(figures.count + figures.stalls) {
            wrong.append("\(figures.stalls) stalls in \(figures.count + figures.stalls)")
        }
        return Finding(
            wrong.isEmpty ? .pass : .inconclusive, observed: .bool(wrong.isEmpty), count: figures.count,
            reason: wrong.isEmpty ? nil : "the round trip has " + wrong.joined(separator: " and "),
            records: figures.records,
            interval: Finding.Interval(
                low: added - figures.meanError, high: added + figures.meanError, level: 99,
                method: "mean of \(figures.count) round trips less the session's own"))
    }
}
