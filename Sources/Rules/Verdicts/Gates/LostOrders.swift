// Orders that were accepted and never left. A connection that dies takes with it what was written into it, and then the
// evidence knows: the governor's store calls the order lost, and its number was never seen leaving. A governor that
// merely drops orders while everybody looks at the fault has neither.

import History
import Messages
import Units

extension Scene {
    /// Of the accepted intents of which nothing left, those that no dead connection explains; `unsure` are those that
    /// only the governor's store could explain, when it isn't on record.
    func dropped(_ unsent: [Outgone]) -> (certain: [Violation], unsure: [Violation]) {
        guard !unsent.isEmpty else { return ([], []) }
        let onRecord = storedOrders
        var stored: [String: StoredOrder] = [:]
        for place in onRecord?.values.sorted() ?? [] {
            let row = timeline.storedOrders[place]
            stored[row.reference] = row
        }
        let arrivals = arrivals(of: unsent)
        var violations: [Violation] = []
        var unsure: [Violation] = []
        var lost: [Instant] = []
        var called: [Outgone] = []
        for outgone in unsent {
            let intent = outgone.intent ?? ""
            let row = stored[intent]
            // What was decided while Redis was cut off is published later: the intent's arrival says when that was.
            let at = outgone.key.flatMap { arrivals[$0] } ?? outgone.stamp.at
            let asksForNothing = timeline.offered(intent)?.kind == .cancel
            if isStoreDead(at: at) || isKilled(after: at), row.map(wasNeverSent) ?? true { continue }
            guard !isUndecidable(at: at) else {
                unsure.append(dropped(outgone, "the governor or the rig ended about then"))
                continue
            }
            guard isPathDead(at: at) else {
                violations.append(dropped(outgone, "nothing stood in its way"))
                continue
            }
            guard onRecord != nil else {
                unsure.append(dropped(outgone, "its store isn't on record"))
                continue
            }
            // Only a later session tells the governor what became of it; until then its store can't call it lost.
            let isOpen = row?.status == .pending && !timeline.sessions.contains { $0.start.at > at }
            // A cancel has no row of its own.
            guard asksForNothing || ((row?.status == .lost || isOpen) && row?.cumulative == 0) else {
                violations.append(dropped(outgone, "the store says \(row?.status?.rawValue ?? "nothing") of it"))
                continue
            }
            lost.append(at)
            called.append(outgone)
        }
        let numbers = numbersNeverSeen
        // Without a later session nobody knows how far the numbers went.
        let last = timeline.sessions.last?.start.at ?? timeline.start
        let numbered = zip(lost, called).filter { $0.0 < last }.map(\.1)
        if numbered.count > numbers {
            violations += numbered.dropFirst(numbers).map {
                dropped($0, "\(numbered.count) orders are called lost, and only \(numbers) numbers never left")
            }
        }
        return (violations, unsure)
    }

    private func arrivals(of outgoing: [Outgone]) -> [IntentKey: Instant] {
        let wanted = Set(outgoing.compactMap(\.key))
        var found: [IntentKey: Instant] = [:]
        for intent in timeline.arrived where wanted.contains(intent.key) { found[intent.key] = intent.stamp.at }
        return found
    }

    private func dropped(_ outgone: Outgone, _ why: String) -> Violation {
        Violation(
            text: "\(outgone.intent ?? "?"): \(outgone.action), but nothing left within 1 s and it was not withdrawn; \(why)",
            record: outgone.stamp.record)
    }

    private func wasNeverSent(_ row: StoredOrder) -> Bool {
        row.cumulative == 0 && (row.status.map { $0.isFinal && $0 != .filled } ?? false)
    }

    /// The broker's path was cut, or the session ended within the time that an order has to leave. What is decided
    /// once the governor has heard of the end is rejected, not lost.
    private func isPathDead(at instant: Instant) -> Bool {
        let isCut = faults.contains { fault in
            guard fault.cuts("broker"), let start = fault.firstEffect?.at else { return false }
            return instant >= start - Scene.orderWithin && fault.effectEnded.map { instant < $0.at } ?? true
        }
        return isCut || timeline.sessions.contains { span in
            guard let end = span.end?.at else { return false }
            let heard = end + PauseRule.delay(at: end, faults) + PauseRule.propagation
            return instant >= end - Scene.orderWithin && instant < heard
        }
    }

    /// Nothing becomes durable while the store can't be reached, and nothing that isn't leaves.
    private func isStoreDead(at instant: Instant) -> Bool {
        faults.contains { fault in
            guard fault.cuts("store"), let start = fault.firstEffect?.at else { return false }
            return instant >= start - Scene.orderWithin && fault.effectEnded.map { instant < $0.at } ?? true
        }
    }

    /// An outcome is published when it is decided, and the order leaves once it is durable: who is killed in between
    /// takes it along.
    private func isKilled(after instant: Instant) -> Bool {
        faults.contains { fault in
            guard fault.ends("governor"), let end = fault.firstEffect?.at else { return false }
            return instant >= end - Scene.durableWithin && instant <= end
        }
    }

    /// A store with nothing in its way commits a batch well within this.
    private static let durableWithin = Duration.milliseconds(200)

    /// How many of the governor's sequence numbers were used up, and never seen leaving as anything but a gap fill.
    private var numbersNeverSeen: Int {
        var seen: Set<Int64> = []
        var highest: Int64 = 0
        for departure in timeline.departures {
            guard let number = departure.sequence, !departure.isPossibleDuplicate else { continue }
            seen.insert(number)
            highest = max(highest, number)
        }
        for message in timeline.messages where !message.isInbound {
            if let next = message.nextSequence { highest = max(highest, next - 1) }
            guard let number = message.sequence, message.type != "4", !message.isPossibleDuplicate else { continue }
            seen.insert(number)
            highest = max(highest, number)
        }
        return Int(highest) - seen.count
    }
}
