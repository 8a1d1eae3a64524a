import Messages
import Scenarios
import Sockets
import Units

extension Conductor {
    /// Asks the agent of each hit node; what they say of it arrives as news.
    func inject(_ id: String) {
        guard let fault = scenario.fault(id) else { preconditionFailure("the drill's faults are the scenario's") }
        var requests: [String: JSON] = [:]
        for application in fault.applications(on: topology) {
            let agent = fault.process == nil ? nil : topology.node(application.node).map { Conductor.processAgent(of: $0) }
            requests[agent ?? application.node] = request(fault, application)
        }
        let places = requests.keys.sorted().joined(separator: " and ")
        progress.say("fault \(id): \(fault.kind.rawValue) at \(places), \(fault.duration.written)")
        agents.inject(requests, as: id, within: .seconds(5)) { [unowned self] error in
            if let error { progress.say("fault \(id): \(error)") }
        }
    }

    private func request(_ fault: Fault, _ application: Fault.Application) -> JSON {
        var members: [JSON.Member] = [
            .init("id", .string(fault.id)), .init("kind", .string(fault.kind.rawValue)),
            .init("duration_ns", .integer(fault.duration.nanoseconds)), .init("by", "scenario"),
        ]
        let peers = application.peers.compactMap { topology.node($0)?.market }
        if !peers.isEmpty, fault.process == nil { members.append(.init("from", .array(peers.map { .string($0) }))) }
        if let delay = fault.delay { members.append(.init("delay_ns", .integer(delay.nanoseconds))) }
        if let jitter = fault.jitter { members.append(.init("jitter_ns", .integer(jitter.nanoseconds))) }
        if let percent = fault.percent {
            members.append(.init(fault.kind == .loss ? "loss_ppm" : "share_ppm", .integer(Int64(percent) * 10_000)))
        }
        if let bits = fault.bitsPerSecond { members.append(.init("bits_per_second", .integer(bits))) }
        if let port = fault.port { members.append(.init("port", .integer(Int64(port)))) }
        if let mode = fault.mode { members.append(.init("mode", .string(mode.rawValue))) }
        if let name = fault.process, let child = roles[name] {
            members.append(.init("pid", .integer(Int64(child.pid))))
        }
        return .object(members)
    }
}
