// What a broker that was killed wrote down, read back: one ledger line after the other.
//
// The ledger is the truth: orders, fills, identities and the drop copy's sequence follow from it. Each line carries
// the report that went with it, so that a report which was never sent is sent now. What was taken from a book isn't
// remembered: the feed's next state counts.

import Books
import FIX
import Messages
import Units

/// A ledger that this broker can't have written.
package struct LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    package let place: String
    package let expected: String
    package let found: String

    package init(_ place: String, expected: String, found: String) {
        self.place = place
        self.expected = expected
        self.found = found
    }

    package var description: String {
        "\(place): expected \(expected), found \(found); move the file away to start with an empty ledger"
    }
}

/// The session's part: numbers, and which ledger records were sent under which.
package struct SessionMemory: Hashable, Sendable {
    package var numbers = Session.Numbers()
    /// MsgSeqNum → record, of the present numbering.
    package var records: [Int: Int64] = [:]
    /// The last record whose report was sent, under any numbering: reports leave in the order of their records.
    package var lastSent: Int64 = 0
    /// Redis confirmed the drop copy up to here.
    package var published: Int64 = 0

    package init() {}

    package mutating func note(sent record: Int64, seq: Int) {
        records[seq] = record
        lastSent = max(lastSent, record)
    }

    package mutating func forget() { records = [:] }
}

package struct BrokerMemory: Sendable {
    package let session: SessionMemory
    private(set) var engine: MatchingEngine
    private(set) var sent: [Int: Message] = [:]
    /// The highest number of a report that was sent and that the ledger doesn't have.
    private(set) var lostThrough = 0
    private(set) var unsent: [(record: Int64, report: Message)] = []
    /// A session was on when the broker died.
    private(set) var wasLoggedOn = false
    private var sequenceNumbers: [Int64: Int]
    private var numbers: [String: Int] = [:]

    package init(_ settings: BrokerSettings, session: SessionMemory) {
        self.session = session
        engine = MatchingEngine(settings)
        sequenceNumbers = Dictionary(session.records.map { ($1, $0) }, uniquingKeysWith: { max($0, $1) })
    }

    package var records: Int64 { engine.sequence }

    /// The next record of the ledger, at `place` for errors, with the report that went with it.
    package mutating func take(_ execution: Execution, report: Message?, at place: String) throws(LedgerError) {
        guard execution.sequence == engine.sequence + 1 else {
            throw LedgerError(place, expected: "seq \(engine.sequence + 1)", found: "\(execution.sequence)")
        }
        let isOrder = execution.kind == .new || execution.kind == .trade
        guard !isOrder || engine.books[execution.symbol] != nil else {
            let symbols = engine.settings.symbols.joined(separator: ",")
            throw LedgerError(place, expected: "a symbol of \(symbols)", found: execution.symbol)
        }
        engine.sequence = execution.sequence
        do {
            try follow(execution, report)
        } catch {
            throw LedgerError(place, expected: "what follows from the lines before", found: "\(error)")
        }
        guard execution.symbol.isEmpty || engine.ledger.position(execution.symbol) == execution.position else {
            let position = engine.ledger.position(execution.symbol)
            throw LedgerError(place, expected: "position \(position)", found: "\(execution.position)")
        }
        guard let report else {
            // Sent, and not in the file: it can't be sent again.
            if let seq = sequenceNumbers[execution.sequence] { lostThrough = max(lostThrough, seq) }
            return
        }
        if let seq = sequenceNumbers[execution.sequence] { sent[seq] = report }
        if execution.sequence > session.lastSent { unsent.append((execution.sequence, report)) }
    }

    private mutating func follow(_ execution: Execution, _ report: Message?) throws(BooksError) {
        switch execution.kind {
        case .received:
            if execution.msgType == MsgType.orderMassCancelRequest { engine.usedClOrdIDs.insert(execution.clOrdID) }
        case .new: try open(execution, report)
        case .rejected:
            let isNew = engine.usedClOrdIDs.insert(execution.clOrdID).inserted
            if isNew { engine.newOrderCount += 1 }
        case .cancelRejected: engine.usedClOrdIDs.insert(execution.clOrdID)
        case .trade:
            try change(execution) { order throws(BooksError) in
                try order.state.fill(execution.lastQuantity, at: execution.lastPrice)
            }
            if let fill = Fill(execution) { try engine.apply(fill) }
        case .replaced: try replace(execution, report)
        case .cancelled, .expired:
            if !execution.origClOrdID.isEmpty { engine.usedClOrdIDs.insert(execution.clOrdID) }
            try change(execution) { order throws(BooksError) in try order.state.cancel() }
        case .loggedOn: wasLoggedOn = true
        case .loggedOut, .disconnected: wasLoggedOn = false
        }
    }

    private mutating func open(_ execution: Execution, _ report: Message?) throws(BooksError) {
        guard let report, let type = report.orderType, let timeInForce = report.timeInForce else {
            throw BooksError("order", expected: "a report with 40 and 59", found: report.map { "\($0.fields)" } ?? "none")
        }
        engine.newOrderCount += 1
        engine.orderCount += 1
        engine.usedClOrdIDs.insert(execution.clOrdID)
        let number = engine.orderCount
        var order = Order(
            orderID: execution.orderID, clOrdID: execution.clOrdID, reference: execution.reference,
            symbol: execution.symbol, side: execution.side, type: type, limit: report.price(.price),
            timeInForce: timeInForce, claimsReducing: execution.claimsReducing,
            state: OrderState(quantity: execution.quantity), priority: number)
        try order.state.accept()
        numbers[order.orderID] = number
        engine.orders[number] = order
        engine.numberByClOrdID[order.clOrdID] = number
        engine.working[order.symbol, default: []].insert(number)
    }

    private mutating func replace(_ execution: Execution, _ report: Message?) throws(BooksError) {
        engine.usedClOrdIDs.insert(execution.clOrdID)
        engine.orderCount += 1
        let priority = engine.orderCount
        let number = numbers[execution.orderID]
        try change(execution) { order throws(BooksError) in
            let limit = report?.price(.price) ?? order.limit
            if limit != order.limit || execution.quantity > order.state.quantity { order.priority = priority }
            try order.state.replace(quantity: execution.quantity)
            order.limit = limit
            order.clOrdID = execution.clOrdID
        }
        engine.numberByClOrdID[execution.origClOrdID] = nil
        engine.numberByClOrdID[execution.clOrdID] = number
    }

    private mutating func change(
        _ execution: Execution, _ body: (inout Order) throws(BooksError) -> Void
    ) throws(BooksError) {
        guard let number = numbers[execution.orderID], var order = engine.orders[number] else {
            throw BooksError("order", expected: "an order opened before", found: execution.orderID)
        }
        try body(&order)
        engine.orders[number] = order
        guard order.state.status.isTerminal else { return }
        engine.retire(number, order)
        numbers[order.orderID] = nil
    }
}
