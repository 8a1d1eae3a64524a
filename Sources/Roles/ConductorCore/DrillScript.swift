import Units

/// What the conductor does and when, taken from a scenario and from nothing else.
package struct DrillScript: Hashable, Sendable {
    package struct Phase: Hashable, Sendable {
        package let name: String
        /// `nil`: the phase lasts until its faults are over, and in `heal` until the operator has resumed.
        package let lasts: Duration?

        package init(name: String, lasts: Duration?) {
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

    /// When the operator clears the latch and the pause: at the later of recovery + `afterRecovery` and first
    /// effect + `notBefore`, at most first effect + `atMost`. Nobody resumes when it is `nil`.
    package struct Resume: Hashable, Sendable {
        package let afterRecovery: Duration
        package let notBefore: Duration
        package let atMost: Duration

        package init(afterRecovery: Duration, notBefore: Duration, atMost: Duration) {
            self.afterRecovery = afterRecovery
            self.notBefore = notBefore
            self.atMost = atMost
        }
    }

    package let phases: [Phase]
    package let faults: [Fault]
    package let resume: Resume?
    /// Position ≠ 0, a working order, the session up, both flags clear, before the first fault is started.
    package let mustBeArmed: Bool
    /// How long the drill waits for that.
    package let armedWithin: Duration

    package init(phases: [Phase], faults: [Fault], resume: Resume?, mustBeArmed: Bool, armedWithin: Duration = .seconds(10)) {
        self.phases = phases
        self.faults = faults
        self.resume = resume
        self.mustBeArmed = mustBeArmed
        self.armedWithin = armedWithin
    }
}
