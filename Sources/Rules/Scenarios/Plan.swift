import Messages
import Units

/// Everything that a run will do, decided before it starts: the same scenario, topology, tapes and seed give the same
/// bytes.
///
/// Times are offsets from the start of the first phase, negative during the feed's lead.
package struct Plan: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// `sent` and `due` are zero: the replayer fills them in.
        case depth(Depth)
        /// `admissible`: a good governor accepts it while active, its session up and its book fresh.
        case intent(Intent, admissible: Bool)
    }

    package struct Event: Hashable, Sendable {
        package var due: Duration
        package var content: Content
        /// Of an intent.
        package var purpose: Purpose
        /// Depth that a slow feed delivers: how old it is when it is due.
        package var age: Duration
        /// Depth of a symbol that crashes: its sizes as they were before the thinning. `nil` where price bands changed
        /// the book.
        package var whole: BookSizes?

        package init(
            due: Duration, content: Content, purpose: Purpose = .load, age: Duration = .zero, whole: BookSizes? = nil
        ) {
            self.due = due
            self.content = content
            self.purpose = purpose
            self.age = age
            self.whole = whole
        }
    }

    package var scenario: String
    package var seed: UInt64
    package var duration: Duration
    /// Phases, faults with the addresses that they hit, the operator's acts: lines that say what is meant to happen.
    package var schedule: [JSON]
    /// In order of `due`; ticks count from 1 without a gap.
    package var events: [Event]

    package init(scenario: String, seed: UInt64, duration: Duration, schedule: [JSON], events: [Event]) {
        self.scenario = scenario
        self.seed = seed
        self.duration = duration
        self.schedule = schedule
        self.events = events
    }

    /// How long depth goes on after the last phase: the run must not end in a stale feed.
    package static let tail: Duration = .seconds(2)
    package static let schema = "gauntlet.plan/1"
}

extension Plan {
    /// `tapes` opens every file that the scenario's books come from. What `skip` leaves out is told to `onSkipped`.
    package init(
        _ scenario: Scenario, on topology: Topology, seed: UInt64, tapes: TapeShelf, badRows: BadRows = .refuse,
        onSkipped: (BadRowLog) -> Void = { _ in }
    ) throws(Mistakes) {
        let interval = scenario.feed.depthInterval * 100 / scenario.feed.speedPercent
        let span = scenario.feed.lead + scenario.duration + Plan.tail
        var paths: [[BookPath.Step]] = []
        var skipped: [String: BadRowLog] = [:]
        for source in scenario.books {
            let path = try BookPath(source, scenario, until: span, tapes: tapes, badRows: badRows) { log in
                skipped[source.tape] = log
            }
            let steps = scenario.overlaid(path.lasting(span, interval: interval), of: source)
            paths.append(source.conditioned(steps, lead: scenario.feed.lead))
        }
        for (_, log) in skipped.sorted(by: { $0.key < $1.key }) where log.count > 0 { onSkipped(log) }
        var events = Plan.depths(scenario, paths, interval: interval)
        switch scenario.load.strategy {
        case .cycle, .dipBuyer: events += Plan.intents(scenario, paths, seed: seed)
        case .burst(let burst): events += Plan.burst(scenario, burst, paths, seed: seed)
        case .flood: events += Plan.flood(scenario, paths, seed: seed)
        }
        self.init(
            scenario: scenario.name, seed: seed, duration: scenario.duration, schedule: scenario.schedule(on: topology),
            events: Plan.numbered(Plan.inOrder(events)))
    }

    private static func depths(_ scenario: Scenario, _ paths: [[BookPath.Step]], interval: Duration) -> [Event] {
        var events: [Event] = []
        for (place, steps) in paths.enumerated() {
            // Spread over the interval, so that the symbols don't come in bursts; in whole nanoseconds.
            let spread = interval.nanoseconds * Int64(place) / Int64(paths.count)
            let shift = .nanoseconds(spread) - scenario.feed.lead
            var last = Duration.seconds(Int64.min / 1_000_000_000)
            for (number, step) in steps.enumerated() {
                let depth = Depth(
                    sequence: Int64(number + 1), symbol: scenario.books[place].symbol, tick: 0,
                    sent: WallTime(nanoseconds: 0), due: WallTime(nanoseconds: 0), status: step.state.status,
                    bids: step.state.bids, asks: step.state.asks)
                let due = step.offset + shift
                // What is on its way isn't overtaken.
                last = max(last, due + scenario.feedDelay(at: due))
                events.append(Event(due: last, content: .depth(depth), age: last - due, whole: step.whole))
            }
        }
        return events
    }

