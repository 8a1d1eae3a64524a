import Messages
import Units

extension Scenario {
    /// What is meant to happen, as lines of the plan: phases, faults with the addresses that they hit, the operator.
    func schedule(on topology: Topology) -> [JSON] {
        var lines: [JSON] = phases.map { phase in
            [
                "phase": .string(phase.name.rawValue), "at_ns": .integer(start(of: phase.name)?.nanoseconds ?? 0),
                "duration_ns": .integer(phase.duration.nanoseconds),
            ]
        }
        lines += overlaySchedule
        for fault in faults {
            for application in fault.applications(on: topology) {
                lines.append(line(fault, application, topology))
            }
        }
        let unpause = (start(of: operatorRules.unpauseIn) ?? .zero) + operatorRules.unpauseOffset
        lines.append(["operator": "unpause", "at_ns": .integer(unpause.nanoseconds)])
        for resume in operatorRules.resumes {
            lines.append([
                "operator": "resume", "fault": .string(resume.fault),
                "after_recovery_ns": .integer(resume.afterRecovery.nanoseconds),
                "earliest_ns": .integer(resume.earliest.nanoseconds), "latest_ns": .integer(resume.latest.nanoseconds),
            ])
        }
        return lines
    }

    private func line(_ fault: Fault, _ application: Fault.Application, _ topology: Topology) -> JSON {
        let addresses = application.peers.compactMap { topology.node($0)?.market }
        var members: [JSON.Member] = [
            .init("fault", .string(fault.id)), .init("kind", .string(fault.kind.rawValue)),
            .init("at_ns", .integer(expectedStart(of: fault.id)?.nanoseconds ?? 0)),
            .init("node", .string(application.node)),
            .init("address", .optional(topology.node(application.node)?.market)),
            .init("from", .array(application.peers.map { .string($0) })),
            .init("from_addresses", .array(addresses.map { .string($0) })),
            .init("duration_ns", .integer(fault.duration.nanoseconds)),
        ]
        if case .inForce(let other, let within) = fault.start {
            members += [.init("after", .string(other)), .init("within_ns", .integer(within.nanoseconds))]
        }
        if let delay = fault.delay { members.append(.init("delay_ns", .integer(delay.nanoseconds))) }
        if let jitter = fault.jitter { members.append(.init("jitter_ns", .integer(jitter.nanoseconds))) }
        if let percent = fault.percent { members.append(.init("percent", .integer(Int64(percent)))) }
        if let bits = fault.bitsPerSecond { members.append(.init("bits_per_second", .integer(bits))) }
        if let port = fault.port { members.append(.init("port", .integer(Int64(port)))) }
        if let mode = fault.mode { members.append(.init("mode", .string(mode.rawValue))) }
        if let process = fault.process { members.append(.init("process", .string(process))) }
        return .object(members)
    }
}
