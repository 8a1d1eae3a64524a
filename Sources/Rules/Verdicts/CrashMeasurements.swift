import Messages
import Scenarios

extension Scene {
    /// The figures of a flash crash under the names of the requirements, and those that stand beside them. One that
    /// could not be measured is `null`.
    func crashMeasurements(_ gates: [Verdict.GateResult]) -> [JSON.Member] {
        func has(_ name: GateName) -> Bool { gates.contains { $0.name == name } }
        var members: [JSON.Member] = []
        for name in [
            GateName.maxDrawdown, .hardLimitBreaches, .riskLimitBreaches, .finalPositionShares, .depthThinningApplied,
            .brokerLatencyJitter, .ordersInHalt,
        ] where has(name) {
            members.append(.init(name.rawValue, gates.first { $0.name == name }?.finding.observed ?? .null))
        }
        // A figure that can't be had has its reason in its gate.
        if has(.maxDrawdown) {
            let figures = try? drawdown()
            members.append(.init("max_drawdown_in_fall_pct", figures.map { .real($0.fall) } ?? .null))
        }
        if has(.depthThinningApplied) {
            let figures = try? thinning()
            members.append(.init("depth_thinning_pct", figures.map { .real($0.measured) } ?? .null))
        }
        if has(.brokerLatencyJitter) {
            let figures = try? roundTrips()
            members += [
                .init("broker_round_trip_ms", figures.map { .real($0.mean) } ?? .null),
                .init("broker_round_trip_deviation_ms", figures.map { .real($0.deviation) } ?? .null),
                .init("broker_round_trip_stalls", figures.map { .integer(Int64($0.stalls)) } ?? .null),
                .init("session_round_trip_ms", figures.map { .real($0.baseline) } ?? .null),
            ]
        }
        if has(.ungovernedTwin) {
            let outcome = try? twin()
            members += [
                .init("ungoverned_twin_drawdown_pct", outcome.map { .real($0.drawdownPercent) } ?? .null),
                .init("ungoverned_twin_fills", outcome.map { .integer(Int64($0.fills)) } ?? .null),
            ]
        }
        if has(.participation) {
            let figures = try? participationFigures()
            members += [
                .init("peak_exposure_pct", figures.map { .real($0.peakExposurePercent) } ?? .null),
                .init("loss_rejections", figures.map { .integer(Int64($0.lossRejections.count)) } ?? .null),
            ]
        }
        return members
    }
}
