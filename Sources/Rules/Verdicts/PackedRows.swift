// What there are hundreds of thousands of is kept in rows without a text or an optional in them; what a gate looks at
// is made when it looks.

import History
import Messages
import Scenarios
import Units

protocol PackedRow: Sendable {
    associatedtype Seen
    func seen(_ lexicon: Lexicon) -> Seen
}

struct Packed<Row: PackedRow>: RandomAccessCollection, Sendable {
    let rows: ContiguousArray<Row>
    let lexicon: Lexicon

    var startIndex: Int { 0 }
    var endIndex: Int { rows.count }
    subscript(index: Int) -> Row.Seen { rows[index].seen(lexicon) }
}

struct ArrivedRow: PackedRow {
    let stamp: Stamp
    let intent: IntentNumber

    func seen(_ lexicon: Lexicon) -> ArrivedIntent {
        guard let key = lexicon.key(intent) else {
            preconditionFailure("\(stamp.record): an intent without a key was kept")
        }
        return ArrivedIntent(stamp: stamp, key: key)
    }
}

struct OutgoneRow: PackedRow {
    let stamp: Stamp
    let intent: IntentNumber
    let kind: Decision.Action?
    let cause: Decision.Reason?

    func seen(_ lexicon: Lexicon) -> Outgone {
        Outgone(
            stamp: stamp, intent: lexicon.id(of: intent), tick: lexicon.tick(of: intent), key: lexicon.key(intent),
            kind: kind, cause: cause)
    }
}

struct OfferedRow: PackedRow {
    let stamp: Stamp
    let quantity: Number
    let symbol: Text
    let intent: IntentNumber
    let kind: Intent.Action?
    let purpose: Purpose
    let marks: Marks

    /// Three truths in one byte: three bytes would widen each row by eight.
    struct Marks: Sendable {
        private let bits: UInt8

        init(isReduceOnly: Bool, isAdmissible: Bool, isMarket: Bool) {
            bits = (isReduceOnly ? 1 : 0) | (isAdmissible ? 2 : 0) | (isMarket ? 4 : 0)
        }

        var isReduceOnly: Bool { bits & 1 != 0 }
        var isAdmissible: Bool { bits & 2 != 0 }
        var isMarket: Bool { bits & 4 != 0 }
    }

    func seen(_ lexicon: Lexicon) -> OfferedIntent {
        guard let key = lexicon.key(intent) else {
            preconditionFailure("\(stamp.record): an intent without a key was kept")
        }
        return OfferedIntent(
            stamp: stamp, key: key, kind: kind, isReduceOnly: marks.isReduceOnly, isAdmissible: marks.isAdmissible,
            isMarket: marks.isMarket, symbol: lexicon[symbol], quantity: Quantity(shares: lexicon[quantity] ?? 0),
            purpose: purpose)
    }
}

struct DepartureRow: PackedRow {
    let stamp: Stamp
    private let connection: Number
    private let sequence: Number
    private let quantity: Number
    private let price: Number
    private let type: Text
    private let clOrdID: Text
    private let origClOrdID: Text
    private let reference: Text
    private let symbol: Text
    private let side: Side?
    private let isPossibleDuplicate: Bool
    private let claimsReducing: Bool

    init(_ seen: Departure, _ lexicon: inout Lexicon) {
        stamp = seen.stamp
        connection = lexicon.note(seen.connection)
        sequence = lexicon.note(seen.sequence)
        quantity = lexicon.note(seen.quantity?.shares)
        price = lexicon.note(seen.price?.units)
        type = lexicon.note(seen.type)
        clOrdID = lexicon.note(seen.clOrdID)
        origClOrdID = lexicon.note(seen.origClOrdID)
        reference = lexicon.note(seen.reference)
        symbol = lexicon.note(seen.symbol)
        side = seen.side
        isPossibleDuplicate = seen.isPossibleDuplicate
        claimsReducing = seen.claimsReducing
    }

    func seen(_ lexicon: Lexicon) -> Departure {
        Departure(
            stamp: stamp, connection: lexicon[connection] ?? 0, sequence: lexicon[sequence], type: lexicon[type],
            isPossibleDuplicate: isPossibleDuplicate, clOrdID: lexicon[clOrdID], origClOrdID: lexicon[origClOrdID],
            reference: lexicon[reference], symbol: lexicon[symbol], side: side,
            quantity: lexicon[quantity].map { Quantity(shares: $0) }, price: lexicon[price].map { Price(units: $0) },
            claimsReducing: claimsReducing)
    }
}

struct LedgerRow: PackedRow {
    let stamp: Stamp
    let sequence: Int64
    private let at: Number
    private let quantity: Number
    private let lastQuantity: Number
    private let cumulative: Number
    private let leaves: Number
    private let position: Number
    private let lastPrice: Number
    private let execID: Text
    private let orderID: Text
    private let clOrdID: Text
    private let origClOrdID: Text
    private let reference: Text
    private let msgType: Text
    private let symbol: Text
    private let text: Text
    private let kind: Execution.Kind
    private let side: Side
    private let claimsReducing: Bool
    private let addsLiquidity: Bool

