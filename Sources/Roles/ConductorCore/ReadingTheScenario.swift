import Scenarios
import Units

extension DrillScript {
    /// What the conductor needs of a scenario.
    package init(_ scenario: Scenario) {
        self.init(
            phases: scenario.phases.map { Phase(name: $0.name.rawValue, lasts: $0.duration) },
            faults: scenario.faults.map { fault in
                let trigger: Trigger =
                    switch fault.start {
                    case .phase(let name, let offset): .phase(name.rawValue, offset: offset)
                    case .inForce(let other, let within): .inForce(fault: other, within: within)
                    }
                return Fault(id: fault.id, trigger: trigger, lasts: fault.duration)
            },
            resumes: scenario.operatorRules.resumes.map { rule in
                Resume(fault: rule.fault, afterRecovery: rule.afterRecovery, earliest: rule.earliest, latest: rule.latest)
            },
            recoversFlat: scenario.gate(.positionFlatteningTriggered) != nil, mustBeArmed: scenario.gate(.armed) != nil,
            unpauseIn: scenario.operatorRules.unpauseIn.rawValue, unpauseOffset: scenario.operatorRules.unpauseOffset,
            stops: scenario.stops)
    }
}
