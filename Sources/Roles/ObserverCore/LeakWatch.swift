// The leak rule as the drill runs, so that a leak is announced while everything is still there to look at.
//
// The verdict is the judge's, from the whole evidence; this is the alarm. It raises what it can know at once:
// a message that can increase risk and left at or after the pause was set. MONITOR's line and the packet come
// on different ways, so orders are kept for a while and judged again when a flag arrives late.

import Messages
import Units

package struct LeakWatch: Sendable {
    package struct Leak: Hashable, Sendable {
        package let order: Sighting.Order
        package let at: Instant
        package let pausedAt: Instant
        /// `pause`, `critical_pause`, or `unreadable`.
        package let flag: String
    }

    struct Pause: Hashable, Sendable {
        let flag: String
        let setAt: Instant
        /// From here on leaks count: at once for the governor's own pause, later for the operator's.
        var countsFrom: Instant
        var clearedAt: Instant?
        let isGovernors: Bool
        /// What keeps the flags from being read, for a pause that nobody wrote.
        var fault: String?

        func covers(_ at: Instant) -> Bool { at >= countsFrom && clearedAt.map { at < $0 } ?? true }
    }

    struct Departure: Sendable {
        let order: Sighting.Order
        let at: Instant
        var isAnnounced = false
    }

    /// How long a departure is kept for a flag that arrives late, and a cleared pause for a late departure.
    package static let memory = Duration.nanoseconds(2_000_000_000)
    /// What the contract gives a governor to notice an operator's pause, besides the proven delay.
    package static let propagation = Duration.nanoseconds(50_000_000)
    /// No confirmed read for so long means paused.
    package static let unreadableAfter = Duration.nanoseconds(1_000_000_000)
    static let unreadable = "unreadable"
    /// A claim to reduce that the broker hasn't judged by then is judged by the ledger at departure.
    package static let acceptanceWait = Duration.nanoseconds(40_000_000)

    /// Orders remembered for the replaces that may follow; half of them are forgotten when it is reached.
    package static let originalsMaximum = 20_000

    /// The one-way delay into the governor of the faults in force.
    package var delay = Duration.zero
    package private(set) var leaks: [Leak] = []
    private var pauses: [Pause] = []
    private var departures: [Departure] = []
    /// What replaces refer to, by ClOrdID, and in the order in which it left.
    private var originals: [String: Sighting.Order] = [:]
    private var originalNames: [String] = []
    /// Claims to reduce and what the ledger said as they left.
    private var claims: [String: Bool] = [:]

    package init() {}

    package mutating func flag(_ key: String, value: String, by: String, at: Instant) -> [Leak] {
        let open = pauses.lastIndex { $0.flag == key && $0.clearedAt == nil }
        if value == "false" {
            if let open { pauses[open].clearedAt = at }
            return []
        }
        guard open == nil else { return [] }
        let isGovernors = by == "governor"
        let grace = isGovernors ? Duration.zero : LeakWatch.propagation + delay
        pauses.append(Pause(flag: key, setAt: at, countsFrom: at + grace, clearedAt: nil, isGovernors: isGovernors))
        return judge(now: at)
    }

    /// From the first effect of a fault that keeps the governor from reading its flags: a second later it counts as
    /// paused, whatever the flags say.
    package mutating func cutOff(by fault: String, since start: Instant) -> [Leak] {
        guard !pauses.contains(where: { $0.fault == fault && $0.clearedAt == nil }) else { return [] }
        let from = start + LeakWatch.unreadableAfter
        pauses.append(
            Pause(
                flag: LeakWatch.unreadable, setAt: from, countsFrom: from, clearedAt: nil, isGovernors: true, fault: fault))
        return judge(now: start)
    }

    /// The flags can be read again.
    package mutating func reconnected(_ fault: String, at: Instant) {
        guard let open = pauses.lastIndex(where: { $0.fault == fault && $0.clearedAt == nil }) else { return }
        pauses[open].clearedAt = at
    }

    /// The governor says PAUSED: from here on an operator's pause is acknowledged.
    package mutating func acknowledged(at: Instant) -> [Leak] {
        for index in pauses.indices where pauses[index].clearedAt == nil && pauses[index].fault == nil {
            pauses[index].countsFrom = min(pauses[index].countsFrom, max(at, pauses[index].setAt))
        }
        return judge(now: at)
    }

    package mutating func departed(_ order: Sighting.Order, at: Instant, ledger: Ledger) -> [Leak] {
        guard LeakWatch.canIncreaseRisk(order) else { return [] }
        let shrinks = order.type == "G" && onlyShrinks(order)
        remember(order)
        guard !shrinks else { return [] }
        if order.claimsReducing, let symbol = order.symbol, let side = order.side {
            claims[order.clOrdID] = ledger.reduces(symbol, side, adding: order.quantity ?? .zero)
        }
        departures.append(Departure(order: order, at: at))
        return judge(now: at)
    }

    /// The broker accepted a claim to reduce and its ledger says whether it was true.
    package mutating func accepted(_ clOrdID: String, reduces: Bool, at: Instant) -> [Leak] {
        guard claims[clOrdID] != nil || !reduces else { return [] }
        claims[clOrdID] = reduces
        return judge(now: at, accepted: clOrdID)
    }

    /// Judges what waited for the broker's word, and forgets what is old. Call it twenty times a second.
    package mutating func tick(at now: Instant) -> [Leak] {
        let found = judge(now: now)
        departures.removeAll { now - $0.at > LeakWatch.memory }
        pauses.removeAll { $0.clearedAt.map { now - $0 > LeakWatch.memory } ?? false }
        guard !claims.isEmpty else { return found }
        let known = Set(departures.map(\.order.clOrdID))
        claims = claims.filter { known.contains($0.key) }
        return found
    }

    private mutating func remember(_ order: Sighting.Order) {
        if originals.updateValue(order, forKey: order.clOrdID) == nil { originalNames.append(order.clOrdID) }
        guard originalNames.count > LeakWatch.originalsMaximum else { return }
        for name in originalNames.prefix(LeakWatch.originalsMaximum / 2) { originals[name] = nil }
        originalNames.removeFirst(LeakWatch.originalsMaximum / 2)
    }

    /// A replace that asks for no more, at no more eager a price.
    private func onlyShrinks(_ replace: Sighting.Order) -> Bool {
        guard let original = originals[replace.origClOrdID ?? ""], let before = original.quantity,
            let after = replace.quantity, after <= before, original.symbol == replace.symbol,
            original.side == replace.side
        else { return false }
        guard let old = original.price, let new = replace.price else { return original.price == replace.price }
        return replace.side == .buy ? new <= old : new >= old
    }

    /// Cancels and questions can't; anything unknown can.
    package static func canIncreaseRisk(_ order: Sighting.Order) -> Bool { !["F", "q"].contains(order.type) }

    private mutating func judge(now: Instant, accepted: String? = nil) -> [Leak] {
        guard !pauses.isEmpty else { return [] }
        var found: [Leak] = []
        for index in departures.indices where !departures[index].isAnnounced {
            let departure = departures[index]
            guard let pause = pauses.first(where: { $0.covers(departure.at) }) else { continue }
            if departure.order.claimsReducing {
                guard claims[departure.order.clOrdID] != true else { continue }
                let isDecided = accepted == departure.order.clOrdID || now - departure.at >= LeakWatch.acceptanceWait
                guard isDecided else { continue }
            }
            departures[index].isAnnounced = true
            found.append(Leak(order: departure.order, at: departure.at, pausedAt: pause.setAt, flag: pause.flag))
        }
        leaks += found
        return found
    }
}
