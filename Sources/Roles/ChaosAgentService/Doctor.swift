import CLinux
import ChaosAgentCore
import Glibc
import Messages
import Netlink

/// What this machine can do, found out by doing it, and what to do about what it can't.
package enum Doctor {
    /// `probed` comes from the start of an agent: probing removes a chain, and the kernel then drops what any queue of
    /// the namespace holds.
    package static func report(interface: String?, backend: Backend?, probed: [BackendProbe.Result]) -> JSON {
        let backends = probed.map { result in
            JSON.object([
                .init("backend", .string(result.backend.rawValue)), .init("works", .bool(result.problem == nil)),
                .init("problem", .optional(result.problem)), .init("detour", .optional(result.detour?.rawValue)),
                .init("proved_end_to_end", .string(proof(of: result.backend, result.detour))),
            ])
        }
        return .object([
            .init("backends", .array(backends)), .init("chosen", .optional(backend?.rawValue)),
            .init("table", .string(tablePresence())), .init("interface", .optional(interface)),
            .init("interface_problem", .optional(interface.flatMap { interfaceProblem($0) })),
            .init("may_end_processes", .bool(ProcessFault.missingAbility(for: .kill) == nil)),
            .init("realtime", .bool(mayRunRealtime())), .init("effective_uid", .integer(Int64(geteuid()))),
        ])
    }

    /// Where this project has seen the backend do its work, from the request to the heal: what its tests show, not what
    /// this machine does.
    private static func proof(of backend: Backend, _ detour: Detour?) -> String {
        switch (backend, detour) {
        case (.queueTarget, _): "yes: kernel tests and whole drills, kernel 6.18"
        case (.nativeQueue, _): "yes: Debian's cloud kernel 6.1 emulated by QEMU, witnessed by ping; no whole drill"
        case (.netem, .forward?):
            "yes, but for its own probes' 2 ms: Debian's cloud kernel 6.1 emulated by QEMU, witnessed by ping; no whole drill"
        case (.netem, _): "yes: netem proof under User Mode Linux 6.1, by tc redirect; no whole drill"
        }
    }

    /// Probes unless faults are in force here.
    package static func probeWhenIdle() throws(AgentError) -> [BackendProbe.Result] {
        let presence = try? Nftables(node: "doctor").presence()  // without nf_tables nothing of it is in force
        let detour = try? Nftables(node: "doctor", family: .netdev).presence()
        for case .ours(let node)? in [presence, detour] {
            throw AgentError(
                "doctor", "faults of node \(node) are in force here, and probing would disturb them; heal first")
        }
        return BackendProbe.probe()
    }

    private static func tablePresence() -> String {
        do {
            switch try Nftables(node: "doctor").presence() {
            case .absent: return "absent"
            case .ours(let node): return "ours, node \(node)"
            case .foreign: return "foreign: a table named gauntlet without our mark; every fault will be refused"
            }
        } catch {
            return "not readable: \(error)"
        }
    }

    private static func interfaceProblem(_ name: String) -> String? {
        do { return try InterfaceRule.refusal(name, try LinkControl()) } catch { return error.description }
    }

    /// Whether a thread of ours may be SCHED_FIFO: by capability, or by RLIMIT_RTPRIO.
    private static func mayRunRealtime() -> Bool {
        var limit = rlimit()
        let known = getrlimit(__rlimit_resource_t(14), &limit) == 0  // RLIMIT_RTPRIO
        return geteuid() == 0 || (known && limit.rlim_cur >= 50)
    }
}
