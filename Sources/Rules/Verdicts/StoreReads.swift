import History
import Messages
import Units

/// One look at a store while positions moved: what it answered, and when it was asked.
struct StoreRead: Sendable {
    enum Store: String, Sendable, CaseIterable { case redis, postgres }

    /// The answer's arrival.
    let stamp: Stamp
    let sent: Instant
    let store: Store
    /// Without those that are zero.
    let positions: [String: Int64]
    /// PostgreSQL's, by symbol.
    let versions: [String: Int64]

    /// A row of `samples/store_reads.csv`.
    init?(_ row: inout SampleCells, _ stamp: Stamp) {
        let (store, sent) = (row.text().flatMap(Store.init(rawValue:)), row.integer())
        let (positions, versions) = (StoreRead.numbers(row.text() ?? ""), StoreRead.numbers(row.text() ?? ""))
        guard let store, let sent, let positions, let versions else { return nil }
        self.stamp = stamp
        self.sent = Instant(nanoseconds: sent)
        self.store = store
        self.positions = positions.filter { $0.value != 0 }
        self.versions = versions
    }

    /// `AMD=-12 NVDA=30`: whole numbers by symbol. `nil` for anything else, and for a symbol that stands twice.
    static func numbers(_ text: String) -> [String: Int64]? {
        var numbers: [String: Int64] = [:]
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let value = Int64(parts[1]),
                numbers.updateValue(value, forKey: String(parts[0])) == nil
            else { return nil }
        }
        return numbers
    }
}

/// What the governor says that its sells − buys − fees come to.
struct CashFlowClaim: Sendable {
    static let metric = "risk_governor_cash_flow_dollars"

    let stamp: Stamp
    let amount: Money
}

/// The broker's positions as a list of states, each with the time for which it was the present one.
struct PositionStates: Sendable {
    private struct State {
        let from: Stamp
        let until: Instant?
        /// When the report of what ended it was at the governor's interface. `nil`: never.
        let untilHeard: Instant?
    }

    struct Age {
        let atBroker: Duration
        /// Since the governor could know.
        let asHeard: Duration
    }

    /// When positions changed.
    let changes: [Stamp]
    private var states: [[String: Int64]: [State]] = [:]

    /// - Parameter heard: when each execution's report came to the governor, by ExecID.
    init(_ positions: Positions, from start: Instant, heard: [String: Instant]) {
        var list: [(from: Stamp, heard: Instant?, content: [String: Int64])] = [
            (Stamp(at: start, uncertainty: .zero, record: 0), start, [:])
        ]
        var content: [String: Int64] = [:]
        for trade in positions.trades {
            let held = trade.execution.position.shares
            content[trade.execution.symbol] = held == 0 ? nil : held
            if content != list[list.count - 1].content { list.append((trade.stamp, heard[trade.execution.execID], content)) }
        }
        for (index, state) in list.enumerated() {
            let next = index + 1 < list.count ? list[index + 1] : nil
            states[state.content, default: []].append(
                State(from: state.from, until: next?.from.at, untilHeard: next?.heard))
        }
        changes = list.dropFirst().map(\.from)
    }

    /// How long ago, when it was asked for, what a read shows had last been true. `nil`: never, up to the answer.
    func age(of read: StoreRead) -> Age? {
        (states[read.positions] ?? []).compactMap { state -> Age? in
            guard state.from.at <= read.stamp.at + state.from.uncertainty else { return nil }
            guard let until = state.until else { return Age(atBroker: .zero, asHeard: .zero) }
            return Age(
                atBroker: max(.zero, read.sent - until),
                asHeard: state.untilHeard.map { max(.zero, read.sent - $0) } ?? .zero)
        }.min { $0.atBroker < $1.atBroker }
    }
}
