// A history sorted into what the gates ask for. It judges nothing; it refuses nothing but what has no form.

import History
import Messages
import Scenarios
import Units

package struct Timeline: Sendable {
    private(set) var flags: [FlagChange] = []
    private(set) var states: [StateChange] = []
    /// All names that the rows below speak of.
    private(set) var lexicon = Lexicon()
    private var departureRows: ContiguousArray<DepartureRow> = []
    private var publishedRows: ContiguousArray<OutgoneRow> = []
    private var decidedRows: ContiguousArray<OutgoneRow> = []
    private var offeredRows = OfferedRows()
    private var arrivedRows: ContiguousArray<ArrivedRow> = []
    private var ledgerRows: ContiguousArray<LedgerRow> = []
    private var messageRows: ContiguousArray<MessageRow> = []
    private var storedOrderRows: ContiguousArray<StoredOrderRow> = []
    private var storedFillRows: ContiguousArray<StoredFillRow> = []
    private var bookRows: ContiguousArray<BookRow> = []
    private var tickRows: ContiguousArray<TickRow> = []
    private(set) var storeReads: [StoreRead] = []
    /// The governor's last word on its sells − buys − fees.
    private(set) var claimedCashFlow: CashFlowClaim?
    private(set) var sessions: [Span] = []
    /// The intent with the largest tick.
    private(set) var lastIntent: OfferedTick?
    /// The governor's whole pages, once a second.
    private(set) var scrapes: [ScrapeSeen] = []
    /// What every scrape said of the watermark, in the order of their last bytes.
    private(set) var watermarks: [WatermarkSeen] = []
    /// What the wire showed of commands to Redis and their replies, in the order of the replies.
    private(set) var redisRoundTrips: ContiguousArray<RedisRoundTrip> = []
    private(set) var memory: [MemorySample] = []
    private(set) var backlogs: [BacklogLook] = []
    /// When the governor was ready to run and had no processor.
    private(set) var processorWaits: [ProcessorWaits.Stretch] = []
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

    var departures: Packed<DepartureRow> { Packed(rows: departureRows, lexicon: lexicon) }
    /// As Redis executed them.
    var published: Packed<OutgoneRow> { Packed(rows: publishedRows, lexicon: lexicon) }
    /// As they left the governor's interface.
    var decided: Packed<OutgoneRow> { Packed(rows: decidedRows, lexicon: lexicon) }
    var offered: OfferedIntents { offeredRows.seen(lexicon) }
    var arrived: Packed<ArrivedRow> { Packed(rows: arrivedRows, lexicon: lexicon) }
    var ledger: Packed<LedgerRow> { Packed(rows: ledgerRows, lexicon: lexicon) }
    var messages: Packed<MessageRow> { Packed(rows: messageRows, lexicon: lexicon) }
    var storedOrders: Packed<StoredOrderRow> { Packed(rows: storedOrderRows, lexicon: lexicon) }
    var storedFills: Packed<StoredFillRow> { Packed(rows: storedFillRows, lexicon: lexicon) }
    /// The books that the feed published, without their levels.
    var books: Packed<BookRow> { Packed(rows: bookRows, lexicon: lexicon) }
    /// Every tick that the feed sent, by number.
    var ticks: Packed<TickRow> { Packed(rows: tickRows, lexicon: lexicon) }

    /// Sources are merged by the observer as they come in; each gate wants the order of events. Call it once, when
    /// everything was read.
    package mutating func sort() {
        flags.sort { $0.stamp.at < $1.stamp.at }
        states.sort { $0.stamp.at < $1.stamp.at }
        departureRows.sort { $0.stamp.at < $1.stamp.at }
        publishedRows.sort { $0.stamp.at < $1.stamp.at }
        decidedRows.sort { $0.stamp.at < $1.stamp.at }
        arrivedRows.sort { $0.stamp.at < $1.stamp.at }
        messageRows.sort { $0.stamp.at < $1.stamp.at }
        bookRows.sort { $0.stamp.at < $1.stamp.at }
        storeReads.sort { $0.stamp.at < $1.stamp.at }
        let lexicon = lexicon
        tickRows.sort { $0.seen(lexicon).number < $1.seen(lexicon).number }
        scrapes.sort { $0.stamp.at < $1.stamp.at }
        watermarks.sort { $0.stamp.at < $1.stamp.at }
        memory.sort { $0.at < $1.at }
        backlogs.sort { $0.stamp.at < $1.stamp.at }
        clock.sort { $0.at < $1.at }
        ledgerRows.sort { ($0.sequence, $0.stamp.record) < ($1.sequence, $1.stamp.record) }
        foldRepeats()
    }

    /// A broker that doesn't know whether a record arrived publishes it again. The same record under the same number
    /// counts once; another record under a number that was used is a contradiction, and the first one counts.
    private mutating func foldRepeats() {
        var kept = 0
        for index in ledgerRows.indices {
            let row = ledgerRows[index]
            if kept > 0, ledgerRows[kept - 1].sequence == row.sequence {
                guard !ledgerRows[kept - 1].seen(lexicon).isSame(as: row.seen(lexicon)) else { continue }
                let text = "drop copy: number \(row.sequence) came again as another record"
                contradictions.append(Violation(text: text, record: row.stamp.record))
            } else {
                ledgerRows[kept] = row
                kept += 1
            }
        }
        ledgerRows.removeLast(ledgerRows.count - kept)
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
        case SampleStream.feedIntents.file:
            offeredRows.reserve(rows)
            lexicon.reserve(intents: rows)
            tickRows.reserveCapacity(tickRows.capacity + rows)
        case SampleStream.tapIntents.file: arrivedRows.reserveCapacity(rows)
        case SampleStream.tapDecisions.file: decidedRows.reserveCapacity(rows)
        case SampleStream.redisDecisions.file: publishedRows.reserveCapacity(rows)
        case SampleStream.feedDepth.file:
            bookRows.reserveCapacity(rows)
            tickRows.reserveCapacity(tickRows.capacity + rows)
        case SampleStream.pipeline.file: watermarks.reserveCapacity(rows)
        case SampleStream.redisRoundTrips.file: redisRoundTrips.reserveCapacity(rows)
        case SampleStream.storeOrders.file: storedOrderRows.reserveCapacity(rows)
        case SampleStream.storeFills.file: storedFillRows.reserveCapacity(rows)
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
            let departure = Departure(
                stamp: stamp, connection: seen["conn"]?.integer ?? 0, sequence: seen["seq"]?.integer, type: type,
                isPossibleDuplicate: seen["poss_dup"]?.bool ?? false, clOrdID: text("cl_ord_id"),
                origClOrdID: text("orig_cl_ord_id"), reference: text("reference"), symbol: text("symbol"),
                side: Side(rawValue: text("side")),
                quantity: seen["quantity"]?.integer.map { Quantity(shares: $0) },
                price: seen["price"]?.integer.map { Price(units: $0) },
                claimsReducing: seen["reducing"]?.bool ?? false)
            departureRows.append(DepartureRow(departure, &lexicon))
        case "fix_in", "fix_out":
            let message = SessionMessage(
                stamp: stamp, isInbound: seen.type == "fix_in", type: text("msg_type"), clOrdID: text("cl_ord_id"),
                execID: text("exec_id"), testRequest: text("test_req_id"), execType: text("exec_type"),
                isLastReport: seen["last_report"]?.string == "Y", reportsTotal: seen["reports_total"]?.integer,
                sequence: seen["seq"]?.integer, nextSequence: seen["new_seq"]?.integer,
                isPossibleDuplicate: seen["poss_dup"]?.bool ?? false)
            messageRows.append(MessageRow(message, &lexicon))
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
        let reader = MessageReader("execution", json: .object(seen.fields))
        do {
            // The drop copy's own time of day is the record's `t` already.
            let wall = seen["at_ns"] == nil ? 0 : try reader.integer("at_ns")
            let execution = try Execution(reader, at: WallTime(nanoseconds: wall))
            ledgerRows.append(LedgerRow(execution, stamp, &lexicon))
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
            arrivedRows.append(ArrivedRow(stamp: stamp, intent: lexicon.note(id: id, tick: tick)))
        case .tapDecisions: decidedRows.append(outgone(&row, stamp))
        case .redisRoundTrips:
            row.skip()
            let (command, took) = (row.text(), row.integer())
            guard let command, let took else { return refuse(stamp, "command or took_ns") }
            redisRoundTrips.append(RedisRoundTrip(at: stamp.at, nanoseconds: took, isPing: command == "PING"))
        case .redisDecisions:
            publishedRows.append(outgone(&row, stamp))
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
            storedOrderRows.append(
                StoredOrderRow(
                    stamp: stamp, cumulative: lexicon.note(row.integer()), clOrdID: lexicon.note(id),
                    reference: lexicon.note(reference), status: status))
            row.skip(3)
        case .storeFills:
            let id = row.text() ?? ""
            let order = row.text()
            row.skip()
            let (symbol, side) = (row.text(), row.text().flatMap { Side(rawValue: $0) })
            let (quantity, price, adds) = (row.integer(), row.integer(), row.truth())
            let fill = StoredFill(
                place: row.place, execID: id, orderID: order, symbol: symbol, side: side, quantity: quantity,
                price: price, addsLiquidity: adds)
            storedFillRows.append(StoredFillRow(fill, stamp, &lexicon))
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

    private mutating func outgone(_ row: inout SampleCells, _ stamp: Stamp) -> OutgoneRow {
        let intent = lexicon.note(id: row.text(), tick: row.integer())
        let action = row.text().flatMap { Decision.Action(rawValue: $0) }
        // No gate asks for the quantity, and yet it must be one.
        _ = row.integer()
        let reason = row.text().flatMap { Decision.Reason(rawValue: $0) }
        row.skip(2)
        return OutgoneRow(stamp: stamp, intent: intent, kind: action, cause: reason)
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
        let offered = OfferedTick(number: tick, due: Instant(nanoseconds: due), sent: stamp.at)
        tickRows.append(TickRow(offered, &lexicon))
        let book = PublishedBook(
            stamp: stamp, symbol: symbol, tick: tick, due: Instant(nanoseconds: due), bid: bid, ask: ask,
            bidShares: bidShares.map { Quantity(shares: $0) }, askShares: askShares.map { Quantity(shares: $0) },
            bidLevels: bidLevels, askLevels: askLevels, isHalted: isHalted)
        bookRows.append(BookRow(book, &lexicon))
    }

    private mutating func readOffered(_ row: inout SampleCells, _ stamp: Stamp) {
        let tick = row.integer()
        let id = row.text()
        let action = row.text().map { Intent.Action(rawValue: $0) } ?? .new
        row.skip()
        let symbol = row.text() ?? ""
        row.skip()
        let quantity = row.integer()
        let isMarket = row.text() == OrderType.market.rawValue
        row.skip(2)
        let isReduceOnly = row.truth() ?? false
        let due = row.integer()
        let isAdmissible = row.truth() ?? true
        let words = (row.text(), row.text())
        guard let id, let tick else { return refuse(stamp, "id or tick") }
        guard let purpose = Purpose(purpose: words.0, deniedFor: words.1) else { return refuse(stamp, "purpose") }
        if let due {
            let offered = OfferedTick(number: tick, due: Instant(nanoseconds: due), sent: stamp.at)
            tickRows.append(TickRow(offered, &lexicon))
            if lastIntent.map({ $0.number <= tick }) ?? true { lastIntent = offered }
        }
        let offer = OfferedRow(
            stamp: stamp, quantity: lexicon.note(quantity), symbol: lexicon.note(symbol),
            intent: lexicon.note(id: id, tick: tick), kind: action, purpose: purpose,
            marks: OfferedRow.Marks(isReduceOnly: isReduceOnly, isAdmissible: isAdmissible, isMarket: isMarket))
        offeredRows.append(offer, lexicon)
    }

    private mutating func readScrape(_ seen: Observation, _ stamp: Stamp) {
        switch seen.type {
        case "metrics": if let scrape = ScrapeSeen(seen, stamp) { scrapes.append(scrape) }
        case "redis_clients":
            guard let look = BacklogLook(seen, stamp) else { return refuse(stamp, "waiting") }
            backlogs.append(look)
        case "processor_wait":
            guard let stretch = ProcessorWaits.Stretch(seen) else { return refuse(stamp, "from_ns, waited_ns") }
            processorWaits.append(stretch)
        default: break
        }
    }
}
