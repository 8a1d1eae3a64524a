import Messages
import Units

/// A limit of messages a second. Decisions are paced, and the wire bunches what was decided apart: too many are only
/// those that are too many by both clocks.
struct Pace: Sendable {
    private let what: String
    private let limit: Int64
    private let isCounted: @Sendable (Departure) -> Bool
    private let decided: [String: Instant]
    private var left: [Instant] = []
    private var decisions: [Instant] = []

    static func all(_ scene: Scene, _ limits: RiskLimits) -> [Pace] {
        var decided: [String: Instant] = [:]
        for outgone in scene.timeline.decided where outgone.kind == .accept || outgone.kind == .reduce {
            if let intent = outgone.intent { decided[intent] = outgone.stamp.at }
        }
        let verified = scene.leaks.verified
        let offered = scene.timeline.offered
        return [
            Pace("opening orders", limits.ordersPerSecond, decided) {
                $0.type != "F" && !verified.contains($0.stamp.record)
            },
            // A flattening is an obligation and has no budget of its own.
            Pace("exits", limits.exitsPerSecond, decided) {
                $0.type != "F" && verified.contains($0.stamp.record) && offered.last($0.reference) != nil
            },
            Pace("cancels", limits.cancelsPerSecond, decided) { $0.type == "F" && offered.last($0.reference) != nil },
        ]
    }

    private init(
        _ what: String, _ limit: Int64, _ decided: [String: Instant], _ isCounted: @escaping @Sendable (Departure) -> Bool
    ) {
        self.what = what
        self.limit = limit
        self.decided = decided
        self.isCounted = isCounted
    }

    mutating func breach(_ departure: Departure) -> String? {
        guard isCounted(departure) else { return nil }
        let onWire = Pace.count(departure.stamp.at, &left)
        let byDecision = Pace.count(decided[departure.reference] ?? departure.stamp.at, &decisions)
        let count = Int64(min(onWire, byDecision))
        return count > limit ? "\(count) \(what) within a second, at most \(limit)" : nil
    }

    private static func count(_ instant: Instant, _ times: inout [Instant]) -> Int {
        times.append(instant)
        times.removeAll { instant - $0 >= .seconds(1) }
        return times.count
    }
}
