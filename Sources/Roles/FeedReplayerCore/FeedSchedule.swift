// The feed as a value: a plan, an instant to start at, and what is due next.
//
// Open loop: an event's due time never moves, whatever happened to the ones before it. An intent is sent however late
// it is. Depth that was due before the replayer was ready is left out, since a book from the past is worth nothing,
// and counted.

import Messages
import Scenarios
import Units

package struct FeedSchedule: Sendable {
    package struct Outgoing: Hashable, Sendable {
        package var channel: String
        package var payload: [UInt8]
        package var due: Instant
        package var content: Plan.Content
        package var purpose: Purpose
    }

    private let events: [Plan.Event]
    private let start: Instant
    private let speedPercent: Int
    private var position = 0
    package private(set) var skippedDepths = 0

    /// `start` is the beginning of the first phase. `speedPercent` stretches or squeezes all offsets.
    package init(_ plan: Plan, start: Instant, speedPercent: Int = 100) {
        precondition(speedPercent > 0, "feed: speed \(speedPercent) %")
        events = plan.events
        self.start = start
        self.speedPercent = speedPercent
    }

    package var isDone: Bool { position == events.count }

    /// When the next event is due, `nil` after the last one.
    package var nextDue: Instant? { position < events.count ? due(position) : nil }

    /// Leaves out the depth that was due before `now`, and returns how many events that were. Call it once, when
    /// everything is ready.
    package mutating func begin(at now: Instant) -> Int {
        let first = position
        while position < events.count, due(position) < now, case .depth = events[position].content { position += 1 }
        skippedDepths += position - first
        return position - first
    }

    /// The next event, when it is due. Both clocks are read at the same moment: `wall` is what receivers compare with.
    package mutating func take(at now: Instant, wall: WallTime) -> Outgoing? {
        guard let due = nextDue, due <= now else { return nil }
        let event = events[position]
        position += 1
        let dueWall = wall + (due - now)
        switch event.content {
        case .depth(let planned):
            // A slow feed delivers what was sent, and due, that long ago.
            let age = stretched(.zero - event.age)
            let depth = Depth(
                sequence: planned.sequence, symbol: planned.symbol, tick: planned.tick, sent: wall + age,
                due: dueWall + age,
                status: planned.status, bids: planned.bids, asks: planned.asks)
            return Outgoing(
                channel: Depth.channel(depth.symbol), payload: depth.json.bytes(), due: due, content: .depth(depth),
                purpose: event.purpose)
        case .intent(var intent, let admissible):
            intent.sent = wall
            intent.due = dueWall
            return Outgoing(
                channel: Intent.channel, payload: intent.json.bytes(), due: due,
                content: .intent(intent, admissible: admissible), purpose: event.purpose)
        }
    }

    private func due(_ index: Int) -> Instant { start + stretched(events[index].due) }

    private func stretched(_ offset: Duration) -> Duration {
        guard speedPercent != 100 else { return offset }
        let (quotient, _) = Int64(speedPercent).dividingFullWidth(offset.nanoseconds.multipliedFullWidth(by: 100))
        return .nanoseconds(quotient)
    }
}
