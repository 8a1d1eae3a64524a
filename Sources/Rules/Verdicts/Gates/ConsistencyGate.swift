import Messages
import Scenarios
import Units

extension Scene {
    /// Each read of a store shows the broker's positions, all symbols together, as they were at an instant that lay no
    /// longer than `bound` before the question; PostgreSQL's versions never fall, and rise with each change; in the end
    /// Redis, PostgreSQL and the broker say the same.
    func positionConsistency(_ bound: Duration) -> Finding {
        guard positions.isWhole else { return .unknown("the broker's drop copy is not whole") }
        var heard: [String: Instant] = [:]
        for message in timeline.messages where message.isInbound && message.type == "8" && !message.execID.isEmpty {
            if heard[message.execID] == nil { heard[message.execID] = message.stamp.at }
        }
        let states = PositionStates(positions, from: timeline.start, heard: heard)
        guard let first = states.changes.first, let last = states.changes.last, first.at < last.at else {
            return .unknown("positions didn't move")
        }
        var violations: [Violation] = []
        var unsure: [Violation] = []
        var worst = Duration.zero
        let waits = ProcessorWaits(timeline)
        var moving: [StoreRead.Store: Int] = [:]
        for read in timeline.storeReads {
            if read.stamp.at > first.at, read.sent < last.at { moving[read.store, default: 0] += 1 }
            guard let age = states.age(of: read) else {
                violations.append(
                    Violation(
                        text: "\(read.store.rawValue) showed \(Scene.words(read)), never so at the broker",
                        record: read.stamp.record))
                continue
            }
            worst = max(worst, age.atBroker)
            guard age.atBroker > bound else { continue }
            let text = "\(read.store.rawValue) showed \(Scene.words(read)), which was \(Finding.text(age.atBroker)) old"
            if let excuse = excuse(read, age, bound, waits) {
                unsure.append(Violation(text: text + excuse, record: read.stamp.record))
            } else {
                violations.append(Violation(text: text, record: read.stamp.record))
            }
        }
        violations += versionDefects() + finalDefects()
        violations.sort { $0.record < $1.record }
        let observed = JSON.real(worst.seconds)
        let count = timeline.storeReads.count
        guard violations.isEmpty else {
            return Finding(
                .fail, observed: observed, count: count, reason: Violation.text(violations), records: violations.map(\.record))
        }
        guard table("positions") != nil, timeline.all("keys").last?["positions"]?.members != nil else {
            return .unknown("the stores' final positions are not on record", observed: observed)
        }
        guard unsure.isEmpty else { return .unknown("not decidable: \(Violation.text(unsure))", observed: observed) }
        for store in StoreRead.Store.allCases where moving[store, default: 0] < Scene.readsMinimum {
            let count = moving[store, default: 0]
            let text = "\(count) reads of \(store.rawValue) while positions moved, at least \(Scene.readsMinimum)"
            return .unknown(text, observed: observed)
        }
        return Finding(.pass, observed: observed, count: count)
    }

    /// Why a read that was too old convicts nobody; `nil` when it does.
    private func excuse(
        _ read: StoreRead, _ age: PositionStates.Age, _ bound: Duration, _ waits: ProcessorWaits
    ) -> String? {
        if age.atBroker - read.stamp.uncertainty <= bound { return "" }
        // The broker's reports were late themselves: no governor could have shown more.
        let heard = "; the report reached the governor \(Finding.text(age.asHeard)) before"
        if age.asHeard <= bound { return heard }
        let waited = waits.waited(from: read.sent - age.asHeard, to: read.sent)
        guard age.asHeard - waited <= bound else { return nil }
        return "\(heard), and it waited \(Finding.text(waited)) for a processor since"
    }

    private static func words(_ read: StoreRead) -> String {
        let positions = read.positions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return positions.isEmpty ? "no position" : positions.joined(separator: ", ")
    }

    private func versionDefects() -> [Violation] {
        var seen: [String: (version: Int64, quantity: Int64)] = [:]
        var violations: [Violation] = []
        for read in timeline.storeReads where read.store == .postgres {
            for (symbol, version) in read.versions.sorted(by: { $0.key < $1.key }) {
                let quantity = read.positions[symbol] ?? 0
                if let before = seen[symbol] {
                    if version < before.version {
                        let text = "\(symbol): version \(version) after \(before.version)"
                        violations.append(Violation(text: text, record: read.stamp.record))
                    } else if version == before.version, quantity != before.quantity {
                        let text = "\(symbol): \(before.quantity) and \(quantity), both as version \(version)"
                        violations.append(Violation(text: text, record: read.stamp.record))
                    }
                }
                seen[symbol] = (version, quantity)
            }
        }
        return violations
    }

    private func finalDefects() -> [Violation] {
        var violations = storedPositionDefects() ?? []
        guard let keys = timeline.all("keys").last, let members = keys["positions"]?.members else { return violations }
        var found: [String: Int64] = [:]
        for member in members { found[member.key] = member.value.integer ?? member.value.string.flatMap { Int64($0) } }
        let truth = positions.state(at: timeline.end).positions
        for symbol in Set(found.keys).union(truth.keys).sorted() where found[symbol] ?? 0 != truth[symbol]?.shares ?? 0 {
            let text = "\(symbol): redis ends with \(found[symbol] ?? 0), the broker with \(truth[symbol] ?? .zero)"
            violations.append(Violation(text: text, record: keys.stamp.record))
        }
        return violations
    }
}
