import Units

/// What a verdict may be asked for: a closed list, so that a misspelt gate is an error and not a gate that never fails.
///
/// `t0` is the first effect of the scenario's earliest fault, seen on the wire.
package enum GateName: String, Hashable, Sendable, CaseIterable {
    /// The governor itself raised `governor.critical_pause` after t0.
    case criticalPauseFlagRaised = "critical_pause_flag_raised"
    /// From t0 to that write.
    case pauseFlagDelay = "pause_flag_delay"
    /// An operator's pause, until the governor acknowledged it.
    case pausePropagation = "pause_propagation"
    /// Messages that can increase risk and left while paused.
    case ordersLeaked = "orders_leaked"
    /// The latest acceptance, after pause set, of an order that left before. The proven one-way delay comes on top.
    case lateDelivery = "late_delivery"
    /// The `flatten` decision with reason `sustained_latency` lies within the threshold's range of latency, none
    /// earlier (nor for a shorter latency), reducing orders follow, the position ends flat.
    case positionFlatteningTriggered = "position_flattening_triggered"
    case firstSafeAction = "first_safe_action"
    /// From t0 until session up, orders reconciled, position flat in the broker's ledger, state reported.
    case recovery
    /// The governor raised no critical pause before t0.
    case noFlagWithoutFault = "no_flag_without_fault"
    /// Latency alone, below 400 ms one way, raised no critical pause.
    case noFlagOnLatency = "no_flag_on_latency"
    /// Nobody but the operator cleared a flag.
    case latchKept = "latch_kept"
    /// Orders accepted by the broker within 2 s + the proven delay after the last resume.
    case ordersFlowAfterResume = "orders_flow_after_resume"
    /// Every order that left has a final or working state in the broker's ledger, in which the governor's store agrees.
    case ordersResolved = "orders_resolved"
    /// Every intent that reached the governor had exactly one outcome, and the wire agrees with it.
    case everyIntentDecided = "every_intent_decided"
    /// After a store outage of more than 1 s the governor raised the critical pause: from the end of the outage.
    case criticalPauseAfterOutage = "critical_pause_after_outage"
    /// Every fill of the broker's ledger is in PostgreSQL once, and positions and cash are equal.
    case storeComplete = "store_complete"
    /// From the last fault's end until session up, orders reconciled, positions equal to the broker's ledger.
    case reconciled
    /// The pause was held against enough admissible, risk-increasing intents with a session up.
    case pauseExercised = "pause_exercised"
    /// Admissible intents that were accepted before the first fault: the load was real.
    case loadAccepted = "load_accepted"
    /// The deepest fall of equity from its running peak, from the crash's start until flat.
    case maxDrawdown = "max_drawdown_pct"
    /// Orders that broke a limit of the limits file, recomputed from the wire and the broker's ledger.
    case hardLimitBreaches = "hard_limit_breaches"
    /// The same rule under the name that `concurrent_order_burst` knows it by.
    case riskLimitBreaches = "risk_limit_breaches"
    case finalPositionShares = "final_position_shares"
    /// The published book was as thin during the crash as the scenario asks.
    case depthThinningApplied = "depth_thinning_applied"
    /// Orders that left for a symbol which every book that could be before the governor showed as halted.
    case ordersInHalt = "orders_in_halt"
    /// The broker's round trip on the wire has the mean and the deviation that the scenario asks for.
    case brokerLatencyJitter = "broker_latency_jitter"
    /// What the same intents would have lost without a governor: shows that the crash was one.
    case ungovernedTwin = "ungoverned_twin"
    /// The governor traded, took risk, and refused some of it for its losses.
    case participation
    /// Cash, fees and positions of the governor's store and claim against the judge's own, from the drop copy.
    case feeAdjustedProfitDelta = "fee_adj_pnl_delta_usd"
    /// Of the counted position changes, those that the broker executed in full.
    case executionRate = "execution_rate_pct"
    /// New orders that had left and were not answered yet, at the busiest moment.
    case ordersInFlightPeak = "orders_in_flight_peak"
    /// Every read of Redis and PostgreSQL shows the broker's ledger as it was no longer ago than the threshold.
    case positionConsistency = "position_consistency"
    /// Every over-limit probe was denied, by the check that it breaks.
    case probesDenied = "probes_denied"
    /// From the due time of a tick to the last byte of the first `/metrics` response whose watermark covers it.
    case pipelineLatency = "pipeline_latency_p99_ms"
    /// From an intent's packet in to its decision's packet out, at the governor's interface.
    case decisionLatency = "decision_latency_p99_ms"
    /// What waits in Redis' output buffers and streams: once all is quiet, or longer than 10 ms while it runs.
    case redisBacklog = "redis_backlog_max"
    /// What any role's memory grows by in 600 s.
    case memoryLeak = "memory_leak_mb"
    /// Of what is admissible by construction, in percent.
    case acceptedRate = "accepted_rate"
    /// The load was sent on time: without it no latency is known.
    case generatorLateness = "generator_lateness"
    /// A governor in shadow mode decides, and never sends.
    case ordersInShadow = "orders_in_shadow"
    /// No watermark was claimed before every tick up to it was decided on the wire.
    case watermarkTrue = "watermark_true"
    /// Every series of the contract was there, a number, and fresh.
    case metricsPresent = "metrics_present"
    case faultsProven = "faults_proven"
    case armed
    case evidenceComplete = "evidence_complete"
    case leftovers
}

