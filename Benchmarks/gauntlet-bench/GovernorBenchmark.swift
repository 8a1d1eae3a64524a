import Books
import GovernorCore
import Messages
import Sockets
import Units

/// The governor's core alone, on one core: a trading day's mix at 400 intents a second of simulated time.
struct GovernorBenchmark {
    static let goalP99 = Duration.microseconds(10)
    static let goalRate = 500_000.0
    /// Until the caches, the rate windows and the tables are as full as they get.
    private static let warmUp = 20_000

    let intents: Int
    let root: String
    let report: FigureTable

    func run() throws {
        report.begin("governor core, \(intents) intents")
        var mix = try GovernorMix(root: root, restingFor: 10...40)
        measure(&mix, "about 35 open orders")
        mix = try GovernorMix(root: root, restingFor: 40...390)
        measure(&mix, "about 130 open orders", isGoal: false)
    }

    private func measure(_ mix: inout GovernorMix, _ label: String, isGoal: Bool = true) {
        for _ in 0..<GovernorBenchmark.warmUp { mix.step() }
        mix.forgetTimes()
        let start = Instant.now
        for _ in 0..<intents { mix.step() }
        let wall = Instant.now - start
        let decisions = mix.times.decisions
        let rate = Double(decisions.count) / decisions.total.seconds
        let all = decisions.total + mix.times.others.total
        report.add(
            "governor core: one decision (\(label))",
            "P50 \(shown(decisions.median)), P99 \(shown(decisions.p99)), largest \(shown(decisions.maximum))",
            goal: isGoal ? "P99 < 10 µs" : "", met: isGoal ? decisions.p99 < GovernorBenchmark.goalP99 : nil)
        report.add(
            "governor core: decisions on one core (\(label))", "\(Int(rate)) a second",
            goal: isGoal ? "> 500,000 a second" : "", met: isGoal ? rate > GovernorBenchmark.goalRate : nil)
        report.add(
            "governor core: with all that a decision brings after it (\(label))",
            "\(Int(Double(decisions.count) / all.seconds)) intents a second, "
                + "\(Int(Double(decisions.count + mix.times.others.count) / all.seconds)) events a second; "
                + "P99 of the other events \(shown(mix.times.others.p99)); decisions: \(mix.reasons); "
                + "open \(mix.governor.view.openOrders); with the simulation \(shown(wall))")
    }
}
