// The broker's order desk: takes requests and states of the book, answers with reports and with the drop copy.
//
// It knows no session, no delay and no clock. Client orders trade with the feed's book only, never with each other.
// Invariants: a ClOrdID is used once in a run; an ExecID is given once; the drop copy's sequence has no gap; every
// report satisfies 38 = 14 + 151 while the order lives and 151 = 0 when it has ended.

import Books
import FIX
import Messages
import Units

package struct MatchingEngine: Sendable {
    package enum Effect: Hashable, Sendable {
        /// To the client: ExecutionReport, OrderCancelReject, OrderMassCancelReport, BusinessMessageReject.
        case report(Message)
        /// To the drop copy and the ledger file.
        case record(Execution)
    }

    package let settings: BrokerSettings
    package internal(set) var books: [String: Book]
    package internal(set) var ledger: Ledger
    /// Live and lately ended orders by OrderID number.
    var orders: [Int: Order] = [:]
    var numberByClOrdID: [String: Int] = [:]
    var usedClOrdIDs: Set<String> = []
    /// Order numbers that the next state of a symbol's book may fill.
    var working: [String: Set<Int>] = [:]
    var ended: [Int] = []
    var orderCount = 0
    var executionCount = 0
    var newOrderCount: UInt64 = 0
    var sequence: Int64 = 0
    var effects: [Effect] = []
    var wall = WallTime(nanoseconds: 0)

    package init(_ settings: BrokerSettings) {
        self.settings = settings
        books = Dictionary(settings.symbols.map { ($0, Book(symbol: $0)) }, uniquingKeysWith: { first, _ in first })
        ledger = Ledger(schedule: settings.fees)
    }

    /// Orders that can still trade, oldest first.
    package var workingOrders: [Order] {
        working.values.joined().sorted().compactMap { orders[$0] }
    }

    package var workingCount: Int { working.values.reduce(0) { $0 + $1.count } }

    /// One request of the client. With `matching` false a new order is accepted and waits for the next book state.
    package mutating func receive(_ message: Message, matching: Bool = true, at wall: WallTime) -> [Effect] {
        self.wall = wall
        switch message.msgType {
        case MsgType.newOrderSingle: newOrder(message, matching: matching)
        case MsgType.orderCancelRequest: cancel(message)
        case MsgType.orderCancelReplaceRequest: replace(message)
        case MsgType.orderMassCancelRequest: massCancel(message)
        case MsgType.orderStatusRequest: status(message)
        case MsgType.orderMassStatusRequest: massStatus(message)
        default: businessReject(message, reason: 3, text: "35=\(message.msgType) is not supported")
        }
        return drain()
    }

    /// A newer state of a book. Resting orders that it crosses are filled, best price first, then the oldest.
    /// Nothing happens for an unknown symbol, an older state, or prices no order could have.
    package mutating func update(_ depth: Depth, at wall: WallTime) -> [Effect] {
        self.wall = wall
        let prices = (depth.bids + depth.asks).map(\.price)
        guard prices.allSatisfy({ $0 > Price(units: 0) && $0 <= BrokerLimits.priceMaximum }) else { return [] }
        guard books[depth.symbol]?.update(depth) == true, depth.status == .trading else { return [] }
        guard let numbers = working[depth.symbol], !numbers.isEmpty else { return [] }
        let queue = numbers.compactMap { number in orders[number].map { (number, $0) } }
            .sorted { $0.1.precedes($1.1) }
        for (number, order) in queue { work(number, addsLiquidity: !order.isParked) }
        return drain()
    }

    /// All working orders end: their session did.
    package mutating func cancelAll(because text: String, at wall: WallTime) -> [Effect] {
        self.wall = wall
        for number in working.values.joined().sorted() { end(number, msgType: "", text: text) }
        return drain()
    }

    /// What was read from the wire, before it is judged.
    package mutating func noteReceived(_ message: Message, at wall: WallTime) -> [Effect] {
        self.wall = wall
        var execution = Execution(sequence: 0, kind: .received, at: wall)
        execution.clOrdID = message[.clOrdID] ?? ""
        execution.origClOrdID = message[.origClOrdID] ?? ""
        execution.reference = message[.secondaryClOrdID] ?? ""
        execution.msgType = message.msgType
        execution.symbol = message[.symbol] ?? ""
        execution.side = message.side ?? .buy
        execution.quantity = message.quantity(.orderQty) ?? .zero
        execution.claimsReducing = message[.positionEffect] == "C"
        execution.position = ledger.position(execution.symbol)
        record(execution)
        return drain()
    }

    package mutating func noteSession(_ kind: Execution.Kind, _ text: String, at wall: WallTime) -> [Effect] {
        self.wall = wall
        record(Execution(sequence: 0, kind: kind, at: wall, text: text))
        return drain()
    }

    /// A fill of an earlier life.
    mutating func apply(_ fill: Fill) throws(BooksError) {
        guard try ledger.apply(fill) else {
            throw BooksError("fill", expected: "an ExecID that wasn't given before", found: fill.execID)
        }
    }

    mutating func drain() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    mutating func record(_ execution: Execution) {
        var numbered = execution
        sequence += 1
        numbered.sequence = sequence
        effects.append(.record(numbered))
    }
}
