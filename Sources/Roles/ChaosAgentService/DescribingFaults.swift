// What an agent says of a fault when it is asked.

import ChaosAgentCore
import Messages
import Netlink
import Units

extension ChaosAgent {
    /// A fault for people and for the conductor.
    func describe(_ life: FaultLife, at now: Instant) -> JSON {
        let proof = core.proof(of: life)
        let soFar = life.isOver ? proof : core.proof(of: life, until: now)
        let plan = core.dosed.isEmpty ? nil : DosePlan(core.dosed)
        let sums =
            life.request.kind.isDosed
            ? plan.map { plan in life.request.from.map { JSON.integer(plan.delay(from: $0).nanoseconds) } } : nil
        func stamp(_ instant: Instant?) -> JSON { .optional(instant?.nanoseconds) }
        return .object([
            .init("id", .string(life.request.id)), .init("kind", .string(life.request.kind.rawValue)),
            .init("state", .string(life.state.rawValue)), .init("backend", .string(backend.rawValue)),
            .init("applied_ns", stamp(life.applied)), .init("first_effect_ns", stamp(life.firstEffect)),
            .init("lifted_ns", stamp(life.lifted)), .init("effect_ended_ns", stamp(life.effectEnded)),
            .init("expires_ns", stamp(life.deadline)), .init("left_ns", left(life, at: now)),
            .init("by", .string(life.request.by.rawValue)), .init("who", .optional(life.request.who)),
            .init("asked", .object(asked(life.request))),
            .init("readback_equal", life.readbackEqual.map { .bool($0) } ?? .null),
            .init("packets", .integer(Int64(clamping: life.counters.packets))),
            .init("sockets", .integer(Int64(clamping: life.counters.sockets))),
            .init("holders", .array(holders(of: life.request.id).map { holder($0) })),
            .init(
                "measured",
                .array(
                    core.measured(life, until: now).map {
                        measured($0.sender, $0.statistics, core.trains(life, from: $0.sender, until: now))
                    })),
            .init("delay_sum_ns", sums.map { .array($0) } ?? .null),
            .init("in_force", .string(proof.isProven ? "proven" : "unproven")),
            .init("missing", .array(proof.missing.map { .string($0) })),
            .init("not_yet", .array(soFar.missing.map { .string($0) })), .init("failure", .optional(life.failure)),
        ])
    }

    /// Until it ends by itself; `null` when it is over or ends already.
    private func left(_ life: FaultLife, at now: Instant) -> JSON {
        guard !life.isOver, life.lifting == nil, let deadline = life.deadline else { return .null }
        return .integer(max(.zero, deadline - now).nanoseconds)
    }

    /// The dose, to lay beside what was measured.
    private func asked(_ request: FaultRequest) -> [JSON.Member] {
        let keys = [
            "from", "delay_ns", "jitter_ns", "loss_ppm", "share_ppm", "bits_per_second", "duration_ns", "port", "mode",
            "pid",
        ]
        return request.members.filter { keys.contains($0.key) }
    }

    private func measured(_ sender: UInt32, _ statistics: ProbeStatistics, _ trains: TrainStatistics) -> JSON {
        .object([
            .init("source", .string(dotted(sender))), .init("n", .integer(Int64(statistics.count))),
            .init("p50_ns", .integer(statistics.median.nanoseconds)),
            .init("p99_ns", .integer(statistics.percentile99.nanoseconds)),
            .init("min_ns", .integer(statistics.minimum.nanoseconds)),
            .init("max_ns", .integer(statistics.maximum.nanoseconds)),
            .init("lost", .integer(Int64(statistics.lost))), .init("copies", .integer(Int64(statistics.copies))),
            .init("overtook", .integer(Int64(statistics.overtook))), .init("trains", .integer(Int64(trains.count))),
            .init("bits_per_second", .integer(trains.medianBitsPerSecond)),
        ])
    }

    private func holder(_ statistics: PacketQueue.Statistics) -> JSON {
        let mean =
            statistics.released > 0 ? statistics.achievedTotal.nanoseconds / Int64(clamping: statistics.released) : 0
        return .object([
            .init("realtime", .bool(statistics.isRealtime)),
            .init("held", .integer(Int64(clamping: statistics.held))),
            .init("dropped", .integer(Int64(clamping: statistics.dropped))),
            .init("waiting_max", .integer(Int64(statistics.waitingMaximum))),
            .init("hold_mean_ns", .integer(mean)),
            .init("hold_max_ns", .integer(statistics.achievedMaximum.nanoseconds)),
        ])
    }
}
