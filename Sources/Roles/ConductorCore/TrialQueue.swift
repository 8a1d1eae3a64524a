// In which order known-bad governors are tried, and which of them are tried again.

/// Several rigs at a time, then, one by one, those that need the machine for themselves. What a busy machine left
/// undecided needs it too: it is tried again at the end, by itself, and no more than so often.
package struct TrialQueue: Sendable {
    /// Runs of one flaw while they are undecided. A gate that says the wrong thing is believed the first time.
    package static let attempts = 3

    private struct Trial: Sendable {
        let row: FlawTable.Row
        let attempt: Int
        let isAlone: Bool
    }

    private let jobs: Int
    private var waiting: [Trial]
    private var running: [String: Trial] = [:]

    /// - Parameter jobs: rigs at a time, one at least.
    package init(_ rows: [FlawTable.Row], jobs: Int) {
        self.jobs = max(1, jobs)
        waiting = (rows.filter { !$0.isAlone } + rows.filter(\.isAlone)).map { Trial(row: $0, attempt: 1, isAlone: $0.isAlone) }
    }

    package var isDone: Bool { waiting.isEmpty && running.isEmpty }

    /// What may begin now; it counts as running from then on. `nil`: nothing, before something else has ended.
    package mutating func next() -> FlawTable.Row? {
        guard let trial = waiting.first, running.count < jobs, !running.values.contains(where: \.isAlone),
            !trial.isAlone || running.isEmpty
        else { return nil }
        waiting.removeFirst()
        running[trial.row.flaw] = trial
        return trial.row
    }

    /// - Returns: whether it will be tried again.
    package mutating func ended(_ row: FlawTable.Row, isUndecided: Bool) -> Bool {
        guard let trial = running.removeValue(forKey: row.flaw), isUndecided, trial.attempt < TrialQueue.attempts
        else { return false }
        waiting.append(Trial(row: row, attempt: trial.attempt + 1, isAlone: true))
        return true
    }

    /// Nothing more begins.
    package mutating func stop() { waiting = [] }
}
