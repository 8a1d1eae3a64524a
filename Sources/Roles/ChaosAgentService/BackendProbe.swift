// Which backends work here: found out by doing, in a table of our own that is removed at once.

import ChaosAgentCore
import Glibc
import Netlink
import Units

/// How packets get to netem's device.
package enum Detour: String, Sendable {
    /// A set of senders with time-outs and `fwd`: the kernel ends it.
    case forward = "nft fwd"
    /// A filter with `mirred`: a guardian ends it.
    case redirect = "tc redirect"
}

package enum BackendProbe {
    package struct Result: Sendable {
        package let backend: Backend
        /// `nil` when it works.
        package let problem: String?
        /// netem alone: how packets get to it here.
        package var detour: Detour?
    }

    private static let scratchTable = "gauntlet_probe"
    private static let probeDevice = 9_999

    /// The ladder. Our own queues come first: they end by themselves in the kernel, let go in order and know what they
    /// held; netem needs a guardian and ends out of order.
    package static func probe() -> [Result] {
        [
            queue(.nativeQueue, .queue(1)), queue(.queueTarget, .queueTarget(1)),
            netem(),
        ]
    }

    private static func netem() -> Result {
        if let problem = netemProblem() { return Result(backend: .netem, problem: problem) }
        return Result(backend: .netem, problem: nil, detour: canForward() ? .forward : .redirect)
    }

    /// Whether nf_tables forwards at the ingress of a device: tried on one of our own, which then goes.
    private static func canForward() -> Bool {
        let table = Nftables(node: "probe", table: scratchTable, family: .netdev)
        do {
            try table.refuseForeign()
            try table.remove()
            let control = try NetemControl()
            let device = try control.createDevice(probeDevice, NetemControl.Settings(delay: .zero))
            let index = try control.index(of: device)
            let attempt: [Nftables.Change] = [
                .table, .chain("probe", hook: .ingress, priority: -310, device: device),
                .rule(chain: "probe", owner: "probe", [.counter, .forward(interface: index)]),
            ]
            var isTaken = true
            do { try table.apply(attempt) } catch { isTaken = false }
            if isTaken { try table.remove() }
            try control.deleteDevice(device)
            return isTaken
        } catch {
            return false  // a kernel without nf_tables for devices; `tc` leads there
        }
    }

    /// The first that works, or the one that was asked for.
    package static func choose(_ wanted: Backend?, from results: [Result]) throws(AgentError) -> Backend {
        if let wanted {
            guard let problem = results.first(where: { $0.backend == wanted })?.problem else { return wanted }
            throw AgentError("backend \(wanted.rawValue)", problem, isMissingAbility: true)
        }
        if let first = results.first(where: { $0.problem == nil }) { return first.backend }
        let problems = results.map { "\($0.backend.rawValue): \($0.problem ?? "")" }.joined(separator: "; ")
        throw AgentError("backend", "none works here: \(problems)", isMissingAbility: true)
    }

    /// Makes a device of our own with netem on it, and removes it.
    private static func netemProblem() -> String? {
        do {
            let control = try NetemControl()
            let device = try control.createDevice(
                probeDevice, NetemControl.Settings(delay: .milliseconds(1)))
            let found = try control.readBack(device)
            try control.deleteDevice(device)
            return found == nil ? "netem was taken and can't be read back" : nil
        } catch {
            return error.code == EOPNOTSUPP || error.code == ENOENT
                ? "this kernel has no ifb or no sch_netem" : error.description
        }
    }

    private static func queue(_ backend: Backend, _ expression: NftExpression) -> Result {
        let table = Nftables(node: "probe", table: scratchTable)
        do {
            try table.refuseForeign()
            try table.remove()
            try table.apply([
                .table, .chain("probe", hook: .prerouting, priority: -310),
                .rule(
                    chain: "probe", owner: "probe",
                    [
                        .loadMeta(.inputInterface), .equals(Nftables.interfaceName("gauntlet-none")), .counter,
                        expression,
                    ]),
            ])
            try table.remove()
            return Result(backend: backend, problem: nil)
        } catch {
            let text = error.code == ENOENT ? "this kernel has no such nf_tables expression" : error.description
            return Result(backend: backend, problem: text)
        }
    }
}
