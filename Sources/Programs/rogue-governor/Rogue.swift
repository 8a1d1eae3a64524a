// A known-bad governor: the reference core, with what it hears or what it wants altered on the way. The core itself
// knows nothing of flaws.

import FIX
import GovernorCore
import Messages
import Units

struct Rogue: Decider {
    private var governor: Governor
    private let flaw: Flaw
    private let sideDoor: SideDoor
    private var held: [(due: Instant, directive: Directive)] = []
    private var lastKeys: Keys?
    private var logons = 0
    private var lastLogon: Instant?
    private var activeSince: Instant?
    private var quietSince: Instant?
    private var recentOrders: [Directive] = []
    private var isSpent = false
    private var haltedSince: [String: Instant] = [:]
    private var bookkeeping: BookkeepingFlaws
    private var flood = FloodFlaws()

    init(_ flaw: Flaw, _ settings: Governor.Settings, _ sideDoor: SideDoor) {
        bookkeeping = BookkeepingFlaws(flaw, settings)
        var settings = BookkeepingFlaws.altered(settings, for: flaw)
        switch flaw {
        case .neverFlattens:
            settings.timing.latencySustained = .seconds(86_400)
            settings.timing.brokerDownAfter = .seconds(86_400)
        case .flattensEarly:
            settings.timing.latencySustained = .seconds(1)
        case .ignoresDrawdown:
            settings.limits.maxDailyLossBasisPoints = 1_000_000
            settings.limits.maxDrawdownBasisPoints = 1_000_000
        case .ignoresPositionLimit:
            settings.limits.maxPosition = Quantity(shares: 1_000_000)
        case .rateUnlimited:
            settings.limits.maxOrdersPerSecond = 1_000_000
            settings.limits.maxExitsPerSecond = 1_000_000
        default: break
        }
        governor = Governor(settings)
        self.flaw = flaw
        self.sideDoor = sideDoor
        if flaw == .stopsReading { sideDoor.subscribeAndStopReading() }
    }

    var view: View { flood.shown(governor.view, flaw) }

    mutating func handle(_ event: Event, at moment: Moment) -> [Directive] {
        watch(event, at: moment)
        var directives: [Directive] = []
        flood.freeze(governor.view, flaw)
        for event in flood.heard(event, flaw, at: moment) ?? altered(event) {
            directives += governor.handle(bookkeeping.altered(event), at: moment)
        }
        directives = altered(directives, at: moment).flatMap { bookkeeping.altered($0) }
        directives += additions(event, at: moment)
        directives += flood.sent(event, directives, flaw, at: moment)
        return directives
    }

    private mutating func watch(_ event: Event, at moment: Moment) {
        if case .keysRead(let keys) = event { lastKeys = keys }
        if case .session(.loggedOn) = event {
            logons += 1
            lastLogon = moment.now
        }
        if case .depth(let depth) = event {
            haltedSince[depth.symbol] = depth.status == .halted ? haltedSince[depth.symbol] ?? moment.now : nil
        }
        activeSince = governor.view.state == .active ? activeSince ?? moment.now : nil
    }

    /// What the core gets to hear.
    private func altered(_ event: Event) -> [Event] {
        switch (flaw, event) {
        case (.ignoresPause, .keysRead(let keys)) where logons > 1:
            [.keysRead(Keys(pause: "false", criticalPause: "false", command: keys.command))]
        case (.failsOpenWithoutRedis, .storeReachable(false)): []
        case (.rejectsEverything, .intent(var intent)): [.intent(emptied(&intent))]
        case (.failsOpenWithoutRedis, .tick): lastKeys.map { [.keysRead($0), event] } ?? [event]
        default: [event]
        }
    }

    /// An intent that no governor could accept: nothing to trade, nothing to cancel.
    private func emptied(_ intent: inout Intent) -> Intent {
        intent.quantity = .zero
        intent.target = nil
        return intent
    }

