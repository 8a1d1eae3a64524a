import Messages
import Units

/// What was accepted lately, by content: an order that looks like one of them is denied as a duplicate, or as repeated
/// too often, and then for no other reason.
struct FloodContents {
    struct Content: Hashable {
        let symbol: String
        let side: Side
        let quantity: Quantity
        let limit: Price?
        let timeInForce: TimeInForce
    }

    private var times: [Content: [Duration]] = [:]
    private var order: [(content: Content, at: Duration)] = []
    private var first = 0
    private let duplicateWindow: Duration
    private let repeatWindow: Duration
    private let repeatedOrders: Int64

    /// On the wire two orders may come closer, or further apart, than they were sent.
    private static let slack = Duration.milliseconds(500)

    init(_ limits: FloodLimits) {
        duplicateWindow = limits.duplicateWindow + FloodContents.slack
        repeatWindow = limits.repeatWindow + FloodContents.slack
        repeatedOrders = limits.repeatedOrders
    }

    private static func content(_ intent: Intent) -> Content {
        Content(
            symbol: intent.symbol, side: intent.side, quantity: intent.quantity, limit: intent.limit,
            timeInForce: intent.timeInForce)
    }

    /// Neither a duplicate nor repeated too often, even if one more were accepted meanwhile.
    mutating func isNew(_ intent: Intent, at now: Duration) -> Bool {
        forget(at: now)
        guard let past = times[FloodContents.content(intent)], let last = past.last else { return true }
        return now - last > duplicateWindow && Int64(past.count) + 1 < repeatedOrders
    }

    mutating func remember(_ intent: Intent, at now: Duration) {
        let content = FloodContents.content(intent)
        times[content, default: []].append(now)
        order.append((content, now))
    }

    private mutating func forget(at now: Duration) {
        while first < order.count, now - order[first].at > repeatWindow {
            let content = order[first].content
            times[content]?.removeFirst()
            if times[content]?.isEmpty == true { times[content] = nil }
            first += 1
        }
        if first > 4_096 {
            order.removeFirst(first)
            first = 0
        }
    }
}