    init(_ execution: Execution, _ stamp: Stamp, _ lexicon: inout Lexicon) {
        self.stamp = stamp
        sequence = execution.sequence
        at = lexicon.note(execution.at.nanoseconds)
        quantity = lexicon.note(execution.quantity.shares)
        lastQuantity = lexicon.note(execution.lastQuantity.shares)
        cumulative = lexicon.note(execution.cumulative.shares)
        leaves = lexicon.note(execution.leaves.shares)
        position = lexicon.note(execution.position.shares)
        lastPrice = lexicon.note(execution.lastPrice.units)
        execID = lexicon.note(execution.execID)
        orderID = lexicon.note(execution.orderID)
        clOrdID = lexicon.note(execution.clOrdID)
        origClOrdID = lexicon.note(execution.origClOrdID)
        reference = lexicon.note(execution.reference)
        msgType = lexicon.note(execution.msgType)
        symbol = lexicon.note(execution.symbol)
        text = lexicon.note(execution.text)
        kind = execution.kind
        side = execution.side
        claimsReducing = execution.claimsReducing
        addsLiquidity = execution.addsLiquidity
    }

    func seen(_ lexicon: Lexicon) -> LedgerEvent {
        func shares(_ number: Number) -> Quantity { Quantity(shares: lexicon[number] ?? 0) }
        return LedgerEvent(
            stamp: stamp,
            execution: Execution(
                sequence: sequence, kind: kind, at: WallTime(nanoseconds: lexicon[at] ?? 0), execID: lexicon[execID],
                orderID: lexicon[orderID], clOrdID: lexicon[clOrdID], origClOrdID: lexicon[origClOrdID],
                reference: lexicon[reference], msgType: lexicon[msgType], symbol: lexicon[symbol], side: side,
                quantity: shares(quantity), lastQuantity: shares(lastQuantity), cumulative: shares(cumulative),
                leaves: shares(leaves), lastPrice: Price(units: lexicon[lastPrice] ?? 0),
                claimsReducing: claimsReducing, addsLiquidity: addsLiquidity, position: shares(position),
                text: lexicon[text]))
    }
}

struct MessageRow: PackedRow {
    let stamp: Stamp
    private let reportsTotal: Number
    private let sequence: Number
    private let nextSequence: Number
    private let type: Text
    private let clOrdID: Text
    private let execID: Text
    private let testRequest: Text
    private let execType: Text
    private let isInbound: Bool
    private let isLastReport: Bool
    private let isPossibleDuplicate: Bool

    init(_ seen: SessionMessage, _ lexicon: inout Lexicon) {
        stamp = seen.stamp
        reportsTotal = lexicon.note(seen.reportsTotal)
        sequence = lexicon.note(seen.sequence)
        nextSequence = lexicon.note(seen.nextSequence)
        type = lexicon.note(seen.type)
        clOrdID = lexicon.note(seen.clOrdID)
        execID = lexicon.note(seen.execID)
        testRequest = lexicon.note(seen.testRequest)
        execType = lexicon.note(seen.execType)
        isInbound = seen.isInbound
        isLastReport = seen.isLastReport
        isPossibleDuplicate = seen.isPossibleDuplicate
    }

    func seen(_ lexicon: Lexicon) -> SessionMessage {
        SessionMessage(
            stamp: stamp, isInbound: isInbound, type: lexicon[type], clOrdID: lexicon[clOrdID],
            execID: lexicon[execID], testRequest: lexicon[testRequest], execType: lexicon[execType],
            isLastReport: isLastReport, reportsTotal: lexicon[reportsTotal], sequence: lexicon[sequence],
            nextSequence: lexicon[nextSequence], isPossibleDuplicate: isPossibleDuplicate)
    }
}

struct StoredOrderRow: PackedRow {
    let stamp: Stamp
    let cumulative: Number
    let clOrdID: Text
    let reference: Text
    let status: StoreSchema.OrderStatus?

    func seen(_ lexicon: Lexicon) -> StoredOrder {
        StoredOrder(
            place: stamp.record, clOrdID: lexicon[clOrdID], reference: lexicon[reference], status: status,
            cumulative: lexicon[cumulative])
    }
}

struct StoredFillRow: PackedRow {
    let stamp: Stamp
    private let quantity: Number
    private let price: Number
    private let execID: Text
    private let orderID: Text?
    private let symbol: Text?
    private let side: Side?
    private let addsLiquidity: Bool?

    init(_ seen: StoredFill, _ stamp: Stamp, _ lexicon: inout Lexicon) {
        self.stamp = stamp
        quantity = lexicon.note(seen.quantity)
        price = lexicon.note(seen.price)
        execID = lexicon.note(seen.execID)
        orderID = seen.orderID.map { lexicon.note($0) }
        symbol = seen.symbol.map { lexicon.note($0) }
        side = seen.side
        addsLiquidity = seen.addsLiquidity
    }

    func seen(_ lexicon: Lexicon) -> StoredFill {
        StoredFill(
            place: stamp.record, execID: lexicon[execID], orderID: orderID.map { lexicon[$0] },
            symbol: symbol.map { lexicon[$0] }, side: side, quantity: lexicon[quantity], price: lexicon[price],
            addsLiquidity: addsLiquidity)
    }
}
