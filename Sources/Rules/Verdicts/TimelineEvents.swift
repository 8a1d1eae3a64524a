import History
import Messages
import Scenarios
import Units

// What the records of a history say, typed. `docs/verdicts.md` has the catalogue.

/// When something was seen, how exactly, and where it is written.
struct Stamp: Hashable, Sendable {
    let at: Instant
    let record: Place
    private let bound: UInt32

    init(at: Instant, uncertainty: Duration, record: Place) {
        self.at = at
        self.record = record
        bound = UInt32(clamping: uncertainty.nanoseconds)
    }

    /// What is uncertain by more than four seconds is not known at all.
    var uncertainty: Duration { .nanoseconds(bound == .max ? Int64.max / 4 : Int64(bound)) }
}

struct FlagChange: Sendable {
    let stamp: Stamp
    let key: String
    let value: String
    let by: String
    /// The contract's rule: only the word `false` lets orders pass.
    var isPaused: Bool { value != "false" }
}

struct StateChange: Sendable {
    let stamp: Stamp
    let state: String
    let reason: String
    let by: String
}

/// A message that left the governor and can move the book.
struct Departure: Sendable {
    let stamp: Stamp
    let connection: Int64
    /// MsgSeqNum(34).
    let sequence: Int64?
    let type: String
    let isPossibleDuplicate: Bool
    let clOrdID: String
    let origClOrdID: String
    let reference: String
    let symbol: String
    let side: Side?
    let quantity: Quantity?
    let price: Price?
    let claimsReducing: Bool

    var name: String { clOrdID.isEmpty ? "35=\(type) of \(stamp.record)" : clOrdID }
    var isOfFlattening: Bool { reference.hasPrefix("flatten-") }
}

struct Outgone: Sendable {
    let stamp: Stamp
    let intent: String?
    let tick: Int64?
    /// `nil` without an intent or a tick.
    let key: IntentKey?
    /// `nil`: a word that is not in the closed list.
    let kind: Decision.Action?
    let cause: Decision.Reason?

    var action: String { kind?.rawValue ?? "" }
    var reason: String { cause?.rawValue ?? "" }
}

struct OfferedIntent: Sendable {
    let stamp: Stamp
    let key: IntentKey
    let kind: Intent.Action?
    let isReduceOnly: Bool
    let isAdmissible: Bool
    let isMarket: Bool
    /// Empty where the feed said none.
    let symbol: String
    let quantity: Quantity
    let purpose: Purpose

    var action: String { kind?.rawValue ?? "" }

    /// The one limit that it breaks by construction; `nil` where none was built in.
    var check: String? { if case .probe(let reason) = purpose { reason.rawValue } else { nil } }
}

/// The intents that the feed sent, found by name and tick, or by name alone.
struct OfferedIntents: Sendable, RandomAccessCollection {
    fileprivate let rows: ContiguousArray<OfferedRow>
    fileprivate let byIntent: IntentRows
    fileprivate let lexicon: Lexicon

    var startIndex: Int { 0 }
    var endIndex: Int { rows.count }
    subscript(index: Int) -> OfferedIntent { rows[index].seen(lexicon) }
    subscript(key: IntentKey) -> OfferedIntent? { byIntent[key].map { self[$0] } }

    /// The last one of a name.
    func last(_ id: String) -> OfferedIntent? {
        guard let text = lexicon.find(id) else { return nil }
        return lexicon.intents(of: text).compactMap { byIntent[$0] }.max().map { self[$0] }
    }
}

/// The same, while they are read. A name that the feed sent twice in a row at the same tick counts once.
struct OfferedRows: Sendable {
    private var rows: ContiguousArray<OfferedRow> = []
    private var byIntent = IntentRows()

    mutating func reserve(_ count: Int) {
        rows.reserveCapacity(count)
        byIntent.reserve(count)
    }

    mutating func append(_ row: OfferedRow, _ lexicon: Lexicon) {
        let last = lexicon.name(of: row.intent).flatMap { lexicon.intents(of: $0).compactMap { byIntent[$0] }.max() }
        if let last, rows[last].intent == row.intent {
            rows[last] = row
            return
        }
        byIntent[row.intent] = rows.count
        rows.append(row)
    }

    func seen(_ lexicon: Lexicon) -> OfferedIntents { OfferedIntents(rows: rows, byIntent: byIntent, lexicon: lexicon) }
}

/// One state of a symbol's book, as the feed recorded sending it.
struct PublishedBook: Sendable {
    let stamp: Stamp
    let symbol: String
    let tick: Int64
    let due: Instant
    /// `nil`: that side was empty.
    let bid: Price?
    let ask: Price?
    /// Over all levels of the side. `nil`: not on record.
    let bidShares: Quantity?
    let askShares: Quantity?
    let bidLevels: Int64?
    let askLevels: Int64?
    let isHalted: Bool
}

struct ArrivedIntent: Sendable {
    let stamp: Stamp
    let key: IntentKey
}

/// An order as the governor's store had it after the run.
struct StoredOrder: Sendable {
    let place: Place
    let clOrdID: String
    /// The intent, or `flatten-<n>`.
    let reference: String
    let status: StoreSchema.OrderStatus?
    let cumulative: Int64?
}

/// A fill as the governor's store had it after the run.
struct StoredFill: Sendable {
    let place: Place
    let execID: String
    let orderID: String?
    let symbol: String?
    let side: Side?
    let quantity: Int64?
    let price: Int64?
    let addsLiquidity: Bool?
}

struct LedgerEvent: Sendable {
    let stamp: Stamp
    let execution: Execution

    /// The same record, seen twice: every field, and the same instant as nearly as the clock's samples can tell.
    func isSame(as other: LedgerEvent) -> Bool {
        execution == other.execution
            && (stamp.at - other.stamp.at).nanoseconds.magnitude <= Scene.clockStepMaximum.magnitude
    }
}

struct SessionMessage: Sendable {
    let stamp: Stamp
    let isInbound: Bool
    let type: String
    let clOrdID: String
    let execID: String
    /// TestReqID(112), of a TestRequest and of the Heartbeat that answers it.
    let testRequest: String
    let execType: String
    let isLastReport: Bool
    let reportsTotal: Int64?
    /// MsgSeqNum(34), and NewSeqNo(36) of a SequenceReset.
    var sequence: Int64?
    var nextSequence: Int64?
    var isPossibleDuplicate = false
}

struct Span: Hashable, Sendable {
    let start: Stamp
    /// `nil`: until the end of the history.
    var end: Stamp?

    func contains(_ at: Instant) -> Bool { at >= start.at && end.map { at < $0.at } ?? true }
    func overlaps(from: Instant, until: Instant) -> Bool { start.at < until && end.map { $0.at > from } ?? true }
}

struct Named: Sendable {
    let stamp: Stamp
    let type: String
    let fields: [JSON.Member]

    subscript(field: String) -> JSON? { fields.first { $0.key == field }?.value }
}
