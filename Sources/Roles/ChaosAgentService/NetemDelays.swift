// Delays by netem: one intermediate device for each share of the dose plan.
//
// Two differences from our own queues, both of the kernel's making. It has no time-out for a qdisc, so a guardian
// process holds a lease. And at the end what is still held comes out late, behind packets that no longer take the
// detour: TCP sees them out of order, once.

import ChaosAgentCore
import Netlink
import Sockets
import Units

final class NetemDelays: DoseKeeper {
    private struct Running {
        let share: DosePlan.Share
        let device: String
        let number: Int
        let settings: NetemControl.Settings
    }

    private let control: NetemControl
    private let interface: String
    private let lend: (Duration) throws -> ChildLease
    private var running: [String: Running] = [:]
    private var lease: ChildLease?
    private var used = 0
    /// Whether the ingress qdisc is ours: only then may it be removed.
    private var hasIngress = false
    private var settled: [String: FaultLife.Counters] = [:]
    private(set) var changed = Instant(nanoseconds: 0)
    private unowned let reactor: Reactor

    init(interface: String, on reactor: Reactor, lend: @escaping (Duration) throws -> ChildLease) throws(NetlinkError)
    {
        control = try NetemControl()
        self.interface = interface
        self.reactor = reactor
        self.lend = lend
    }

    func follow(_ plan: DosePlan, at now: Instant) throws {
        let wanted = Dictionary(
            plan.shares.map { (DelayQueues.owner(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
        let fresh = wanted.filter { running[$0.key] == nil }
        if let until = plan.shares.map(\.until).max() {
            let renewed = try lend(until - now + FaultTable.grace)
            lease?.end()
            lease = renewed
        }
        if !hasIngress, !fresh.isEmpty {
            try control.addIngress(interface)
            hasIngress = true
        }
        for (owner, one) in running where wanted[owner] == nil {
            settle(one)
            try control.removeRedirects(interface, priority: UInt16(one.number))
            running[owner] = nil
            // What it holds still comes out; the device goes when the last of it must have.
            let late = one.share.dose.delay + one.share.dose.jitter + .milliseconds(50)
            // A heal may have taken it already.
            reactor.after(late) { [control] in try? control.deleteDevice(one.device) }
        }
        for (owner, share) in fresh { running[owner] = try start(share) }
        if running.isEmpty { try dismantle() }
        changed = Instant.now
    }

    private func start(_ share: DosePlan.Share) throws -> Running {
        used += 1
        // Jitter is asked for as uniform from zero upwards; netem's is uniform to both sides of the delay.
        let settings = NetemControl.Settings(
            delay: share.dose.delay + share.dose.jitter / 2, jitter: share.dose.jitter / 2,
            lossPerMillion: share.dose.lossPerMillion)
        let device = try control.createDevice(used, settings)
        do {
            for sender in share.senders {
                try control.redirect(interface, from: sender, to: device, priority: UInt16(used))
            }
        } catch {
            try? control.deleteDevice(device)  // the first error is the one that matters
            throw error
        }
        return Running(share: share, device: device, number: used, settings: settings)
    }

    private func dismantle() throws {
        if hasIngress { try control.removeIngress(interface) }
        hasIngress = false
        lease?.end()
        lease = nil
    }

    private func settle(_ one: Running) {
        let present = count(one)
        for fault in one.share.faults {
            settled[fault, default: .init()].packets += present.packets
            settled[fault, default: .init()].bytes += present.bytes
        }
    }

    private func count(_ one: Running) -> FaultLife.Counters {
        // A device that is gone counts nothing.
        guard let found = try? control.readBack(one.device) else { return .init() }
        return .init(packets: found.packets, bytes: found.bytes)
    }

    func readBack(_ fault: String) throws(NetlinkError) -> FaultTable.Readback {
        var readback = FaultTable.Readback(isEqual: true, text: "")
        for one in running.values where one.share.faults.contains(fault) {
            guard let found = try control.readBack(one.device) else {
                return FaultTable.Readback(isEqual: false, text: "no netem on \(one.device)")
            }
            readback.isEqual = readback.isEqual && found.settings == one.settings
            let text =
                "\(one.device): netem delay \(found.settings.delay.written) jitter \(found.settings.jitter.written)"
            readback.text += "\(text) loss \(found.settings.lossPerMillion) ppm limit \(found.settings.limit); "
        }
        return FaultTable.Readback(isEqual: readback.isEqual && !readback.text.isEmpty, text: readback.text)
    }

    func counters(of fault: String, _ present: [String: FaultLife.Counters]) -> FaultLife.Counters {
        running.values.filter { $0.share.faults.contains(fault) }.reduce(into: settled[fault] ?? .init()) {
            sum, one in
            let counted = count(one)
            sum.packets += counted.packets
            sum.bytes += counted.bytes
        }
    }

    func dropped(by fault: String) -> UInt64 {
        // A device that is gone drops nothing.
        running.values.filter { $0.share.faults.contains(fault) }.reduce(0) { sum, one in
            sum + ((try? control.readBack(one.device))?.dropped ?? 0)
        }
    }

    func statistics(of fault: String) -> [PacketQueue.Statistics] { [] }
    func owners(of fault: String) -> [String] { running.filter { $0.value.share.faults.contains(fault) }.map(\.key) }
    func forget(_ fault: String) { settled[fault] = nil }
}
