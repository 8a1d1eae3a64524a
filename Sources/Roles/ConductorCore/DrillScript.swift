import Scenarios
import Units

/// What the conductor does and when, taken from a scenario and from nothing else.
package struct DrillScript: Hashable, Sendable {
    package struct Phase: Hashable, Sendable {
        package let name: String
        /// At least this long; `heal` also waits until the operator has resumed.
        package let lasts: Duration

        package init(name: String, lasts: Duration) {
            self.name = name
            self.lasts = lasts
        }
    }

    package enum Trigger: Hashable, Sendable {
        case phase(String, offset: Duration)
        /// As soon as that fault is confirmed in force; later than `within` is a fault of the rig.
        case inForce(fault: String, within: Duration)
    }

    package struct Fault: Hashable, Sendable {
        package let id: String
        package let trigger: Trigger
        package let lasts: Duration

        package init(id: String, trigger: Trigger, lasts: Duration) {
            self.id = id
            self.trigger = trigger
            self.lasts = lasts
        }
    }

    /// When the operator clears the latch and the pause: at the later of recovery + `afterRecovery` and that
    /// fault's first effect + `earliest`, at most its first effect + `latest`.
    package struct Resume: Hashable, Sendable {
        package let fault: String
        package let afterRecovery: Duration
        package let earliest: Duration
        package let latest: Duration

        package init(fault: String, afterRecovery: Duration, earliest: Duration, latest: Duration) {
            self.fault = fault
            self.afterRecovery = afterRecovery
            self.earliest = earliest
            self.latest = latest
        }
    }

    package let phases: [Phase]
    package let faults: [Fault]
    package let resumes: [Resume]
    /// Whether a governor counts as recovered only when it is flat: where the scenario makes it flatten.
    package let recoversFlat: Bool
    /// Position ≠ 0, a working order, the session up, both flags clear, before the first fault is started.
    package let mustBeArmed: Bool
    /// How long the drill waits for that.
    package let armedWithin: Duration
    package let unpauseIn: String
    package let unpauseOffset: Duration
    package let stops: [StopCondition]

    package init(
        phases: [Phase], faults: [Fault], resumes: [Resume], recoversFlat: Bool = true, mustBeArmed: Bool,
        armedWithin: Duration = .seconds(5), unpauseIn: String = "warm-up", unpauseOffset: Duration = .zero,
        stops: [StopCondition] = []
    ) {
        self.phases = phases
        self.faults = faults
        self.resumes = resumes
        self.recoversFlat = recoversFlat
        self.mustBeArmed = mustBeArmed
        self.armedWithin = armedWithin
        self.unpauseIn = unpauseIn
        self.unpauseOffset = unpauseOffset
        self.stops = stops
    }
}
