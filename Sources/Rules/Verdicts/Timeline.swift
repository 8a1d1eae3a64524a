// A history sorted into what the gates ask for. It judges nothing; it refuses nothing but what has no form.

import History
import Messages
import Scenarios
import Units

package struct Timeline: Sendable {
    private(set) var flags: [FlagChange] = []
    private(set) var states: [StateChange] = []
    private(set) var departures: [Departure] = []
    /// As Redis executed them.
    private(set) var published: [Outgone] = []
    /// As they left the governor's interface.
    private(set) var decided: [Outgone] = []
    private(set) var offered = OfferedIntents()
    /// The books that the feed published, without their levels.
    private(set) var books: [PublishedBook] = []
    private(set) var arrived: [ArrivedIntent] = []
    private(set) var storeReads: [StoreRead] = []
    /// The governor's last word on its sells − buys − fees.
    private(set) var claimedCashFlow: CashFlowClaim?
    private(set) var storedOrders: [StoredOrder] = []
    private(set) var storedFills: [StoredFill] = []
    private(set) var ledger: [LedgerEvent] = []
    private(set) var messages: [SessionMessage] = []
    private(set) var sessions: [Span] = []
    /// Every tick that the feed sent, by number.
    private(set) var ticks: [OfferedTick] = []
    /// The governor's whole pages, once a second.
    private(set) var scrapes: [ScrapeSeen] = []
    /// What every scrape said of the watermark, in the order of their last bytes.
    private(set) var watermarks: [WatermarkSeen] = []
    private(set) var memory: [MemorySample] = []
    private(set) var backlogs: [BacklogLook] = []
    private(set) var faultEvents: [Named] = []
    private(set) var clock: [(at: Instant, wall: Int64)] = []
    /// Everything that is rare: phases, premises, operator, processes, stores, statistics.
    private(set) var rare: [Named] = []
    /// Records whose fields don't fit their type.
    private(set) var malformed: [Violation] = []
    /// Numbers of the drop copy that bear two different records.
    private(set) var contradictions: [Violation] = []
    /// Of the first and the last event that anybody saw.
    var start: Instant { span?.lowerBound ?? Instant(nanoseconds: 0) }
    var end: Instant { span?.upperBound ?? Instant(nanoseconds: 0) }
    private var span: ClosedRange<Instant>?

    /// The rows read of each sample file.
    private(set) var sampleRows: [SampleStream: Int] = [:]
    private var readers = Dictionary(uniqueKeysWithValues: SampleStream.allCases.map { ($0, SampleReader($0)) })

    package init() {}

    /// Sources are merged by the observer as they come in; each gate wants the order of events. Call it once, when
    /// everything was read.
    package mutating func sort() {
        flags.sort { $0.stamp.at < $1.stamp.at }
        states.sort { $0.stamp.at < $1.stamp.at }
        departures.sort { $0.stamp.at < $1.stamp.at }
        published.sort { $0.stamp.at < $1.stamp.at }
        decided.sort { $0.stamp.at < $1.stamp.at }
        arrived.sort { $0.stamp.at < $1.stamp.at }
        messages.sort { $0.stamp.at < $1.stamp.at }
        books.sort { $0.stamp.at < $1.stamp.at }
        storeReads.sort { $0.stamp.at < $1.stamp.at }
        ticks.sort { $0.number < $1.number }
        scrapes.sort { $0.stamp.at < $1.stamp.at }
        watermarks.sort { $0.stamp.at < $1.stamp.at }
        memory.sort { $0.at < $1.at }
        backlogs.sort { $0.stamp.at < $1.stamp.at }
        clock.sort { $0.at < $1.at }
        ledger.sort { ($0.execution.sequence, $0.stamp.record) < ($1.execution.sequence, $1.stamp.record) }
        foldRepeats()
    }

    /// A broker that doesn't know whether a record arrived publishes it again. The same record under the same number
    /// counts once; another record under a number that was used is a contradiction, and the first one counts.
    private mutating func foldRepeats() {
        var kept = 0
        for index in ledger.indices {
            let event = ledger[index]
            if kept > 0, ledger[kept - 1].execution.sequence == event.execution.sequence {
                guard !ledger[kept - 1].isSame(as: event) else { continue }
                let text = "drop copy: number \(event.execution.sequence) came again as another record"
                contradictions.append(Violation(text: text, record: event.stamp.record))
            } else {
                ledger[kept] = event
                kept += 1
            }
        }
        ledger.removeLast(ledger.count - kept)
    }

    func all(_ type: String) -> [Named] { rare.filter { $0.type == type } }

    /// The intent that an order names as its own.
    func offered(_ reference: String) -> OfferedIntent? { offered.last(reference) }

    func isLoggedOn(at instant: Instant) -> Bool { sessions.contains { $0.contains(instant) } }

    private mutating func note(_ at: Instant) {
        guard let known = span else {
            span = at...at
            return
        }
        if !known.contains(at) { span = min(known.lowerBound, at)...max(known.upperBound, at) }
    }

    /// A line of the history.
    package mutating func read(_ record: Record) {
        let seen = record.observation
        let stamp = Stamp(at: seen.at, uncertainty: seen.uncertainty, record: Place(row: record.index))
        note(seen.at)
        switch (seen.source, seen.type) {
        case (.tap, _): readTap(seen, stamp)
        case (.redis, _): readRedis(seen, stamp)
        case (.broker, "execution"): readExecution(seen, stamp)
        case (.scrape, "metrics"):
            readClaim(seen, stamp)
            readScrape(seen, stamp)
        case (.scrape, _): readScrape(seen, stamp)
        case (.chaos, _): faultEvents.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        case (.rig, "clock"):
            if let wall = seen["wall_ns"]?.integer { clock.append((seen.at, wall)) } else { refuse(stamp, "wall_ns") }
        case (.rig, "samples"):
            reserve(seen)
            rare.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        default: rare.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        }
    }

    /// The chain says how many rows a file has before the file is read: an array that grows takes twice its room.
    private mutating func reserve(_ seal: Observation) {
        // A forged number must not take the memory of the machine.
        guard let rows = seal["rows"]?.integer.flatMap({ Int(exactly: $0) }), (0...10_000_000).contains(rows)
        else { return }
        switch seal["file"]?.string {
        case SampleStream.feedIntents.file: offered.reserve(rows)
        case SampleStream.tapIntents.file: arrived.reserveCapacity(rows)
        case SampleStream.tapDecisions.file: decided.reserveCapacity(rows)
        case SampleStream.redisDecisions.file: published.reserveCapacity(rows)
        case SampleStream.feedDepth.file: books.reserveCapacity(rows)
        default: return
        }
    }

    mutating func refuse(_ stamp: Stamp, _ what: String) {
        malformed.append(Violation(text: "\(stamp.record): \(what) missing or of the wrong kind", record: stamp.record))
    }

    private mutating func readTap(_ seen: Observation, _ stamp: Stamp) {
        func text(_ field: String) -> String { seen[field]?.string ?? "" }
        switch seen.type {
        case "order_left":
            guard seen["retransmit"]?.bool != true else { return }
            guard let type = seen["msg_type"]?.string else { return refuse(stamp, "msg_type") }
            departures.append(
                Departure(
                    stamp: stamp, connection: seen["conn"]?.integer ?? 0, sequence: seen["seq"]?.integer, type: type,
                    isPossibleDuplicate: seen["poss_dup"]?.bool ?? false, clOrdID: text("cl_ord_id"),
                    origClOrdID: text("orig_cl_ord_id"), reference: text("reference"), symbol: text("symbol"),
                    side: Side(rawValue: text("side")),
                    quantity: seen["quantity"]?.integer.map { Quantity(shares: $0) },
                    price: seen["price"]?.integer.map { Price(units: $0) },
                    claimsReducing: seen["reducing"]?.bool ?? false))
        case "fix_in", "fix_out":
            messages.append(
                SessionMessage(
                    stamp: stamp, isInbound: seen.type == "fix_in", type: text("msg_type"), clOrdID: text("cl_ord_id"),
                    execID: text("exec_id"), testRequest: text("test_req_id"), execType: text("exec_type"),
                    isLastReport: seen["last_report"]?.string == "Y", reportsTotal: seen["reports_total"]?.integer,
                    sequence: seen["seq"]?.integer,
                    nextSequence: seen["new_seq"]?.integer, isPossibleDuplicate: seen["poss_dup"]?.bool ?? false))
        case "logon":
            if sessions.last.map({ $0.end != nil }) ?? true { sessions.append(Span(start: stamp, end: nil)) }
        case "logout":
            if let last = sessions.indices.last, sessions[last].end == nil { sessions[last].end = stamp }
        default: rare.append(Named(stamp: stamp, type: seen.type, fields: seen.fields))
        }
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
            malformed.append(Violation(text: "\(stamp.record): \(error)", record: stamp.record))
        }
    }

    private mutating func readClaim(_ seen: Observation, _ stamp: Stamp) {
        guard seen["node"]?.string == "governor", let value = seen[CashFlowClaim.metric]?.double else { return }
        guard claimedCashFlow.map({ $0.stamp.at < stamp.at }) ?? true else { return }
        claimedCashFlow = CashFlowClaim(stamp: stamp, amount: Money(units: Int64((value * 10_000).rounded())))
    }

    // MARK: rows of sample files

    /// A piece of a sample file; pieces come in order, files in any order.
    package mutating func read(_ chunk: UnsafeRawBufferPointer, of stream: SampleStream) {
        // Taken out while it reads, so that it isn't copied.
        guard var reader = readers.removeValue(forKey: stream) else { return }
        reader.read(chunk) { row in
            note(row.at)
            read(&row, of: stream)
        }
        sampleRows[stream] = reader.rows
        readers[stream] = reader
    }

    /// What could not be read of a sample file.
    func defect(of stream: SampleStream) -> String? {
        guard let reader = readers[stream] else { return nil }
        if let failure = reader.failure { return failure.description }
        return reader.tornBytes > 0 ? "\(stream.file) ends in the middle of a row" : nil
    }

    private mutating func read(_ row: inout SampleCells, of stream: SampleStream) {
        let stamp = Stamp(at: row.at, uncertainty: row.uncertainty, record: row.place)
        switch stream {
        case .feedIntents: readOffered(&row, stamp)
        case .tapIntents:
            let (id, tick) = (row.text(), row.integer())
            guard let id, let tick else { return refuse(stamp, "id or tick") }
            arrived.append(ArrivedIntent(stamp: stamp, key: IntentKey(id: id, tick: tick)))
        case .tapDecisions: decided.append(outgone(&row, stamp))
        case .redisDecisions:
            published.append(outgone(&row, stamp))
            row.skip()
        case .feedDepth: readBook(&row, stamp)
        case .storeReads:
            guard let read = StoreRead(&row, stamp) else {
                return refuse(stamp, "store, sent_ns, positions or versions")
            }
            storeReads.append(read)
        case .memory: readMemory(&row, stamp)
        case .pipeline:
            guard let due = row.integer(), let sent = row.integer() else { return refuse(stamp, "due_ns or sent_ns") }
            let isAnswered = row.truth() ?? false
            watermarks.append(
                WatermarkSeen(
                    stamp: stamp, lateness: .nanoseconds(sent - due), isAnswered: isAnswered, watermark: row.integer()))
        case .storeOrders:
            let id = row.text() ?? ""
            row.skip()
            let reference = row.text() ?? ""
            row.skip(7)
            let status = row.text().flatMap { StoreSchema.OrderStatus(rawValue: $0) }
            storedOrders.append(
                StoredOrder(
                    place: row.place, clOrdID: id, reference: reference, status: status, cumulative: row.integer()))
            row.skip(3)
        case .storeFills:
            let id = row.text() ?? ""
            let order = row.text()
            row.skip()
            let (symbol, side) = (row.text(), row.text().flatMap { Side(rawValue: $0) })
            let (quantity, price, adds) = (row.integer(), row.integer(), row.truth())
            storedFills.append(
                StoredFill(
                    place: row.place, execID: id, orderID: order, symbol: symbol, side: side, quantity: quantity,
                    price: price, addsLiquidity: adds))
            row.skip()
        }
    }

    private mutating func readMemory(_ row: inout SampleCells, _ stamp: Stamp) {
        let name = row.text()
        row.skip(2)
        guard let name, let kibibytes = row.integer() else { return refuse(stamp, "name or anon_kb") }
        memory.append(
            MemorySample(at: stamp.at, name: name, megabytes: Double(kibibytes) * 1_024 / 1e6, record: stamp.record))
    }

    private func outgone(_ row: inout SampleCells, _ stamp: Stamp) -> Outgone {
        let intent = row.text()
        let tick = row.integer()
        let action = row.text().flatMap { Decision.Action(rawValue: $0) }
        let quantity = row.integer()
        let reason = row.text().flatMap { Decision.Reason(rawValue: $0) }
        row.skip(2)
        return Outgone(stamp: stamp, intent: intent, tick: tick, kind: action, cause: reason, quantity: quantity)
    }

    private mutating func readBook(_ row: inout SampleCells, _ stamp: Stamp) {
        func price() -> Price? { row.integer().map { Price(units: $0) } }
        let (tick, symbol) = (row.integer(), row.text())
        row.skip()
        let due = row.integer()
        let (bid, ask) = (price(), price())
        let isHalted = row.text() == Depth.Status.halted.rawValue
        let (bidLevels, askLevels) = (row.integer(), row.integer())
        let (bidShares, askShares) = (row.integer(), row.integer())
        guard let tick, let symbol, let due else { return refuse(stamp, "symbol, tick or due_ns") }
        ticks.append(OfferedTick(number: tick, due: Instant(nanoseconds: due), sent: stamp.at, isIntent: false))
        books.append(
            PublishedBook(
                stamp: stamp, symbol: symbol, tick: tick, due: Instant(nanoseconds: due), bid: bid, ask: ask,
                bidShares: bidShares.map { Quantity(shares: $0) }, askShares: askShares.map { Quantity(shares: $0) },
                bidLevels: bidLevels, askLevels: askLevels, isHalted: isHalted))
    }

    private mutating func readOffered(_ row: inout SampleCells, _ stamp: Stamp) {
        let tick = row.integer()
        let id = row.text()
        let action = row.text().map { Intent.Action(rawValue: $0) } ?? .new
        row.skip(3)
        let quantity = Quantity(shares: row.integer() ?? 0)
        let isMarket = row.text() == OrderType.market.rawValue
        row.skip(2)
        let isReduceOnly = row.truth() ?? false
        let due = row.integer()
        let isAdmissible = row.truth() ?? true
        let words = (row.text(), row.text())
        guard let id, let tick else { return refuse(stamp, "id or tick") }
        guard let purpose = Purpose(purpose: words.0, deniedFor: words.1) else { return refuse(stamp, "purpose") }
        let offer = OfferedIntent(
            stamp: stamp, key: IntentKey(id: id, tick: tick), kind: action, isReduceOnly: isReduceOnly,
            isAdmissible: isAdmissible, isMarket: isMarket, quantity: quantity, purpose: purpose)
        if let due {
            ticks.append(OfferedTick(number: tick, due: Instant(nanoseconds: due), sent: stamp.at, isIntent: true))
        }
        offered.append(offer)
    }

    private mutating func readScrape(_ seen: Observation, _ stamp: Stamp) {
        switch seen.type {
        case "metrics": if let scrape = ScrapeSeen(seen, stamp) { scrapes.append(scrape) }
        case "redis_clients":
            guard let look = BacklogLook(seen, stamp) else { return refuse(stamp, "waiting") }
            backlogs.append(look)
        default: break
        }
    }
}
