// The way to PostgreSQL: rows are gathered into batches, and a batch is one transaction. The deciding thread hands a
// row over and goes on; it hears of it when the row is durable.

import FIX
import GovernorCore
import Messages
import Postgres
import Sockets
import Units

final class StoreLink {
    /// So many rows go at once; fewer wait for others a little.
    static let rowsEnough = 100
    /// What has gathered behind batches on their way goes together.
    static let rowsMaximum = 500
    static let gatherFor: Duration = .milliseconds(2)
    static let batchesInFlight = 4
    /// Rows that wait for a store that is away. Beyond it, the oldest state is not kept: the governor stops.
    static let waitingMaximum = 500_000

    var onEvent: (Event) -> Void = { _ in }
    var onNote: (String) -> Void = { _ in }

    private let connection: PostgresConnection
    private unowned let reactor: Reactor
    private var waiting: [StoreWrite] = []
    private var failed: [StoreWrite] = []
    private var gathering: Timer?
    private var inFlight = 0
    private var numbers: Session.Numbers?
    private var writtenNumbers: Session.Numbers?
    private var isRecovered = false
    private(set) var wasReached = false
    private var onMemory: ((StoreMemory) -> Void)?

    init(url: String, on reactor: Reactor) {
        self.reactor = reactor
        connection = PostgresConnection(
            url: url, connectWithin: .seconds(1), answerWithin: .milliseconds(1_500), on: reactor)
        connection.retryAfter = .milliseconds(250)
        connection.onReady = { [weak self] in self?.ready() }
        connection.onClose = { [weak self] error in self?.closed(error) }
    }

    var isReachable: Bool { connection.isReady && isRecovered }
    var isIdle: Bool { waiting.isEmpty && inFlight == 0 }

    /// Connects, reads what is remembered, and keeps the connection from then on.
    func start(_ onMemory: @escaping (StoreMemory) -> Void) {
        self.onMemory = onMemory
        connection.connect()
    }

    func write(_ row: StoreWrite) {
        guard waiting.count < StoreLink.waitingMaximum else { return onNote("store: too many rows wait; one is lost") }
        waiting.append(row)
        if waiting.count >= StoreLink.rowsEnough { return flush() }
        if gathering == nil {
            gathering = reactor.after(StoreLink.gatherFor) { [weak self] in
                self?.gathering = nil
                self?.flush()
            }
        }
    }

    /// Written with the next batch: a number that is late by a few messages is safe (see `BrokerLink.restartMargin`).
    func remember(_ numbers: Session.Numbers) { self.numbers = numbers }

    func flush() {
        guard isReachable else { return }
        while inFlight < StoreLink.batchesInFlight, !waiting.isEmpty || numbers != writtenNumbers {
            let rows = Array(waiting.prefix(StoreLink.rowsMaximum))
            waiting.removeFirst(rows.count)
            send(rows)
        }
    }

    func stop() {
        flush()
    }

    func close() { connection.close() }

    private func send(_ rows: [StoreWrite]) {
        var statements = StoreRows.statements(rows)
        if let numbers, numbers != writtenNumbers {
            statements.append(StoreRows.session(outgoing: numbers.nextOutgoing, incoming: numbers.nextIncoming))
            writtenNumbers = numbers
        }
        inFlight += 1
        connection.batch(statements) { [weak self] result in
            guard let self else { return }
            inFlight -= 1
            switch result {
            case .success: committed(rows)
            case .failure(let error):
                writtenNumbers = nil
                if error.kind == .refused {
                    onNote("store: a batch was refused and its rows are lost: \(error)")
                } else {
                    failed += rows
                }
            }
        }
    }

    private func committed(_ rows: [StoreWrite]) {
        let names = rows.compactMap { row -> String? in
            if case .order(let order, gates: true) = row { order.clOrdID } else { nil }
        }
        if !names.isEmpty { onEvent(.durable(names)) }
        flush()
    }

    private func closed(_ error: PostgresError) {
        // Batches fail in the order in which they were sent, so their rows go back in order.
        waiting = failed + waiting
        failed = []
        onNote("\(error)")
        if isRecovered { onEvent(.storeReachable(false)) }
    }

    private func ready() {
        guard !isRecovered else {
            onEvent(.storeReachable(true))
            return flush()
        }
        connection.batch(StoreMemory.statements) { [weak self] result in
            guard let self else { return }
            do {
                let memory = try StoreMemory(result.get())
                isRecovered = true
                wasReached = true
                writtenNumbers = memory.numbers
                numbers = memory.numbers
                onMemory?(memory)
                onMemory = nil
            } catch {
                onNote("\(error)")
                connection.close()
                reactor.after(.milliseconds(250)) { [weak self] in self?.connection.connect() }
            }
        }
    }

    /// Positions and accounts are written as they are at the end of the batch: the states between can't be seen anyway.
    static func compacted(_ rows: [StoreWrite]) -> [StoreWrite] {
        var seen: Set<String> = []
        var kept: [StoreWrite] = []
        for row in rows.reversed() {
            let key: String?
            switch row {
            case .position(let symbol, _, _): key = "position \(symbol)"
            case .account(let symbol, _, _, _): key = "account \(symbol)"
            case .memory: key = "memory"
            case .order, .fill: key = nil
            }
            if let key, !seen.insert(key).inserted { continue }
            kept.append(row)
        }
        return kept.reversed()
    }
}