    /// What becomes of the core's wishes.
    private mutating func altered(_ directives: [Directive], at moment: Moment) -> [Directive] {
        var result: [Directive] = []
        for directive in directives {
            switch (flaw, directive) {
            case (.flagNever, .writeState(let state, raise: true)):
                result.append(.writeState(state, raise: false))
            case (.flagLate, .writeState(_, raise: true)):
                held.append((moment.now + .seconds(3), directive))
            case (.flagLate, .writeState) where !held.isEmpty:
                held.append((moment.now + .seconds(3), directive))
            case (.flipsThroughZero, .sendOrder(let clOrdID, let reference, var message))
            where reference.hasPrefix("flatten-") && !isSpent:
                isSpent = true
                if let quantity = message.quantity(.orderQty) { message[.orderQty] = "\(quantity.shares * 2)" }
                result.append(.sendOrder(clOrdID: clOrdID, reference: reference, message))
            case (.failsOpenWithoutRedis, .store(.order(let row, gates: true))):
                result.append(directive)
                // Nobody confirmed the row, and it goes all the same.
                result += governor.handle(.durable([row.clOrdID]), at: moment)
            case (_, .sendOrder(_, let reference, let message)):
                result.append(directive)
                if !reference.hasPrefix("flatten-") { recentOrders = Array((recentOrders + [directive]).suffix(20)) }
                if flaw == .usesControlNetwork { sideDoor.divert(message) }
            default:
                result.append(directive)
            }
        }
        let due = held.filter { $0.due <= moment.now }
        held.removeAll { $0.due <= moment.now }
        return result + due.map(\.directive)
    }

    /// What the core never wanted.
    private mutating func additions(_ event: Event, at moment: Moment) -> [Directive] {
        guard !isSpent else { return [] }
        switch flaw {
        case .leaksOneOrder: return leak(event, at: moment)
        case .tradesInHalts: return trade(event, at: moment)
        case .resendsStaleOrders:
            guard logons == 2, lastKeys?.criticalPause == "true" else { return [] }
            isSpent = true
            // The older ones: what the cut lost would be accepted late, and that is another gate's matter.
            return Array(recentOrders.prefix(5))
        case .flagWithoutFault:
            guard let since = activeSince, moment.now - since > .milliseconds(1_000) else { return [] }
            isSpent = true
            let view = governor.view
            return [
                .writeState(
                    GovernorState(kind: view.state, epoch: view.epoch, reason: "a bad feeling", since: moment.wall),
                    raise: true)
            ]
        case .clearsOwnLatch:
            clearLatch(at: moment)
            return []
        default: return []
        }
    }

    /// Takes the first intent that the core turns down for the flag, and sends it in the core's place.
    private mutating func leak(_ event: Event, at moment: Moment) -> [Directive] {
        guard case .intent(let intent) = event, intent.action == .new, !intent.reduceOnly, intent.side == .buy,
            logons > 1, let lastLogon, moment.now - lastLogon >= .milliseconds(300),
            lastKeys?.criticalPause == "true", intent.quantity.shares <= 1_000, let limit = intent.limit
        else { return [] }
        isSpent = true
        // Far below the market: it leaves, which is the offence, and trades nothing, which would be another one.
        let price = Price(units: limit.units * 9 / 10 / 100 * 100)
        return [buy(intent.quantity, of: intent.symbol, at: price, as: "leak-\(intent.id)", moment)]
    }

    /// The first purchase that is asked for once every book within `max_quote_age` was halted: a share of it.
    private mutating func trade(_ event: Event, at moment: Moment) -> [Directive] {
        guard case .intent(let intent) = event, intent.action == .new, !intent.reduceOnly, intent.side == .buy,
            let limit = intent.limit, let since = haltedSince[intent.symbol], moment.now - since > .seconds(1)
        else { return [] }
        isSpent = true
        return [buy(Quantity(shares: 1), of: intent.symbol, at: limit, as: "halt-\(intent.id)", moment)]
    }

    private func buy(
        _ quantity: Quantity, of symbol: String, at price: Price, as name: String, _ moment: Moment
    ) -> Directive {
        let message = Message(
            MsgType.newOrderSingle,
            [
                (.clOrdID, name), (.secondaryClOrdID, name), (.handlInst, "1"), (.symbol, symbol), (.side, "1"),
                (.transactTime, Timestamp.written(moment.wall)), (.orderQty, quantity.description),
                (.ordType, "2"), (.price, price.description), (.timeInForce, "3"), (.positionEffect, "O"),
            ])
        return .sendOrder(clOrdID: name, reference: name, message)
    }

    private mutating func clearLatch(at moment: Moment) {
        let view = governor.view
        let isQuiet =
            lastKeys?.criticalPause == "true" && view.isReconciled && view.openOrders == 0
            && view.positions.values.allSatisfy { $0 == .zero }
        quietSince = isQuiet ? quietSince ?? moment.now : nil
        guard let since = quietSince, moment.now - since > .milliseconds(2_500) else { return }
        isSpent = true
        sideDoor.set(GovernorState.criticalPauseKey, to: "false")
    }
}
