import Messages
import Scenarios
import Units

extension Scene {
    func faultsProven() -> Finding {
        guard !faults.isEmpty || !operatorFaults.isEmpty else { return .unknown("the scenario has no faults") }
        let strange = operatorFaults.map { "the drill is not the scenario's: an operator's fault \($0.words)" }
        let ends = unexplainedEnds.map { "the drill is not the scenario's: \($0.violation(since: timeline.start).text)" }
        let defects = strange + ends + faults.flatMap(\.defects)
        let records = allFaults.flatMap(\.parts).flatMap(\.events).map(\.stamp.record)
        return Finding(
            defects.isEmpty ? .pass : .inconclusive, observed: .bool(defects.isEmpty), count: faults.count,
            reason: defects.isEmpty ? nil : defects.joined(separator: "; "), records: records)
    }

    /// What must hold when the fault starts, as the conductor saw it and as the broker's ledger says.
    func armed() -> Finding {
        let premises = timeline.all("premise").filter { $0["name"]?.string == "armed" }
        guard let premise = premises.last else { return .unknown("the premise was never looked at") }
        guard premise["holds"]?.bool == true else {
            let reason = premise["reason"]?.string ?? "the premise did not hold"
            return Finding(.inconclusive, observed: false, count: 1, reason: reason, records: [premise.stamp.record])
        }
        guard !positions.state(at: premise.stamp.at).positions.isEmpty else {
            return .unknown("the broker's ledger was flat when the drill was armed", records: [premise.stamp.record])
        }
        return Finding(.pass, observed: true, count: 1, records: [premise.stamp.record])
    }

    func leftovers() -> Finding {
        let looked = timeline.all("leftovers")
        guard let last = looked.last else { return .unknown("nobody looked for leftovers") }
        let found = looked.flatMap { look in
            (look["found"]?.array ?? []).map { Violation(text: $0.string ?? $0.text(), record: look.stamp.record) }
        }
        guard looked.allSatisfy({ $0["found"]?.array != nil }) else {
            return .unknown("the look for leftovers has no result", records: [last.stamp.record])
        }
        var finding = Finding.never(found, of: looked.count)
        finding.records = looked.map(\.stamp.record)
        // A lab can't see what outlives it: that look comes from outside, once it is gone.
        guard !found.isEmpty || looked.contains(where: { $0["stage"]?.string != "lab" }) else {
            return .unknown("the lab has not been looked at from outside yet", records: [last.stamp.record])
        }
        return finding
    }
}
