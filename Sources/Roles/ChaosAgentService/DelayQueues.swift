// The queues that hold packets: one for each share of the dose plan.

import ChaosAgentCore
import Netlink
import Units

final class DelayQueues: DoseKeeper {
    private struct Running {
        let share: DosePlan.Share
        let queue: PacketQueue
    }

    /// Queue numbers of ours start here; each queue gets a fresh one, so that a late verdict can't reach another.
    private static let firstNumber: UInt16 = 42_000

    private let table: FaultTable
    private let backend: Backend
    private let interface: String
    private var running: [String: Running] = [:]
    private var draining: [String: PacketQueue] = [:]
    private var used: UInt16 = 0
    /// What queues that are gone had counted, by fault.
    private var settled: [String: FaultLife.Counters] = [:]

    init(table: FaultTable, backend: Backend, interface: String) {
        self.table = table
        self.backend = backend
        self.interface = interface
    }

    var changed: Instant { table.changed }

    static func owner(of share: DosePlan.Share) -> String {
        "dose:" + share.faults.joined(separator: "+") + "@\(share.dose.delay.nanoseconds),\(share.senders.first ?? 0)"
    }

    /// Brings the kernel to the plan. Packets of a queue that goes are let go in order *before* its rule is removed, so
    /// that nothing overtakes them.
    func follow(_ plan: DosePlan, at now: Instant) throws(NetlinkError) {
        let wanted = Dictionary(
            plan.shares.map { (DelayQueues.owner(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
        let leaving = running.filter { wanted[$0.key]?.until != $0.value.share.until || wanted[$0.key] == nil }
        var added: [FaultTable.Entry] = []
        var started: [String: Running] = [:]
        for (owner, share) in wanted where running[owner] == nil || leaving[owner] != nil {
            let queue: PacketQueue
            if let known = leaving[owner]?.queue { queue = known } else { queue = try startQueue(share) }
            started[owner] = Running(share: share, queue: queue)
            added.append(
                table.queueEntry(share, number: queue.number, backend: backend, interface: interface, at: now))
        }
        for (owner, one) in leaving {
            if wanted[owner] == nil { one.queue.letGo() }
            try settle(owner, one.share)
        }
        do {
            try table.change(adding: added, removing: Array(leaving.keys))
        } catch {
            for (owner, one) in started where leaving[owner] == nil { one.queue.stop() }
            throw error
        }
        for (owner, one) in leaving {
            running[owner] = nil
            if wanted[owner] == nil {
                one.queue.stop()
                for fault in one.share.faults { draining[fault] = one.queue }
            }
        }
        running.merge(started) { $1 }
    }

    private func startQueue(_ share: DosePlan.Share) throws(NetlinkError) -> PacketQueue {
        used = (used + 1) % 1_000
        let dose = PacketQueue.Dose(
            delay: share.dose.delay, jitter: share.dose.jitter, lossPerMillion: share.dose.lossPerMillion)
        return try PacketQueue(DelayQueues.firstNumber + used, dose: dose, seed: share.seed)
    }

    private func settle(_ owner: String, _ share: DosePlan.Share) throws(NetlinkError) {
        guard let counters = try table.counters()[owner] else { return }
        for fault in share.faults {
            settled[fault, default: .init()].packets += counters.packets
            settled[fault, default: .init()].bytes += counters.bytes
        }
    }

    func close() {}

    func forget(_ fault: String) {
        settled[fault] = nil
        draining[fault] = nil
    }

    func counters(of fault: String, _ present: [String: FaultLife.Counters]) -> FaultLife.Counters {
        running.filter { $0.value.share.faults.contains(fault) }.reduce(into: settled[fault] ?? .init()) { sum, one in
            sum.packets += present[one.key]?.packets ?? 0
            sum.bytes += present[one.key]?.bytes ?? 0
        }
    }

    /// The queues that this fault feeds, those that are being drained included.
    func dropped(by fault: String) -> UInt64 { 0 }

    func statistics(of fault: String) -> [PacketQueue.Statistics] {
        running.values.filter { $0.share.faults.contains(fault) }.map(\.queue.statistics)
            + (draining[fault].map { [$0.statistics] } ?? [])
    }

    func readBack(_ fault: String) throws(NetlinkError) -> FaultTable.Readback {
        var readback = FaultTable.Readback(isEqual: true, text: "")
        var texts: [String] = []
        for (owner, one) in running where one.share.faults.contains(fault) {
            let part = try table.readBack(owner)
            readback.isEqual = readback.isEqual && part.isEqual
            texts.append(
                part.text
                    + "; delay \(one.share.dose.delay.written) jitter \(one.share.dose.jitter.written) loss "
                    + "\(one.share.dose.lossPerMillion) ppm"
            )
        }
        readback.isEqual = readback.isEqual && !texts.isEmpty
        readback.text = texts.sorted().joined(separator: "; ")
        return readback
    }

    /// How long the senders of this fault have their present dose; the plan must be made again then.
    func owners(of fault: String) -> [String] { running.filter { $0.value.share.faults.contains(fault) }.map(\.key) }
}
