// What netem does: one intermediate device for each share of the dose plan, and the way there.
//
// Where nf_tables can forward at a device's ingress, the senders are members of a set with a time-out: when the agent
// dies, the kernel ends the detour at the fault's time. Elsewhere a filter of `tc` leads there, which has none, so a
// guardian process holds a lease. With both, what is held at the end comes out late, behind packets that no longer take
// the detour: TCP sees them out of order, once.

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

    /// How often a device that nobody is led to any more is asked whether it is empty, and for how long.
    private static let drainInterval = Duration.milliseconds(50)
    private static let drainLimit = Duration.seconds(30)

    private let control: NetemControl
    private let interface: String
    private let lend: (Duration) throws -> ChildLease
    private var running: [String: Running] = [:]
    private var lease: ChildLease?
    private var used = 0
    /// Our rules at the ingress; without them `tc` leads to the devices.
    private let table: FaultTable?
    private var draining: Set<String> = []
    /// Whether the ingress qdisc is ours: only then may it be removed.
    private var hasIngress = false
    private var settled: [String: FaultLife.Counters] = [:]
    private(set) var changed = Instant(nanoseconds: 0)
    private unowned let reactor: Reactor

    init(
        interface: String, table: FaultTable?, on reactor: Reactor, lend: @escaping (Duration) throws -> ChildLease
    ) throws(NetlinkError) {
        self.table = table
        control = try NetemControl()
        self.interface = interface
        self.reactor = reactor
        self.lend = lend
    }

    func follow(_ plan: DosePlan, at now: Instant) throws {
        let wanted = Dictionary(
            plan.shares.map { (DelayQueues.owner(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
        let fresh = wanted.filter { running[$0.key] == nil }
        if table == nil, let until = plan.shares.map(\.until).max() {
            let renewed = try lend(until - now + FaultTable.grace)
            lease?.end()
            lease = renewed
        }
        if table == nil, !hasIngress, !fresh.isEmpty {
            try control.addIngress(interface)
            hasIngress = true
        }
        let leaving = running.filter { wanted[$0.key] == nil }
        for one in leaving.values { settle(one) }
        if table == nil {
            for one in leaving.values { try control.removeRedirects(interface, priority: UInt16(one.number)) }
        }
        var started: [String: Running] = [:]
        for (owner, share) in fresh { started[owner] = try start(share) }
        if let table, !started.isEmpty || !leaving.isEmpty {
            do {
                let added = try started.values.map { one in
                    table.detourEntry(one.share, to: try control.index(of: one.device), at: now)
                }
                try table.change(adding: added, removing: Array(leaving.keys))
            } catch {
                for one in started.values { try? control.deleteDevice(one.device) }  // the first error is what matters
                throw error
            }
        }
        for (owner, one) in leaving {
            running[owner] = nil
            drain(one.device, until: now + NetemDelays.drainLimit)
        }
        running.merge(started) { $1 }
        changed = table?.changed ?? Instant.now
        if running.isEmpty { try dismantle() }
    }

    private func start(_ share: DosePlan.Share) throws -> Running {
        used += 1
        let dose = share.dose
        // Jitter is asked for as uniform from zero upwards; netem's is uniform to both sides of the delay.
        var settings = NetemControl.Settings(
            delay: dose.delay + dose.jitter / 2, jitter: dose.jitter / 2, lossPerMillion: dose.lossPerMillion)
        settings.duplicatePerMillion = dose.duplicatePerMillion
        settings.corruptPerMillion = dose.corruptPerMillion
        settings.reorderPerMillion = dose.reorderPerMillion
        settings.bitsPerSecond = dose.bitsPerSecond
        let device = try control.createDevice(used, settings)
        let running = Running(share: share, device: device, number: used, settings: settings)
        guard table == nil else { return running }
        do {
            for sender in share.senders {
                try control.redirect(interface, from: sender, to: device, priority: UInt16(used))
            }
        } catch {
            try? control.deleteDevice(device)  // the first error is the one that matters
            throw error
        }
        return running
    }

    /// What it holds still comes out; the device goes when it is empty.
    private func drain(_ device: String, until deadline: Instant) {
        draining.insert(device)
        reactor.after(NetemDelays.drainInterval) { [weak self] in
            guard let self, draining.contains(device) else { return }
            // One that can't be asked is gone: a heal may have taken it already.
            let waiting = (try? control.readBack(device))?.waiting ?? 0
            if waiting > 0, Instant.now < deadline { return drain(device, until: deadline) }
            draining.remove(device)
            try? control.deleteDevice(device)
        }
    }

    func close() {
        for device in draining { try? control.deleteDevice(device) }  // gone already is as good
        draining.removeAll()
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
            readback.text += "\(one.device): netem \(found.settings); "
            guard let table else { continue }
            let way = try table.readBack(DelayQueues.owner(of: one.share))
            readback.isEqual = readback.isEqual && way.isEqual
            readback.text += way.text + "; "
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