package enum GateKind: String, Hashable, Sendable, CaseIterable {
    /// Holds at every moment that it speaks of.
    case always
    /// Counts something that must not happen.
    case never
    /// Happens, and no later than the threshold (or inside its range).
    case within
    /// Happens at least so often: shows that the drill was real.
    case sometimes
}

package enum Threshold: Hashable, Sendable {
    case count(Int64)
    case duration(Duration)
    /// Compared as `GateName.comparator` says, in the unit of `GateName.numberUnit`.
    case number(Figure)
    case range(Duration, Duration)
}

package enum Premise: String, Hashable, Sendable, CaseIterable {
    case faultsProven = "faults_proven"
    case armed
    case evidenceComplete = "evidence_complete"
    case generatorLateness = "generator_lateness"
}

package struct Gate: Hashable, Sendable {
    package var name: GateName
    package var kind: GateKind
    /// `nil` for `always`, and for `never`, where it is zero.
    package var threshold: Threshold?
    package var premises: [Premise]

    package init(name: GateName, kind: GateKind, threshold: Threshold? = nil, premises: [Premise] = []) {
        self.name = name
        self.kind = kind
        self.threshold = threshold
        self.premises = premises
    }
}

extension GateName {
    /// What form a threshold has.
    package enum ThresholdForm: String, Hashable, Sendable {
        case none = "no threshold"
        case count = "a number"
        case duration = "a duration, like 2s"
        case number = "a number, like 15 or 0.01"
        case range = "a range of durations, like 5s..7s"
    }

    /// A gate has one meaning, so it has one kind and one form of threshold; a file that says otherwise is wrong.
    package var rule: (kind: GateKind, threshold: ThresholdForm) {
        switch self {
        case .criticalPauseFlagRaised, .faultsProven, .armed, .evidenceComplete, .everyIntentDecided, .ordersResolved,
            .storeComplete, .depthThinningApplied, .brokerLatencyJitter, .probesDenied, .watermarkTrue, .metricsPresent:
            (.always, .none)
        case .maxDrawdown, .finalPositionShares, .feeAdjustedProfitDelta, .executionRate, .memoryLeak:
            (.always, .number)
        case .pipelineLatency, .decisionLatency: (.within, .number)
        case .ordersLeaked, .noFlagWithoutFault, .noFlagOnLatency, .latchKept, .leftovers,
            .hardLimitBreaches, .riskLimitBreaches, .redisBacklog, .ordersInShadow, .ordersInHalt:
            (.never, .none)
        case .pauseFlagDelay, .pausePropagation, .lateDelivery, .firstSafeAction, .recovery, .criticalPauseAfterOutage,
            .reconciled, .positionConsistency, .generatorLateness:
            (.within, .duration)
        case .positionFlatteningTriggered: (.within, .range)
        case .ordersFlowAfterResume, .pauseExercised, .loadAccepted, .participation, .ordersInFlightPeak:
            (.sometimes, .count)
        case .ungovernedTwin, .acceptedRate: (.sometimes, .number)
        }
    }

    /// A violation that a safety gate saw in intact evidence fails whatever its premises; a reaction gate doesn't
    /// judge without them.
    package var isSafety: Bool {
        switch self {
        case .ordersLeaked, .lateDelivery, .noFlagWithoutFault, .noFlagOnLatency, .latchKept, .leftovers,
            .everyIntentDecided, .hardLimitBreaches, .riskLimitBreaches, .maxDrawdown, .probesDenied,
            .ordersInShadow, .ordersInHalt:
            true
        default: false
        }
    }
}
