// A history sorted into what the gates ask for. It judges nothing; it refuses nothing but what has no form.

import History
import Messages
import Units

struct Timeline: Sendable {
    private(set) var flags: [FlagChange] = []
    private(set) var states: [StateChange] = []
    private(set) var departures: [Departure] = []
    /// As Redis executed them.
    private(set) var published: [Outgone] = []
    /// As they left the governor's interface.
    private(set) var decided: [Outgone] = []
    private(set) var offered: [IntentKey: OfferedIntent] = [:]
    private var offeredByID: [String: OfferedIntent] = [:]
    /// The books that the feed published, without their levels.
    private(set) var books: [PublishedBook] = []
    private(set) var arrived: [ArrivedIntent] = []
    private(set) var ledger: [LedgerEvent] = []
    private(set) var messages: [SessionMessage] = []
    private(set) var sessions: [Span] = []
    private(set) var faultEvents: [Named] = []
    private(set) var clock: [(at: Instant, wall: Int64)] = []
    /// Everything that is rare: phases, premises, operator, processes, stores, statistics.
    private(set) var rare: [Named] = []
    /// Records whose fields don't fit their type.
    private(set) var malformed: [Violation] = []
    private(set) var start = Instant(nanoseconds: 0)
    private(set) var end = Instant(nanoseconds: 0)

    init(_ records: [Record]) {
        for record in records { read(record) }
        start = records.map(\.observation.at).min() ?? start
        end = records.map(\.observation.at).max() ?? end
        // Sources are merged by the observer as they come in; each gate wants the order of events.
        flags.sort { $0.stamp.at < $1.stamp.at }
        states.sort { $0.stamp.at < $1.stamp.at }
        departures.sort { $0.stamp.at < $1.stamp.at }
        published.sort { $0.stamp.at < $1.stamp.at }
        decided.sort { $0.stamp.at < $1.stamp.at }
        arrived.sort { $0.stamp.at < $1.stamp.at }
        messages.sort { $0.stamp.at < $1.stamp.at }
        books.sort { $0.stamp.at < $1.stamp.at }
        clock.sort { $0.at < $1.at }
        ledger.sort { $0.execution.sequence < $1.execution.sequence }
    }

    func all(_ type: String) -> [Named] { rare.filter { $0.type == type } }

    /// The intent that an order names as its own.
    func offered(_ reference: String) -> OfferedIntent? { offeredByID[reference] }

    func isLoggedOn(at instant: Instant) -> Bool { sessions.contains { $0.contains(instant) } }

    private mutating func read(_ record: Record) {
        let seen = record.observation
        let stamp = Stamp(at: seen.at, uncertainty: seen.uncertainty, record: record.index)
        switch (seen.source, seen.type) {
        case (.tap, _): readTap(seen, stamp)
        case (.redis, _): readRedis(seen, stamp)
        case (.broker, "execution"): readExecution(seen, stamp)
        case (.feed, "intent"): readOffered(seen, stamp)
        case (.feed, "depth"): readBook(seen, stamp)
        case (.scrape, _): break
        case (.chaos, _): faultEvents.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        case (.rig, "clock"):
            if let wall = seen["wall_ns"]?.integer { clock.append((seen.at, wall)) } else { refuse(stamp, "wall_ns") }
        default: rare.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        }
    }

    private mutating func refuse(_ stamp: Stamp, _ what: String) {
        malformed.append(Violation(text: "record \(stamp.record): \(what) missing or of the wrong kind", record: stamp.record))
    }

