import Messages
import Scenarios
import Units

extension Scene {
    var runFacts: JSON {
        let run = timeline.all("run").first
        let started = run?["started_wall_ns"]?.integer.map { JSON.string(WallTime(nanoseconds: $0).utcText) } ?? .null
        return [
            "id": run?["run"] ?? .null, "scenario": .string(evidence.scenario.name),
            "variant": .optional(evidence.scenario.choice.variant),
            "profile": .optional(evidence.scenario.choice.profile), "seed": run?["seed"] ?? .null,
            "started": started, "duration_s": .real((timeline.end - timeline.start).seconds),
            "command": run?["governor"] ?? .null,
        ]
    }

    private var leakAlarms: [Named] { timeline.all("invariant").filter { $0["name"]?.string == "leak" } }

    /// From the packet of a leak to the words that announced it, the longest. `nil`: none was announced, or one of the
    /// announcements doesn't say when it was made.
    private var slowestLeakAlarm: Duration? {
        let taken = leakAlarms.map { alarm in
            alarm["announced_t"]?.integer.map { Instant(nanoseconds: $0) - alarm.stamp.at }
        }
        return taken.contains(nil) ? nil : taken.compactMap { $0 }.max()
    }

    /// The numbers of the run under the names of the requirements. A number that wasn't measured is `null`.
    func measurements(_ gates: [Verdict.GateResult], _ outcome: Outcome) -> JSON {
        func observed(_ name: GateName) -> JSON { gates.first { $0.name == name }?.finding.observed ?? .null }
        let isTapped = !timeline.all("stats").isEmpty
        let exercise = exercise
        let late = lateDeliveries
        var members: [JSON.Member] = [
            .init("overall_pass", .bool(outcome == .pass)),
            .init("orders_leaked", isTapped ? .integer(Int64(leaks.leaks.count)) : .null),
            .init("orders_leaked_undecidable", isTapped ? .integer(Int64(leaks.unsure.count)) : .null),
            .init("leaks_announced", isTapped ? .integer(Int64(leakAlarms.count)) : .null),
            .init("leak_announcement_s", slowestLeakAlarm.map { .real($0.seconds) } ?? .null),
            .init("orders_during_propagation", isTapped ? .integer(Int64(leaks.duringPropagation.count)) : .null),
            .init("orders_left", .integer(Int64(timeline.departures.count))),
            .init("orders_accepted", .integer(Int64(positions.orders.values.count { $0.wasAccepted }))),
            .init("late_deliveries", .integer(Int64(late.count))),
            .init("late_delivery_ids", .array(late.prefix(100).map { .string($0.departure.name) })),
            .init("intents_offered", .integer(Int64(timeline.offered.count))),
            .init("intents_reached_governor", .integer(Int64(timeline.arrived.count))),
            .init("intents_answered_while_paused", .integer(Int64(exercise.answered))),
            .init("intents_while_paused_without_session", .integer(Int64(exercise.withoutSession))),
            .init("fills", .integer(Int64(positions.trades.count))),
        ]
        let named: [(String, GateName)] = [
            ("critical_pause_flag_raised", .criticalPauseFlagRaised), ("pause_flag_delay_s", .pauseFlagDelay),
            ("pause_propagation_s", .pausePropagation), ("late_delivery_s", .lateDelivery),
            ("position_flattening_triggered", .positionFlatteningTriggered), ("first_safe_action_s", .firstSafeAction),
            ("recovery_s", .recovery), ("orders_after_resume", .ordersFlowAfterResume),
            ("critical_pause_after_outage_s", .criticalPauseAfterOutage), ("reconciled_s", .reconciled),
            ("fee_adj_pnl_delta_usd", .feeAdjustedProfitDelta), ("execution_rate_pct", .executionRate),
            ("orders_in_flight_peak", .ordersInFlightPeak),
            ("position_consistency_s", .positionConsistency), ("probes_denied", .probesDenied),
        ]
        let floods: [(String, GateName)] = [
            ("pipeline_latency_p99_ms", .pipelineLatency), ("decision_latency_p99_ms", .decisionLatency),
            ("redis_backlog_max", .redisBacklog), ("memory_leak_mb", .memoryLeak), ("accepted_rate_pct", .acceptedRate),
            ("generator_lateness_p999_s", .generatorLateness), ("orders_in_shadow", .ordersInShadow),
        ]
        for (key, gate) in floods where gates.contains(where: { $0.name == gate }) {
            members.append(.init(key, observed(gate)))
        }
        if evidence.scenario.load.strategy == .flood {
            members += quantiles("decision_latency", decisionSamples)
            members += quantiles("pipeline_latency", driving.map { pipelineSamples(in: $0) } ?? [])
            members += redisRoundTripMeasurements
            members.append(.init("checks", checksMeasured))
            members.append(.init("memory_growth", memoryMeasured))
        }
        for (key, gate) in named where gates.contains(where: { $0.name == gate }) {
            members.append(.init(key, observed(gate)))
        }
        return .object(members + crashMeasurements(gates) + machineStallMeasurements)
    }
}

