import Books
import Messages
import Units

/// Everything that can happen to a governor.
package enum Event: Sendable {
    /// What the store remembered; the first event, once.
    case recovered(Recovered)
    case depth(Depth)
    case intent(Intent)
    /// A message on the intents channel whose identity could be read and whose rest could not.
    case unreadableIntent(id: String, tick: Int64)
    /// A read of the keys was answered: confirmed at this instant.
    case keysRead(Keys)
    /// The write of this epoch was confirmed by Redis.
    case stateWritten(epoch: Int64)
    case commandForgotten
    case pingSent(Int64)
    case pingAnswered(Int64)
    /// The ping connection is gone: pings in flight stay unanswered.
    case pingsLost
    case storeReachable(Bool)
    /// These orders are durable now.
    case durable([String])
    case session(SessionEvent)
    case report(Report)
    case cancelRejected(CancelRejection)
    /// The broker refused a message as such: order `clOrdID` was never accepted.
    case refused(clOrdID: String, text: String)
    /// Messages the broker asked for again and didn't get: orders to resolve, status requests to ask again.
    case withheld
    /// The broker went on behind these numbers: reports under them will never come.
    case reportsLost(ClosedRange<Int>)
    /// The last gate at the socket met unsent bytes and did not write this order.
    case notSent(clOrdID: String)
    case tick
}

/// The keys of Redis, as one read found them; `nil` is absent.
package struct Keys: Hashable, Sendable {
    package var pause: String?
    package var criticalPause: String?
    package var command: String?

    package init(pause: String?, criticalPause: String?, command: String?) {
        self.pause = pause
        self.criticalPause = criticalPause
        self.command = command
    }
}

package enum SessionEvent: Hashable, Sendable {
    case loggedOn
    /// Something arrived on the session's connection.
    case heard
    case testRequestAnswered(Int64)
    /// The logged-on session ended; `planned` when this governor logged out in order.
    case ended(planned: Bool, reason: String)
}

/// What the governor wrote down before, in another life or another minute.
package struct Recovered: Sendable {
    package var epoch: Int64 = 0
    /// Counts the starts of this governor on this schema: part of identities, so that none comes twice.
    package var instance: Int64 = 1
    package var peakEquity: Money?
    /// Every fill, oldest first: positions, cash and fees follow from them.
    package var fills: [Fill] = []
    /// Orders that were not final.
    package var orders: [OrderRow] = []
    /// Intent ids for which an order was ever made durable.
    package var references: [String] = []

    package init() {}
}

/// What is known besides the event.
package struct Moment: Hashable, Sendable {
    package let now: Instant
    package let wall: WallTime
    /// Bytes handed to the broker's socket and not yet transmitted.
    package let unsentBytes: Int

    package init(now: Instant, wall: WallTime, unsentBytes: Int = 0) {
        self.now = now
        self.wall = wall
        self.unsentBytes = unsentBytes
    }
}
