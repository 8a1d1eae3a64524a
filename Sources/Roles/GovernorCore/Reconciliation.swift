import Units

/// Whether this governor and the broker agree on what is open: asked after each logon, by mass status.
package struct Reconciliation: Sendable {
    package private(set) var isDone = false
    private var asked: (id: String, at: Instant)?
    private var count: Int64 = 0

    package init() {}

    package mutating func sessionEnded() {
        isDone = false
        asked = nil
    }

    /// A question with a new name; earlier answers no longer count.
    package mutating func ask(instance: Int64, at now: Instant) -> String {
        count += 1
        let id = "status-\(instance)-\(count)"
        asked = (id, now)
        isDone = false
        return id
    }

    package func isOverdue(at now: Instant, patience: Duration) -> Bool {
        asked.map { now - $0.at > patience } ?? false
    }
    package func isAsked(_ id: String?) -> Bool { id != nil && asked?.id == id }

    package mutating func finish() {
        asked = nil
        isDone = true
    }
}
