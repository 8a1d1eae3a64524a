import Units

/// Who waits for which answer. Redis answers in order, so this is a queue.
struct PendingReplies {
    struct Entry {
        let operation: () -> String
        let sent: Instant
        /// How many replies the command has: one, or one for each channel of a SUBSCRIBE.
        var remaining: Int
        let done: ((Result<RedisReply, RedisError>) -> Void)?
    }

    private var entries: [Entry] = []
    private var start = 0

    var count: Int { entries.count - start }
    var oldest: Instant? { count > 0 ? entries[start].sent : nil }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// Takes one reply; the entry when it was its last one, `nil` when more are to come or nobody waits.
    mutating func take(endsEarly: Bool) -> Entry? {
        guard count > 0 else { return nil }
        entries[start].remaining -= 1
        guard entries[start].remaining <= 0 || endsEarly else { return nil }
        let entry = entries[start]
        start += 1
        if start == entries.count || start >= 1024 {
            entries.removeFirst(start)
            start = 0
        }
        return entry
    }

    mutating func takeAll() -> [Entry] {
        defer {
            entries = []
            start = 0
        }
        return Array(entries[start...])
    }
}