extension Scene {
    /// Without a bound: the figures that go beside the gates' P99. `null` where it was never answered.
    private func quantiles(_ name: String, _ samples: [LatencySample]) -> [JSON.Member] {
        quantiles(name, ascending: samples.map(\.value).sorted())
    }

    func quantiles(_ name: String, ascending sorted: [Double]) -> [JSON.Member] {
        [("p50", 500), ("p99", 990), ("p999", 999)].compactMap { suffix, perMille in
            let key = "\(name)_\(suffix)_ms"
            // The gate's own figure stands under this name already.
            if suffix == "p99", evidence.scenario.gates.contains(where: { $0.name.rawValue == key }) { return nil }
            guard !sorted.isEmpty else { return .init(key, .null) }
            let rank = (sorted.count * perMille + 999) / 1_000
            return .init(key, .real(sorted[min(sorted.count, max(1, rank)) - 1]))
        }
    }
}

extension FaultEvidence {
    /// - Parameter by: who asked for it; `nil` is the scenario.
    func result(_ scene: Scene, by who: String? = nil) -> Verdict.FaultResult {
        func offset(_ stamp: Stamp?) -> JSON {
            guard let stamp, let t0 = scene.t0 else { return .null }
            return .real((stamp.at - t0.at).seconds)
        }
        let applied = parts.map { part -> JSON in
            let counters = part.last("fault_counters")
            let probes = part.events.filter { $0.type == "fault_measured" }
            let readbacks = part.events.filter { $0.type == "fault_readback" }
            return [
                "node": .string(part.node), "backend": part.last("fault_acknowledged")?["backend"] ?? .null,
                "requested": offset(part.stamp("fault_requested")),
                "acknowledged": offset(part.stamp("fault_acknowledged")),
                "effective": offset(part.stamp("fault_first_effect")),
                "ended": offset(part.last("fault_effect_ended")?.stamp),
                "healed_by": part.last("fault_healed")?["by"] ?? .null,
                "readback": readbacks.isEmpty ? .null : .bool(readbacks.allSatisfy { $0["equal"]?.bool == true }),
                "counters": counters.map { .object($0.fields.filter { !["fault", "node"].contains($0.key) }) } ?? .null,
                "measured": .array(probes.map { .object($0.fields.filter { !["fault", "node"].contains($0.key) }) }),
            ]
        }
        let from: JSON =
            switch fault.from {
            case .everyone: "everyone"
            case .nodes(let nodes): .array(nodes.map { .string($0) })
            }
        let defects = defects
        let json: JSON = [
            "id": .string(fault.id), "kind": .string(fault.kind.rawValue), "from": from, "to": .string(fault.to),
            "direction": .string(fault.direction.rawValue), "delay_s": fault.delay.map { .real($0.seconds) } ?? .null,
            "duration_s": .real(fault.duration.seconds), "applied": .array(applied),
            "in_force": .string(defects.isEmpty ? "proven" : "unproven"), "defects": .array(defects.map { .string($0) }),
            "by": .string(who == nil ? "scenario" : "operator"), "who": .optional(who),
        ]
        return Verdict.FaultResult(json: json, id: fault.id, isProven: defects.isEmpty)
    }
}
