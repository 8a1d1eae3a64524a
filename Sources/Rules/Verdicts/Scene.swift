import Messages
import Scenarios
import Units

/// What every gate looks at: the evidence, sorted once.
struct Scene: Sendable {
    let evidence: Evidence
    let timeline: Timeline
    let positions: Positions
    /// The scenario's.
    let faults: [FaultEvidence]
    let operatorFaults: [OperatorFault]
    let episodes: [Episode]
    let pauses: [Pause]
    let leaks: LeakRule.Result
    let unexplainedEnds: [UnexplainedEnd]
    /// When the drill was over for the governor: what comes later is the taking down.
    let close: Instant
    /// How late the load was sent, as a premise. Three gates and the judge ask for it.
    private(set) var lateness = Finding.unknown("not looked at")

    init(_ evidence: Evidence) {
        self.evidence = evidence
        timeline = evidence.timeline
        positions = Positions(timeline.ledger, contradictions: timeline.contradictions)
        let asked = FaultEvents(timeline.faultEvents, known: Set(evidence.scenario.faults.map(\.id)))
        let events = asked.scenario
        operatorFaults = asked.operatorFaults
        let processes = timeline.all("process")
        unexplainedEnds = Scene.unexplainedEnds(processes, timeline)
        close = Scene.close(timeline, processes)
        faults = evidence.scenario.faults.map { FaultEvidence($0, events, processes) }
        episodes = Episode.all(faults)
        pauses = PauseRule.pauses(timeline, faults)
        leaks = LeakRule.judge(timeline, positions, pauses)
        lateness = latenessAsPremise()
    }

    /// First effect of the earliest fault.
    var t0: Stamp? { episodes.first?.start }

    private static func close(_ timeline: Timeline, _ processes: [Named]) -> Instant {
        let events = processes.filter { $0["name"]?.string == "governor" }
        // A governor that was started again went on.
        let lastStart = events.last { $0["event"]?.string == "started" }?.stamp.record ?? 0
        let exits = events.filter {
            ["exited", "killed"].contains($0["event"]?.string ?? "") && $0.stamp.record >= lastStart
        }
        let ends = exits.map(\.stamp.at) + (timeline.all("closing") + timeline.all("end")).map(\.stamp.at)
        // Evidence without an end breaks off with what the tap saw last; what the host adds later is no part of the drill.
        return ends.min() ?? timeline.arrived.last?.stamp.at ?? timeline.end
    }

    /// A part of the rig that is gone is missed some seconds later. What the governor does in between may be its answer
    /// to that, and not to the drill: such a violation is not decidable. After the failure the same holds.
    func mayBeTheRigs(at instant: Instant) -> Bool {
        let failure = timeline.all("aborted").first { $0["reason"]?.string?.hasPrefix("rig: ") == true }
        return failure.map { instant > $0.stamp.at - Scene.noticing } ?? false
    }

    private static let noticing = Duration.seconds(4)

    /// The operator's clearing of the last flag that was set: trading may go on from here.
    var resumes: [Stamp] {
        var paused = ["pause": true, "critical_pause": false]
        var found: [Stamp] = []
        for change in timeline.flags {
            let before = paused.values.contains(true)
            paused[change.key] = change.isPaused
            if before && !paused.values.contains(true) { found.append(change.stamp) }
        }
        return found
    }

    /// The first resume after `instant`, or the end of the drill.
    func endOfPause(after instant: Instant) -> Instant {
        resumes.first { $0.at > instant }?.at ?? close
    }

    /// Whatever stood in the way, whoever asked for it.
    var allFaults: [FaultEvidence] { faults + operatorFaults.map(\.evidence) }

    /// The largest proven delay of the run: what a message may be held up by.
    var delayMaximum: Duration { allFaults.filter(\.isProven).compactMap(\.fault.delay).max() ?? .zero }
}
