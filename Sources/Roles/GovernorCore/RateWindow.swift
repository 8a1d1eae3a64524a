import Units

/// How many times something happened within the last window: at most `limit` are remembered.
struct RateWindow: Sendable {
    let window: Duration
    let limit: Int64
    private var times: [Instant] = []
    private var first = 0

    init(limit: Int64, per window: Duration) {
        self.limit = limit
        self.window = window
    }

    /// Whether one more at `now` stays within the limit: whether the one that would have to be out of the window is.
    func admits(at now: Instant) -> Bool {
        guard limit > 0 else { return false }
        let place = Int64(times.count) - limit
        return place < Int64(first) || now - times[Int(place)] >= window
    }

    mutating func count(at now: Instant) {
        times.append(now)
        while first < times.count, now - times[first] >= window { first += 1 }
        if first > 1_024, first * 2 > times.count {
            times.removeFirst(first)
            first = 0
        }
    }
}

/// What an order asks for, without its name: two orders alike in all of it are the same content.
struct OrderContent: Hashable, Sendable {
    let symbol: String
    let side: UInt8
    let quantity: Int64
    let limit: Int64
    let timeInForce: UInt8

    /// Size and price tell contents apart well enough for a table; equality looks at everything.
    func hash(into hasher: inout Hasher) {
        hasher.combine(quantity)
        hasher.combine(limit)
    }
}

/// Recent contents, by the instant each was accepted.
struct ContentMemory: Sendable {
    let duplicateWindow: Duration
    let repeatWindow: Duration
    let repeatMaximum: Int64
    private var times: [OrderContent: [Instant]] = [:]
    private var order: [(at: Instant, content: OrderContent)] = []
    private var first = 0

    init(_ limits: (duplicate: Duration, repeated: Duration, maximum: Int64)) {
        duplicateWindow = limits.duplicate
        repeatWindow = limits.repeated
        repeatMaximum = limits.maximum
    }

    /// When this content was accepted before, oldest first; older than both windows may be missing.
    func acceptances(of content: OrderContent) -> [Instant] { times[content] ?? [] }

    func isDuplicate(_ acceptances: [Instant], at now: Instant) -> Bool {
        guard let last = acceptances.last else { return false }
        return now - last < duplicateWindow
    }

    func isRepeatedTooOften(_ acceptances: [Instant], at now: Instant) -> Bool {
        let recent = acceptances.count(where: { now - $0 < repeatWindow })
        return Int64(recent) >= repeatMaximum
    }

    mutating func remember(_ content: OrderContent, at now: Instant) {
        forget(at: now)
        times[content, default: []].append(now)
        order.append((now, content))
    }

    private mutating func forget(at now: Instant) {
        let window = max(duplicateWindow, repeatWindow)
        while first < order.count, now - order[first].at >= window {
            let content = order[first].content
            times[content]?.removeFirst()
            if times[content]?.isEmpty == true { times[content] = nil }
            first += 1
        }
        if first > 1_024, first * 2 > order.count {
            order.removeFirst(first)
            first = 0
        }
    }
}
