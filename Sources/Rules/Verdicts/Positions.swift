// The broker's ledger over time: positions and working orders after each of its events.

import History
import Messages
import Units

struct Positions: Sendable {
    struct Working: Sendable {
        let symbol: String
        let side: Side
        var leaves: Quantity
    }

    /// One order's life at the broker.
    struct Order: Sendable {
        // The order of the members keeps it at 32 bytes.
        var acceptedAt: Stamp?
        var wasReceived = false
        var wasAccepted = false
        /// The ledger at the instant of acceptance said that it could only reduce.
        var reducedOnly: Bool?
        /// `nil` while live.
        var final: Execution.Kind?
        var cumulative = Quantity.zero
    }

    /// What is held, and what may still fill.
    struct Book: Sendable {
        /// Those that aren't zero.
        var positions: [String: Quantity] = [:]
        var working: [String: Working] = [:]

        mutating func apply(_ execution: Execution, subject: String) {
            switch execution.kind {
            case .loggedOn, .loggedOut, .disconnected, .cancelRejected, .received: return
            case .new, .replaced:
                if execution.kind == .replaced { working[execution.origClOrdID] = nil }
                let leaves = execution.leaves > .zero ? execution.leaves : execution.quantity
                working[execution.clOrdID] = Working(symbol: execution.symbol, side: execution.side, leaves: leaves)
            case .trade:
                positions[execution.symbol] = execution.position == .zero ? nil : execution.position
                working[execution.clOrdID]?.leaves = execution.leaves
                if execution.leaves <= .zero { working[execution.clOrdID] = nil }
            case .cancelled, .expired, .rejected: working[subject] = nil
            }
        }
    }

    /// The ledger's trades, in its order.
    struct Trades: Sendable, RandomAccessCollection {
        fileprivate let events: Packed<LedgerRow>
        fileprivate var places: [Int32] = []
        var startIndex: Int { 0 }
        var endIndex: Int { places.count }
        subscript(index: Int) -> LedgerEvent { events[Int(places[index])] }
    }

    /// A book after each event would be a copy for each event: there is one after so many, the rest is told again.
    private static let stride = 1_024
    private let events: Packed<LedgerRow>
    private var books: [Book] = []
    /// After each event.
    private var isFlat: [Bool] = []
    private(set) var orders: [String: Order] = [:]
    private(set) var trades: Trades
    /// Sequence numbers that are missing in the drop copy, or that bear two different records.
    private(set) var gaps: [Violation]
    /// Whether there is a ledger at all, without a gap: else nothing can be verified against it.
    let isWhole: Bool

    init(_ events: Packed<LedgerRow>, contradictions: [Violation] = []) {
        gaps = contradictions
        isWhole = !events.isEmpty && contradictions.isEmpty
            && zip(events.rows, events.rows.dropFirst()).allSatisfy { $1.sequence == $0.sequence + 1 }
        self.events = events
        trades = Trades(events: events)
        var expected: Int64?
        var book = Book()
        isFlat.reserveCapacity(events.count)
        for (index, event) in events.enumerated() {
            if let expected, event.execution.sequence != expected {
                let text = "drop copy: expected \(expected), found \(event.execution.sequence)"
                gaps.append(Violation(text: text, record: event.stamp.record))
            }
            expected = event.execution.sequence + 1
            note(event, index, book)
            book.apply(event.execution, subject: subject(of: event.execution))
            isFlat.append(book.positions.isEmpty)
            if index % Positions.stride == Positions.stride - 1 { books.append(book) }
        }
    }

    /// What an event says of its order; `book` is the one before it.
    private mutating func note(_ event: LedgerEvent, _ index: Int, _ book: Book) {
        let execution = event.execution
        switch execution.kind {
        case .loggedOn, .loggedOut, .disconnected, .cancelRejected: return
        case .received: orders[execution.clOrdID, default: Order()].wasReceived = true
        case .new: accept(event, book)
        case .replaced:
            orders[execution.origClOrdID, default: Order()].final = .replaced
            var after = book
            after.working[execution.origClOrdID] = nil
            accept(event, after)
        case .trade:
            trades.places.append(Int32(index))
            orders[execution.clOrdID, default: Order()].cumulative = execution.cumulative
            if execution.leaves <= .zero { orders[execution.clOrdID, default: Order()].final = .trade }
        case .cancelled, .expired, .rejected:
            orders[execution.clOrdID, default: Order()].wasReceived = true
            orders[subject(of: execution), default: Order()].final = execution.kind
        }
    }

    /// A cancel's report names the order as the original, and the request as its own.
    private func subject(of execution: Execution) -> String {
        execution.kind == .cancelled && orders[execution.origClOrdID]?.wasAccepted == true
            ? execution.origClOrdID : execution.clOrdID
    }

    private mutating func accept(_ event: LedgerEvent, _ book: Book) {
        let execution = event.execution
        let leaves = execution.leaves > .zero ? execution.leaves : execution.quantity
        let reduces = Positions.reduces(
            execution.symbol, execution.side, leaves, positions: book.positions, working: book.working,
            except: execution.clOrdID)
        var order = orders[execution.clOrdID] ?? Order()
        order.wasReceived = true
        order.wasAccepted = true
        order.acceptedAt = event.stamp
        order.reducedOnly = reduces
        orders[execution.clOrdID] = order
    }

    /// Opposite to the position, and with all that works on that side no more than the position.
    static func reduces(
        _ symbol: String, _ side: Side, _ quantity: Quantity, positions: [String: Quantity], working: [String: Working],
        except: String
    ) -> Bool {
        let position = positions[symbol] ?? .zero
        guard position.shares * side.sign < 0 else { return false }
        var sum = quantity
        for (name, order) in working where name != except && order.symbol == symbol && order.side == side {
            sum += order.leaves
        }
        return sum <= position.magnitude
    }

    /// How many events there were up to an instant.
    private func count(until instant: Instant) -> Int {
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events.rows[middle].stamp.at <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The ledger as it was at an instant.
    func state(at instant: Instant) -> Book {
        let count = count(until: instant)
        let start = count / Positions.stride
        var book = start == 0 ? Book() : books[start - 1]
        for event in events[(start * Positions.stride)..<count] {
            book.apply(event.execution, subject: subject(of: event.execution))
        }
        return book
    }

    /// Since when it has been flat without a break, at `instant`. `nil` when it isn't flat then.
    func flatSince(at instant: Instant, notBefore: Instant) -> (at: Instant, record: Place?)? {
        let count = count(until: instant)
        guard count == 0 || isFlat[count - 1] else { return nil }
        guard let last = isFlat[..<count].lastIndex(of: false), last + 1 < count else {
            return (notBefore, nil)
        }
        let stamp = events.rows[last + 1].stamp
        return (max(notBefore, stamp.at), stamp.record)
    }

    /// The first instant at or after `instant` at which nothing was held.
    func firstFlat(from instant: Instant) -> (at: Instant, record: Place?)? {
        let count = count(until: instant)
        if count == 0 || isFlat[count - 1] { return (instant, nil) }
        return isFlat[count...].firstIndex(of: true).map { (events.rows[$0].stamp.at, events.rows[$0].stamp.record) }
    }
}
