// The leak rule: what can increase risk and left at or after pause set. Section numbers would rot; the words are in
// `docs/verdicts.md`.

import History
import Messages
import Units

enum LeakRule {
    struct Result: Sendable {
        var leaks: [Violation] = []
        /// Too near to the pause to tell.
        var unsure: [Violation] = []
        /// Left between an operator's pause and the moment from which it counts.
        var duringPropagation: [Violation] = []
        /// Records of all leaks, for gates that must not judge them twice.
        var records: Set<Place> = []
        /// Verified reduce-only orders, by record.
        var verified: Set<Place> = []
        var judged = 0
    }

    /// Messages that can't move a position up: cancels and questions.
    static let harmless: Set<String> = ["0", "1", "2", "3", "4", "5", "A", "F", "H", "AF", "j", "q"]

    static func judge(_ timeline: Timeline, _ positions: Positions, _ pauses: [Pause]) -> Result {
        var result = Result()
        let departures = timeline.departures
        var originals: [String: Int] = [:]
        for (index, departure) in departures.enumerated() {
            defer { if departure.type != "F" { originals[departure.clOrdID] = index } }
            guard !harmless.contains(departure.type) else { continue }
            if isVerifiedReducing(departure, positions) {
                result.verified.insert(departure.stamp.record)
                continue
            }
            if departure.type == "G", onlyShrinks(departure, originals[departure.origClOrdID].map { departures[$0] }) { continue }
            result.judged += 1
            place(departure, pauses, claimIsOpen: departure.claimsReducing && !positions.isWhole, into: &result)
        }
        return result
    }

    private static func place(
        _ departure: Departure, _ pauses: [Pause], claimIsOpen: Bool, into result: inout Result
    ) {
        var unsure: Pause?
        var propagating = false
        for pause in pauses {
            switch pause.contains(departure.stamp) {
            case .yes where claimIsOpen: unsure = pause
            case .yes:
                result.leaks.append(violation(departure, pause))
                result.records.insert(departure.stamp.record)
                return
            case .unsure: unsure = pause
            case .no:
                let at = departure.stamp.at
                if pause.kind == .operators && at >= pause.setAt.at && at < pause.countsFrom.at { propagating = true }
            }
        }
        if let unsure { result.unsure.append(violation(departure, unsure)) }
        if propagating {
            result.duringPropagation.append(Violation(text: departure.name, record: departure.stamp.record))
        }
    }

    private static func violation(_ departure: Departure, _ pause: Pause) -> Violation {
        let distance = Finding.text(departure.stamp.at - pause.countsFrom.at)
        let flag = pause.kind == .unreadable ? "the pause became unreadable" : "\(pause.key) counted"
        let claim = departure.claimsReducing ? ", claimed to reduce and did not" : ""
        let again = departure.isPossibleDuplicate ? ", sent again" : ""
        return Violation(
            text: "\(departure.name) left \(distance) after \(flag)\(claim)\(again)", record: departure.stamp.record)
    }

    /// Claimed with 77=C, and true: by the broker's ledger when it accepted the order, or at departure if it never did.
    private static func isVerifiedReducing(_ departure: Departure, _ positions: Positions) -> Bool {
        guard departure.claimsReducing, ["D", "G"].contains(departure.type) else { return false }
        if let reduced = positions.orders[departure.clOrdID]?.reducedOnly { return reduced }
        guard let side = departure.side, let quantity = departure.quantity else { return false }
        let ledger = positions.state(at: departure.stamp.at)
        var working = ledger.working
        if departure.type == "G" { working[departure.origClOrdID] = nil }
        return Positions.reduces(
            departure.symbol, side, quantity, positions: ledger.positions, working: working, except: departure.clOrdID)
    }

    /// A replace that asks for no more, at no more eager a price.
    private static func onlyShrinks(_ replace: Departure, _ original: Departure?) -> Bool {
        guard let original, let before = original.quantity, let after = replace.quantity, after <= before,
            original.symbol == replace.symbol, original.side == replace.side
        else { return false }
        guard let old = original.price, let new = replace.price else { return original.price == replace.price }
        return replace.side == .buy ? new <= old : new >= old
    }
}