    private static func intents(_ scenario: Scenario, _ paths: [[BookPath.Step]], seed: UInt64) -> [Event] {
        guard let start = scenario.start(of: scenario.load.starts).map({ $0 + scenario.load.delay }) else { return [] }
        var generator = scenario.strategy(seed: seed)
        var places = Array(repeating: 0, count: paths.count)
        var events: [Event] = []
        var index = 0
        while start + generator.due(index) < scenario.duration {
            let due = start + generator.due(index)
            let symbol = generator.symbol(index)
            let steps = paths[symbol]
            while places[symbol] + 1 < steps.count, steps[places[symbol] + 1].offset - scenario.feed.lead <= due {
                places[symbol] += 1
            }
            let book = steps.isEmpty ? BookState(bids: [], asks: []) : steps[places[symbol]].state
            var planned = generator.next(book)
            if let jump = scenario.feed.overlays.volumeJump, scenario.volumeJumpWindow?.contains(due) == true {
                planned.intent.quantity = Quantity(shares: planned.intent.quantity.shares * Int64(jump.factor))
            }
            events.append(Event(due: due, content: .intent(planned.intent, admissible: planned.admissible)))
            index += 1
        }
        return events
    }

    /// By due time; what is due at the same time keeps its order, which the standard sort doesn't promise.
    private static func inOrder(_ events: [Event]) -> [Event] {
        let order = events.indices.sorted { (events[$0].due, $0) < (events[$1].due, $1) }
        return order.map { events[$0] }
    }

    private static func numbered(_ events: [Event]) -> [Event] {
        var events = events
        for index in events.indices {
            let tick = Int64(index + 1)
            switch events[index].content {
            case .depth(let depth):
                events[index].content = .depth(
                    Depth(
                        sequence: depth.sequence, symbol: depth.symbol, tick: tick, sent: depth.sent, due: depth.due,
                        status: depth.status, bids: depth.bids, asks: depth.asks))
            case .intent(var intent, let admissible):
                intent.tick = tick
                events[index].content = .intent(intent, admissible: admissible)
            }
        }
        return events
    }
}

extension SymbolSource {
    /// `…_orderbook_10.csv` → `…_message_10.csv`
    package static func messageFile(besides book: String) -> String {
        guard let start = book.indices.last(where: { book[$0...].hasPrefix("orderbook") }) else {
            return book + ".message"
        }
        return book[..<start] + "message" + book[start...].dropFirst("orderbook".count)
    }
}

extension BookPath {
    /// The path of a scenario's symbol, from its tape.
    package init(
        _ source: SymbolSource, _ scenario: Scenario, until end: Duration, tapes: TapeShelf, badRows: BadRows,
        onSkipped: (BadRowLog) -> Void
    ) throws(Mistakes) {
        let feed = scenario.feed
        func tooFew(_ count: Int) -> Mistakes {
            let text = "first: expected a row below \(count) for \(source.symbol), found \(source.first)"
            return Mistakes([Mistake(file: source.tape, line: 1, text: text)])
        }
        let book = try tapes.source(source.tape, for: source.symbol)
        guard source.format != .bars else {
            let bars = try Bar.read(book, badRows: badRows)
            onSkipped(bars.skipped)
            guard source.first < bars.rows.count else { throw tooFew(bars.rows.count) }
            self.init(
                bars: bars.rows[source.first...], statesPerBar: feed.statesPerBar,
                interval: feed.depthInterval * 100 / feed.speedPercent, sharesPerLevel: feed.sharesPerLevel,
                pricePercent: source.pricePercent)
            return
        }
        let messages = source.messages ?? SymbolSource.messageFile(besides: source.tape)
        var tape: any RecordedTape =
            source.format == .lobster
            ? LobsterTape(messages: try tapes.source(messages, for: source.symbol), books: book, badRows: badRows)
            : MarketByPriceTape(book, badRows: badRows)
        for row in 0..<source.first {
            guard try tape.nextState() != nil else { throw tooFew(row) }
        }
        try self.init(
            until: end, interval: feed.depthInterval, speedPercent: feed.speedPercent, pricePercent: source.pricePercent
        ) { () throws(Mistakes) in try tape.nextState() }
        try tape.check()
        guard !steps.isEmpty else { throw tooFew(source.first) }
        onSkipped(tape.skipped)
    }
}

/// A recorded book, row by row.
protocol RecordedTape {
    /// `nil` after the last row. Times count from any point.
    mutating func nextState() throws(Mistakes) -> (time: Duration, state: BookState)?
    func check() throws(Mistakes)
    var skipped: BadRowLog { get }
}

extension LobsterTape: RecordedTape {
    mutating func nextState() throws(Mistakes) -> (time: Duration, state: BookState)? {
        guard let row = try next() else { return nil }
        return (row.time, BookState(bids: row.bids, asks: row.asks, status: row.status))
    }
}

extension MarketByPriceTape: RecordedTape {
    /// A state is there when an event of the venue is over.
    mutating func nextState() throws(Mistakes) -> (time: Duration, state: BookState)? {
        while let row = try next() {
            guard row.isLast else { continue }
            return (.nanoseconds(row.time.nanoseconds), BookState(bids: row.bids, asks: row.asks))
        }
        return nil
    }
}
