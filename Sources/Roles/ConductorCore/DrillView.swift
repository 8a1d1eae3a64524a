import Messages
import Scenarios
import Units

/// What the conductor sees of the rig at one instant: the observer's word and the agents'.
package struct DrillView: Hashable, Sendable {
    package enum FaultStage: Int, Hashable, Sendable, Comparable {
        case unknown, acknowledged, inForce, ended, failed

        package static func < (left: FaultStage, right: FaultStage) -> Bool { left.rawValue < right.rawValue }
    }

    package struct FaultView: Hashable, Sendable {
        package var stage: FaultStage
        package var firstEffect: Instant?
        package var endOfEffect: Instant?

        package init(stage: FaultStage = .unknown, firstEffect: Instant? = nil, endOfEffect: Instant? = nil) {
            self.stage = stage
            self.firstEffect = firstEffect
            self.endOfEffect = endOfEffect
        }
    }

    package var sessionIsUp = false
    /// In the broker's ledger.
    package var positions: [String: Int64] = [:]
    package var workingOrders = 0
    /// `nil`: absent or not seen yet.
    package var pause: Bool?
    package var criticalPause: Bool?
    package var state = ""
    package var epoch: Int64 = 0
    package var reason = ""
    package var faults: [String: FaultView] = [:]
    /// The governor's last word on each series that a stop condition watches.
    package var metrics: [String: Reading] = [:]

    package struct Reading: Hashable, Sendable {
        package let value: Figure
        package let at: Instant

        package init(value: Figure, at: Instant) {
            self.value = value
            self.at = at
        }
    }

    package init() {}

    package var isFlat: Bool { positions.values.allSatisfy { $0 == 0 } }
    package var flagsAreClear: Bool { pause == false && criticalPause == false }
    package var isArmed: Bool { sessionIsUp && !isFlat && workingOrders > 0 && flagsAreClear }
    /// What is missing for being armed, in words; empty when nothing is.
    package var missingForArmed: String {
        var missing: [String] = []
        if isFlat { missing.append("the position is flat") }
        if workingOrders == 0 { missing.append("no order is working") }
        if !sessionIsUp { missing.append("no FIX session is up") }
        if pause != false { missing.append("governor.pause is \(pause.map(String.init) ?? "absent")") }
        if criticalPause != false { missing.append("governor.critical_pause is \(criticalPause.map(String.init) ?? "absent")") }
        return missing.joined(separator: ", ")
    }
}
