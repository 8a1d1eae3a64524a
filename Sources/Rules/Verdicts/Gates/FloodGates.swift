// What a flood asks of a governor beside its speed: that it takes what it should, denies what it must, and says the
// truth about how far it is.

import Messages
import Scenarios
import Units

extension Scene {
    /// The phase in which a flood is measured: from the start of `drive` to the start of the next one.
    var driving: Range<Instant>? {
        let phases = timeline.all("phase")
        guard let place = phases.firstIndex(where: { $0["name"]?.string == PhaseName.drive.rawValue }) else { return nil }
        let until = place + 1 < phases.count ? phases[place + 1].stamp.at : close
        let from = phases[place].stamp.at
        return from < until ? from..<until : nil
    }

    private struct Answered {
        let offer: OfferedIntent
        /// `nil`: no outcome on record.
        let first: Outgone?
        let isWithdrawn: Bool

        var isAccepted: Bool { ["accept", "reduce"].contains(first?.action ?? "") && !isWithdrawn }
    }

    /// The intents that reached the governor in a stretch of time, with what was offered and what was answered.
    private func answered(in window: Range<Instant>) -> some Sequence<Answered> {
        let source = timeline.published.isEmpty ? timeline.decided : timeline.published
        var first = PerIntent<Int32>(timeline)
        var withdrawn = PerIntent<Bool>(timeline)
        for (place, outgone) in source.rows.enumerated() {
            if outgone.kind == .withdrawn {
                withdrawn[outgone.intent] = true
            } else if first[outgone.intent] == nil {
                first[outgone.intent] = Int32(place)
            }
        }
        let offered = timeline.offered
        return timeline.arrived.lazy.compactMap { [first, withdrawn] intent -> Answered? in
            guard window.contains(intent.stamp.at), let offer = offered[intent.key] else { return nil }
            return Answered(
                offer: offer, first: first[intent.key].map { source[Int($0)] },
                isWithdrawn: withdrawn[intent.key] ?? false)
        }
    }

    /// What is admissible by construction is accepted, and not taken back.
    func acceptedRate(_ minimum: Figure) -> Finding {
        guard let window = driving else { return .unknown("the drill never came to the phase drive") }
        var admissible = 0
        var refused: [Answered] = []
        for answer in answered(in: window) where answer.offer.isAdmissible {
            admissible += 1
            if !answer.isAccepted { refused.append(answer) }
        }
        guard admissible > 0 else { return .unknown("no admissible intent reached the governor") }
        let rate = 100 * Double(admissible - refused.count) / Double(admissible)
        var finding = Finding(
            rate >= minimum.value ? .pass : .fail, observed: .real(rate), count: admissible,
            records: refused.prefix(100).map(\.offer.stamp.record))
        guard finding.outcome == .fail else { return finding }
        let reasons = Dictionary(grouping: refused) { answer -> String in
            answer.isWithdrawn ? "withdrawn" : answer.first?.reason ?? "no outcome"
        }.map { "\($0.value.count) \($0.key)" }.sorted()
        finding.reason = "\(refused.count) of \(admissible) admissible intents were not accepted: "
            + reasons.joined(separator: ", ")
        return finding
    }

    /// How many intents were built to break each check, and how many of those were denied for it.
    var checksMeasured: JSON {
        guard let window = driving else { return .null }
        var counts: [String: (offered: Int64, denied: Int64, named: Int64)] = [:]
        for answer in answered(in: window) {
            guard let check = answer.offer.check else { continue }
            counts[check, default: (0, 0, 0)].offered += 1
            guard answer.first?.action == "reject" else { continue }
            counts[check, default: (0, 0, 0)].denied += 1
            if answer.first?.reason == check { counts[check, default: (0, 0, 0)].named += 1 }
        }
        return .array(counts.sorted { $0.key < $1.key }.map { check, count in
            .string("\(check): \(count.offered) offered, \(count.denied) denied, \(count.named) for this reason")
        })
    }

    func ordersInShadow() -> Finding {
        guard evidence.scenario.governor.mode == .shadow else { return .unknown("the governor did not run in shadow mode") }
        guard !timeline.all("stats").isEmpty, !timeline.arrived.isEmpty else {
            return .unknown("the tap saw no intent, so that no order says nothing")
        }
        let sent = timeline.departures.map { Violation(text: "\($0.name) left", record: $0.stamp.record) }
        let received = timeline.ledger.filter { $0.execution.kind == .received && sent.isEmpty }.map {
            Violation(text: "\($0.execution.clOrdID) reached the broker", record: $0.stamp.record)
        }
        return .never(sent + received, of: timeline.arrived.count)
    }

    // MARK: how far the governor says it is

    /// A claimed watermark k means that every tick up to k is decided; the wire shows when that came true.
    func watermarkTrue() -> Finding {
        let claims = timeline.watermarks.filter { $0.watermark != nil }
        guard !claims.isEmpty else { return .unknown("no watermark was ever claimed") }
        guard !timeline.arrived.isEmpty else { return .unknown("no intent reached the governor") }
        let first = firstDecisions
        // What is offered and never arrives is judged by `every_intent_decided`.
        var intents = timeline.arrived.map { Decided(tick: $0.key.tick, at: first[$0.key] ?? Decided.never) }
        intents.sort { $0.tick < $1.tick }
        var violations: [Violation] = []
        for claim in claims {
            guard let watermark = claim.watermark, claim.stamp.at < close else { continue }
            violations += early(claim, watermark, intents)
        }
        var finding = Finding.never(violations, of: claims.count)
        finding.observed = .bool(violations.isEmpty)
        return finding
    }

    /// When the intent of a tick was decided.
    private struct Decided {
        static let never = Instant(nanoseconds: .max)

        let tick: Int64
        let at: Instant
    }

    /// The newest undecided intent below a claim, if any. Decisions come in the order of ticks but for a few, so
    /// looking back over as many as one scrape can cover is enough.
    private func early(_ claim: WatermarkSeen, _ watermark: Int64, _ intents: [Decided]) -> [Violation] {
        var (low, high) = (0, intents.count)
        while low < high {
            let middle = (low + high) / 2
            if intents[middle].tick <= watermark { low = middle + 1 } else { high = middle }
        }
        for intent in intents[max(0, low - Scene.lookBack)..<low].reversed() {
            if intent.at <= claim.stamp.at { continue }
            let text = "watermark \(watermark) claimed while tick \(intent.tick) was undecided"
            return [Violation(text: text, record: claim.stamp.record)]
        }
        return []
    }

    private static let lookBack = 256
}