    private mutating func readTap(_ seen: Observation, _ stamp: Stamp) {
        func text(_ field: String) -> String { seen[field]?.string ?? "" }
        switch seen.type {
        case "order_left":
            guard seen["retransmit"]?.bool != true else { return }
            guard let type = seen["msg_type"]?.string else { return refuse(stamp, "msg_type") }
            departures.append(
                Departure(
                    stamp: stamp, connection: seen["conn"]?.integer ?? 0, type: type,
                    isPossibleDuplicate: seen["poss_dup"]?.bool ?? false, clOrdID: text("cl_ord_id"),
                    origClOrdID: text("orig_cl_ord_id"), reference: text("reference"), symbol: text("symbol"),
                    side: Side(rawValue: text("side")), quantity: seen["quantity"]?.integer.map { Quantity(shares: $0) },
                    price: seen["price"]?.integer.map { Price(units: $0) },
                    claimsReducing: seen["reducing"]?.bool ?? false))
        case "fix_in", "fix_out":
            messages.append(
                SessionMessage(
                    stamp: stamp, isInbound: seen.type == "fix_in", type: text("msg_type"), clOrdID: text("cl_ord_id"),
                    execID: text("exec_id"), testRequest: text("test_req_id"), execType: text("exec_type"),
                    isLastReport: seen["last_report"]?.string == "Y", reportsTotal: seen["reports_total"]?.integer))
        case "logon":
            if sessions.last.map({ $0.end != nil }) ?? true { sessions.append(Span(start: stamp, end: nil)) }
        case "logout":
            if let last = sessions.indices.last, sessions[last].end == nil { sessions[last].end = stamp }
        case "intent_in":
            guard let id = seen["id"]?.string, let tick = seen["tick"]?.integer else { return refuse(stamp, "id or tick") }
            arrived.append(ArrivedIntent(stamp: stamp, key: IntentKey(id: id, tick: tick)))
        case "decision_out": decided.append(outgone(seen, stamp))
        default: rare.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        }
    }

    private func outgone(_ seen: Observation, _ stamp: Stamp) -> Outgone {
        Outgone(
            stamp: stamp, intent: seen["intent"]?.string, tick: seen["tick"]?.integer,
            action: seen["action"]?.string ?? "", reason: seen["reason"]?.string ?? "",
            quantity: seen["quantity"]?.integer)
    }

    private mutating func readRedis(_ seen: Observation, _ stamp: Stamp) {
        switch seen.type {
        case "flag":
            guard let key = seen["key"]?.string, let value = seen["value"]?.string, let by = seen["by"]?.string else {
                return refuse(stamp, "key, value or by")
            }
            flags.append(FlagChange(stamp: stamp, key: key, value: value, by: by))
        case "state":
            states.append(
                StateChange(
                    stamp: stamp, state: seen["state"]?.string ?? "", reason: seen["reason"]?.string ?? "",
                    by: seen["by"]?.string ?? ""))
        case "decision": published.append(outgone(seen, stamp))
        default: rare.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        }
    }

    private mutating func readExecution(_ seen: Observation, _ stamp: Stamp) {
        // The drop copy's own time of day is the record's `t` already.
        let fields = seen.fields.contains { $0.key == "at_ns" } ? seen.fields : seen.fields + [.init("at_ns", 0)]
        do {
            let execution = try Execution(MessageReader("execution", json: .object(fields)))
            ledger.append(LedgerEvent(stamp: stamp, execution: execution))
        } catch {
            malformed.append(Violation(text: "record \(stamp.record): \(error)", record: stamp.record))
        }
    }

    private mutating func readBook(_ seen: Observation, _ stamp: Stamp) {
        guard let symbol = seen["symbol"]?.string, let tick = seen["tick"]?.integer, let due = seen["due_ns"]?.integer
        else { return refuse(stamp, "symbol, tick or due_ns") }
        func price(_ field: String) -> Price? { seen[field]?.integer.map { Price(units: $0) } }
        func shares(_ field: String) -> Quantity? { seen[field]?.integer.map { Quantity(shares: $0) } }
        books.append(
            PublishedBook(
                stamp: stamp, symbol: symbol, tick: tick, due: Instant(nanoseconds: due), bid: price("bid"),
                ask: price("ask"), bidShares: shares("bid_shares"), askShares: shares("ask_shares"),
                bidLevels: seen["bid_levels"]?.integer, askLevels: seen["ask_levels"]?.integer,
                isHalted: seen["status"]?.string == Depth.Status.halted.rawValue))
    }

    private mutating func readOffered(_ seen: Observation, _ stamp: Stamp) {
        guard let id = seen["id"]?.string, let tick = seen["tick"]?.integer else { return refuse(stamp, "id or tick") }
        let offer = OfferedIntent(
            stamp: stamp, action: seen["action"]?.string ?? "new", isReduceOnly: seen["reduce_only"]?.bool ?? false,
            isAdmissible: seen["admissible"]?.bool ?? true, isMarket: seen["kind"]?.string == OrderType.market.rawValue)
        offered[IntentKey(id: id, tick: tick)] = offer
        offeredByID[id] = offer
    }
}
