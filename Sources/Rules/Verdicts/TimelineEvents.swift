import History
import Messages
import Scenarios
import Units

// What the records of a history say, typed. `docs/verdicts.md` has the catalogue.

/// When something was seen, how exactly, and where it is written.
struct Stamp: Hashable, Sendable {
    let at: Instant
    let uncertainty: Duration
    let record: Place
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
    let action: String
    let reason: String
    let quantity: Int64?
}

struct OfferedIntent: Sendable {
    let stamp: Stamp
    let action: String
    let isReduceOnly: Bool
    let isAdmissible: Bool
    let isMarket: Bool
    let quantity: Quantity
    let purpose: Purpose

    /// The one limit that it breaks by construction; `nil` where none was built in.
    var check: String? { if case .probe(let reason) = purpose { reason.rawValue } else { nil } }
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

struct IntentKey: Hashable, Sendable {
    let id: String
    let tick: Int64
}

struct LedgerEvent: Sendable {
    let stamp: Stamp
    let execution: Execution
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
