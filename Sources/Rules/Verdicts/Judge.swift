// The judge: a pure function of the evidence. It never looks at a clock, a locale or a path.
//
// A reaction gate whose premise isn't proven is inconclusive, whatever it observed. A safety gate that saw a violation
// in intact evidence fails regardless; when it saw none, it passes only if its premises hold: a governor is not
// acquitted by a drill that wasn't one.

import History
import Messages
import Scenarios
import Units

package func judge(_ evidence: Evidence) -> Verdict {
    let scene = Scene(evidence)
    let premises: [Premise: Finding] = [
        .faultsProven: scene.faultsProven(), .armed: scene.armed(), .evidenceComplete: scene.evidenceComplete(),
        .generatorLateness: scene.lateness,
    ]
    let gates = evidence.scenario.gates.map { result(of: $0, scene, premises) }
    var outcome = Outcome.of(gates.map(\.outcome))
    // Torn, aborted or unreadable evidence never certifies, whichever gates the scenario asks for.
    if outcome == .pass, premises[.evidenceComplete]?.outcome != .pass { outcome = .inconclusive }
    // Nor does a drill that an operator changed, or may have, whatever its gates look at.
    let isTheScenarios = scene.operatorFaults.isEmpty && scene.unexplainedEnds.isEmpty
    if outcome == .pass, !isTheScenarios { outcome = .inconclusive }
    return Verdict(
        outcome: outcome, certifying: evidence.scenario.certifying && isTheScenarios,
        run: scene.runFacts, gates: gates,
        measurements: scene.measurements(gates, outcome), 
        faults: scene.faults.map { $0.result(scene) }
            + scene.operatorFaults.map { $0.evidence.result(scene, by: $0.who) },
        environment: evidence.environment, files: evidence.files, records: evidence.history.count,
        chainHead: evidence.history.head, defects: evidence.defects)
}

private func result(of gate: Gate, _ scene: Scene, _ premises: [Premise: Finding]) -> Verdict.GateResult {
    var finding = scene.finding(gate, premises)
    finding.records = Array(Set(finding.records)).sorted()
    let unmet = gate.premises.filter { $0.rawValue != gate.name.rawValue && premises[$0]?.outcome != .pass }
    var outcome = finding.outcome
    var reason = finding.reason
    if !unmet.isEmpty, !(gate.name.isSafety && outcome == .fail) {
        let why = unmet.map { "\($0.rawValue): \(premises[$0]?.reason ?? "not shown")" }.joined(separator: "; ")
        outcome = .inconclusive
        reason = (reason.map { "\($0); " } ?? "") + "its premise is not proven: \(why)"
    }
    return Verdict.GateResult(
        name: gate.name, kind: gate.kind, threshold: gate.threshold, premises: gate.premises, finding: finding,
        outcome: outcome, reason: outcome == .pass ? nil : reason)
}

extension Scene {
    func finding(_ gate: Gate, _ premises: [Premise: Finding]) -> Finding {
        switch (gate.name, gate.threshold) {
        case (.criticalPauseFlagRaised, _): criticalPauseFlagRaised()
        case (.pauseFlagDelay, .duration(let limit)): pauseFlagDelay(limit)
        case (.pausePropagation, .duration(let limit)): pausePropagation(limit)
        case (.ordersLeaked, _): ordersLeaked()
        case (.lateDelivery, .duration(let limit)): lateDelivery(limit)
        case (.positionFlatteningTriggered, .range(let low, let high)): positionFlatteningTriggered(low, high)
        case (.firstSafeAction, .duration(let limit)): firstSafeAction(limit)
        case (.recovery, .duration(let limit)): recovery(limit)
        case (.noFlagWithoutFault, _): noFlagWithoutFault()
        case (.noFlagOnLatency, _): noFlagOnLatency()
        case (.latchKept, _): latchKept()
        case (.ordersFlowAfterResume, .count(let minimum)): ordersFlowAfterResume(minimum)
        case (.ordersResolved, _): ordersResolved()
        case (.everyIntentDecided, _): everyIntentDecided()
        case (.criticalPauseAfterOutage, .duration(let limit)): criticalPauseAfterOutage(limit)
        case (.storeComplete, _): storeComplete()
        case (.reconciled, .duration(let limit)): reconciled(limit)
        case (.pauseExercised, .count(let minimum)): pauseExercised(minimum)
        case (.loadAccepted, .count(let minimum)): loadAccepted(minimum)
        case (.maxDrawdown, .number(let limit)): maxDrawdown(limit)
        case (.finalPositionShares, .number(let limit)): finalPosition(limit)
        case (.hardLimitBreaches, _), (.riskLimitBreaches, _): limitBreaches()
        case (.depthThinningApplied, _): depthThinningApplied()
        case (.ordersInHalt, _): ordersInHalt()
        case (.feeAdjustedProfitDelta, .number(let limit)): feeAdjustedProfitDelta(limit)
        case (.executionRate, .number(let minimum)): executionRate(minimum)
        case (.ordersInFlightPeak, .count(let minimum)): ordersInFlightPeak(minimum)
        case (.positionConsistency, .duration(let bound)): positionConsistency(bound)
        case (.probesDenied, _): probesDenied()
        case (.brokerLatencyJitter, _): brokerLatencyJitter()
        case (.ungovernedTwin, .number(let minimum)): ungovernedTwin(minimum)
        case (.participation, .count(let minimum)): participation(minimum)
        case (.faultsProven, _): premises[.faultsProven] ?? faultsProven()
        case (.armed, _): premises[.armed] ?? armed()
        case (.evidenceComplete, _): premises[.evidenceComplete] ?? evidenceComplete()
        case (.leftovers, _): leftovers()
        case (.decisionLatency, .number(let limit)): decisionLatency(limit)
        case (.pipelineLatency, .number(let limit)): pipelineLatency(limit)
        case (.generatorLateness, .duration(let limit)): generatorLateness(limit)
        case (.redisBacklog, _): redisBacklog()
        case (.memoryLeak, .number(let limit)): memoryLeak(limit)
        case (.acceptedRate, .number(let minimum)): acceptedRate(minimum)
        case (.ordersInShadow, _): ordersInShadow()
        case (.watermarkTrue, _): watermarkTrue()
        case (.metricsPresent, _): metricsPresent()
        default: .unknown("its threshold has the wrong form; see docs/scenarios.md")
        }
    }
}
