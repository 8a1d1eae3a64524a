import Messages
import Units

/// The books that a governor can have had before it when it decided: it takes books and intents in the order of their
/// ticks, so no book with a larger tick than the intent's. It judges an intent by the book of the intent's own symbol,
/// however old or fresh the others are.
///
/// On a machine that is too slow for a burst the books behind it come too late, and to refuse for `stale_feed` is then
/// what the contract asks for.
struct BooksBefore {
    private let ageMaximum: Duration
    /// Of each symbol by tick, which is the order in which they were sent.
    private let books: [String: [(tick: Int64, sent: Instant)]]
    /// Outcomes of intents, in the order in which they left.
    private let outcomes: [(at: Instant, tick: Int64)]

    init(_ timeline: Timeline, ageMaximum: Duration) {
        self.ageMaximum = ageMaximum
        var books: [String: [(tick: Int64, sent: Instant)]] = [:]
        for book in timeline.books { books[book.symbol, default: []].append((book.tick, book.stamp.at)) }
        self.books = books.mapValues { $0.sorted { $0.tick < $1.tick } }
        outcomes = timeline.decided.compactMap { outgone in
            outgone.kind == .withdrawn ? nil : outgone.tick.map { (outgone.stamp.at, $0) }
        }.sorted { $0.at < $1.at }
    }

    /// Whether each book of the intent's symbol that was there was older than the limit when the refusal left. What the
    /// feed sent without a symbol has no book that could be stale.
    func wereStale(_ symbol: String, for refusal: Outgone) -> Bool {
        guard refusal.cause == .staleFeed, !symbol.isEmpty else { return false }
        let books = books[symbol] ?? []
        let at = refusal.stamp.at
        let horizon: Int64? =
            if refusal.kind == .withdrawn {
                // A withdrawal comes later than its intent: what was decided next bounds what was read by then.
                outcomes[first(outcomes.count) { outcomes[$0].at > at }...].first?.tick
            } else {
                refusal.tick
            }
        let byTick = horizon.map { horizon in first(books.count) { books[$0].tick >= horizon } } ?? books.count
        let byTime = first(books.count) { books[$0].sent > at }
        let count = min(byTick, byTime)
        return count == 0 || at - books[count - 1].sent > ageMaximum
    }

    /// The first index for which it holds, of those for which it then holds on.
    private func first(_ count: Int, where holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
