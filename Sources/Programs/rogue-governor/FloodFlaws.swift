// What breaks only under a flood: speed, memory, and what the governor says about itself.

import FIX
import Glibc
import GovernorCore
import Messages
import Units

/// The flaw's own memory between events.
struct FloodFlaws {
    private var intents = 0
    private var accepted = 0
    private var hoard: [[UInt8]] = []
    private var lastStall: Instant?
    private var frozenLatency: Duration?

    private var large = 0
    private var passedOver: Set<String> = []

    /// A conflating governor never looks at one in so many of those that ask for more than this, and would be denied:
    /// no position depends on them. Few enough that a P99 is still one of what was decided.
    static let conflated = 25
    static let conflatedAbove = Quantity(shares: 1_000)
    static let hoarded = 16_384

    /// What the core gets to hear of this event; `nil` leaves it as it is.
    mutating func heard(_ event: Event, _ flaw: Flaw, at moment: Moment) -> [Event]? {
        guard case .intent(let intent) = event else { return nil }
        intents += 1
        switch flaw {
        // Whoever never saw the first of a name would take its duplicate for new, which is another promise.
        case .conflatesTicks where passedOver.contains(intent.id): return []
        case .conflatesTicks where intent.quantity > FloodFlaws.conflatedAbove:
            large += 1
            guard large % FloodFlaws.conflated == 0 else { return nil }
            passedOver.insert(intent.id)
            return []
        case .slowDecision where intents % 50 == 0: usleep(20_000)
        case .stalls:
            // Once every two seconds, as a stop-the-world collector might.
            let last = lastStall ?? moment.now
            if moment.now - last > .seconds(2) { usleep(200_000) }
            lastStall = moment.now - last > .seconds(2) ? moment.now : last
        case .leaksMemory: hoard.append([UInt8](repeating: 1, count: FloodFlaws.hoarded))
        default: break
        }
        return nil
    }

    /// What the metrics page is made from.
    mutating func freeze(_ view: View, _ flaw: Flaw) {
        if flaw == .frozenFeedGauge, frozenLatency == nil { frozenLatency = view.feedLatency }
    }

    func shown(_ view: View, _ flaw: Flaw) -> View {
        var view = view
        switch flaw {
        // For a second in every five it claims what has not arrived yet.
        case .watermarkJumps where view.watermark / 1_000 % 5 == 4: view.watermark += 400
        case .dropsMetric: view.feedLatency = nil
        case .frozenFeedGauge: view.feedLatency = frozenLatency ?? view.feedLatency
        default: break
        }
        return view
    }

    /// Every hundredth order that it accepts in shadow mode is meant in earnest.
    mutating func sent(_ event: Event, _ directives: [Directive], _ flaw: Flaw, at moment: Moment) -> [Directive] {
        guard flaw == .shadowSends, case .intent(let intent) = event, intent.action == .new, let limit = intent.limit,
            directives.contains(where: { if case .publish(let decision) = $0 { decision.action == .accept } else { false } })
        else { return [] }
        accepted += 1
        guard accepted % 100 == 0 else { return [] }
        let message = Message(
            MsgType.newOrderSingle,
            [
                (.clOrdID, intent.id), (.secondaryClOrdID, intent.id), (.handlInst, "1"), (.symbol, intent.symbol),
                (.side, intent.side == .buy ? "1" : "2"), (.transactTime, Timestamp.written(moment.wall)),
                (.orderQty, intent.quantity.description), (.ordType, "2"), (.price, limit.description),
                (.timeInForce, "3"), (.positionEffect, "O"),
            ])
        // An order would be stopped at the last gate, which knows the mode; a message of the session passes.
        return [.send(message)]
    }
}
