// A flash crash as a good governor leaves it behind: the shipped scenario's own plan, short, with fills from the books
// on paper, and a governor of thirty lines that keeps its limits.

import Books
import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

extension Story {
    private static let toldCrash = Result { try flashCrash(variant: nil) }

    static func flashCrash() throws -> Story { try toldCrash.get() }

    static func flashCrash(variant: String?) throws -> Story {
        var teller = try CrashTeller(variant: variant)
        return try teller.told()
    }
}

struct CrashTeller {
    /// What this governor doesn't do, for stories of bad ones.
    var ignoresLosses = false
    var ignoresPosition = false
    var rejectsEverything = false
    /// Sends a share of each purchase that it refuses in a halt.
    var tradesInHalts = false
    /// Shares that it never sells.
    var keeps: Int64 = 0

    private var story: Story
    private let plan: Plan
    private var market: PaperMarket
    private let noise = SeededDraw(seed: 7, stream: "round trips of a story")
    private var ledger = Ledger(schedule: FeeSchedule())
    private var book: Depth?
    private var peak: Int64 = 10_000_000_000
    private var latch: String?
    private var sent = 0
    private var flattened: Double?

    /// Plan time zero: after the lead and the session's beginning.
    static let zero = 4.0

    /// - Parameter isRecorded: the same prices as a LOBSTER tape, whose sizes differ from level to level and book to book.
    init(variant: String?, isRecorded: Bool = false, change: (inout Scenario) -> Void = { _ in }) throws {
        var scenario = try shippedScenario("flash_crash_enhanced", Choice(variant: variant, profile: "selftest"))
        change(&scenario)
        var tapes = [scenario.books[0].tape: try shippedFile(scenario.books[0].tape)]
        let topology = try Topology(yaml: try shippedFile("topology/local.yaml"), file: "topology/local.yaml")
        if isRecorded {
            var calm = scenario
            calm.feed.overlays.crash = nil
            let plan = try Plan(calm, on: topology, seed: 7, tapes: TapeShelf(tapes))
            let recorded = CrashTeller.lobster(plan)
            tapes = ["books.csv": Array(recorded.books.utf8), "messages.csv": Array(recorded.messages.utf8)]
            scenario.books[0].format = .lobster
            scenario.books[0].tape = "books.csv"
            scenario.books[0].messages = "messages.csv"
        }
        plan = try Plan(scenario, on: topology, seed: 7, tapes: TapeShelf(tapes))
        market = PaperMarket(try #require(FillModel(rawValue: scenario.broker.fillModel.rawValue)))
        story = Story(scenario)
        story.plan = plan
        story.fees = FeeSchedule()
        story.limits = try JSON(parsing: try shippedFile(scenario.governor.limits))
    }

    /// From 3 to 999 shares a level.
    private static func lobster(_ plan: Plan) -> (messages: String, books: String) {
        let draw = SeededDraw(seed: 7, stream: "sizes of a recorded tape")
        var (messages, books, drawn) = ("", "", 0)
        for event in plan.events {
            guard case .depth(let depth) = event.content else { continue }
            messages += "\((event.due + .seconds(34_200)).nanoseconds / 1_000_000_000)."
            messages += String(String((event.due + .seconds(34_200)).nanoseconds % 1_000_000_000 + 1_000_000_000).dropFirst())
            messages += ",1,1,1,\(depth.bids[0].price.units),1\n"
            let cells = zip(depth.asks, depth.bids).flatMap { ask, bid in
                drawn += 2
                return [
                    ask.price.units, Int64(draw.whole(in: 3...999, at: drawn)), bid.price.units,
                    Int64(draw.whole(in: 3...999, at: drawn + 1)),
                ]
            }
            books += cells.map(String.init).joined(separator: ",") + "\n"
        }
        return (messages, books)
    }

    mutating func told() throws -> Story {
        let end = CrashTeller.zero + plan.duration.seconds
        story.open(until: end + 6)
        story.broker(0.8) { $0.kind = .loggedOn; $0.symbol = "" }
        for event in plan.events {
            let at = CrashTeller.zero + event.due.seconds
            switch event.content {
            case .depth(let depth): receive(depth, at: at)
            case .intent(let intent, let admissible): try decide(intent, admissible, at: at)
            }
        }
        for request in 0..<Int((end - 1) * 4) { ping(1 + Double(request) / 4, "t\(request)") }
        story.position = ledger.position("NVDA").shares
        story.cash = ledger.cash.units
        story.close(end + 3)
        return story
    }

    private mutating func ping(_ seconds: Double, _ id: String) {
        for (at, type, name) in [(seconds, "fix_out", "1"), (seconds + 0.0003, "fix_in", "0")] {
            story.see(at, .tap, type, [
                ("conn", 1), ("msg_type", .string(name)), ("seq", 3), ("poss_dup", false), ("test_req_id", .string(id)),
            ])
        }
    }

    private mutating func receive(_ depth: Depth, at seconds: Double) {
        book = depth
        _ = market.update(depth)
        story.book(
            seconds, depth.symbol, bid: depth.bids.first?.price.units, ask: depth.asks.first?.price.units,
            tick: depth.tick, shares: depth.bids.reduce(0) { $0 + $1.size.shares },
            askShares: depth.asks.reduce(0) { $0 + $1.size.shares }, levels: Int64(depth.bids.count),
            askLevels: Int64(depth.asks.count), status: depth.status.rawValue)
        guard let bid = depth.bids.first?.price, seconds > 2,
            let equity = ledger.equity(opening: Money(units: 10_000_000_000), mark: { _, _ in bid })?.units
        else { return }
        peak = max(peak, equity)
        if (peak - equity) * 100 > peak * 8, latch != "drawdown", !ignoresLosses {
            latch = "drawdown"
            story.decide(seconds + 0.001, nil, nil, "flatten", "drawdown")
            flattened = seconds
        } else if 10_000_000_000 - equity > 400_000_000, latch == nil, !ignoresLosses {
            latch = "daily_loss"
        }
        guard let last = flattened, seconds - last >= 0.1, depth.status == .trading, ledger.position("NVDA").shares > keeps else { return }
        flattened = seconds
        sent += 1
        let quantity = min(ledger.position("NVDA").shares - keeps, depth.bids.reduce(0) { $0 + $1.size.shares }, 400)
        order("flatten-\(sent)", .sell, quantity, bid.units * 97 / 100, at: seconds + 0.002, reducing: true)
    }

    private mutating func decide(_ intent: Intent, _ admissible: Bool, at seconds: Double) throws {
        story.see(seconds, .feed, "intent", [
            ("tick", .integer(intent.tick)), ("id", .string(intent.id)), ("action", .string(intent.action.rawValue)),
            ("symbol", .string(intent.symbol)), ("reduce_only", .bool(intent.reduceOnly)),
            ("kind", .string(intent.type.rawValue)), ("due_ns", 1), ("admissible", .bool(admissible)),
        ])
        story.see(seconds + 0.0002, .tap, "intent_in", [("id", .string(intent.id)), ("tick", .integer(intent.tick))])
        let (quantity, reason) = judged(intent)
        let out = seconds + 0.0005 + Double(noise.whole(in: 0...400, at: Int(intent.tick))) / 1e6
        story.decide(out, intent.id, intent.tick, quantity > 0 ? "accept" : "reject", reason, intent.id)
        if tradesInHalts, reason == "halted", intent.side == .buy, let limit = intent.limit {
            order("halt-\(intent.id)", .buy, 1, limit.units, at: out + 0.001, reducing: false)
        }
        guard quantity > 0, let book else { return }
        let touch = try #require(intent.side == .buy ? book.asks.first : book.bids.first)
        order(
            intent.id, intent.side, quantity, intent.limit?.units ?? touch.price.units, at: out + 0.001,
            reducing: intent.reduceOnly)
    }

    private func judged(_ intent: Intent) -> (Int64, String) {
        let position = ledger.position("NVDA").shares
        if rejectsEverything { return (0, "paused") }
        if book?.status == .halted { return (0, "halted") }
        guard book?.bids.first != nil, book?.asks.first != nil else { return (0, "no_reference") }
        guard intent.action == .new, intent.timeInForce == .ioc || intent.type == .market, let ask = book?.asks.first
        else { return (0, "unknown_target") }
        if intent.reduceOnly {
            let room = min(intent.quantity.shares, max(0, position - keeps), 400)
            return flattened == nil && intent.side == .sell && room > 0 ? (room, "ok") : (0, "not_reducing")
        }
        if let latch { return (0, latch) }
        let after = position + intent.side.sign * intent.quantity.shares
        if intent.quantity.shares > 400 { return (0, "max_quantity") }
        if after < 0 || after > 2_200, !ignoresPosition { return (0, "max_position") }
        if after * ask.price.units > 10_000_000_000 { return (0, "gross_exposure") }
        return (intent.quantity.shares, "ok")
    }

    /// Left, received after half the round trip, filled as the book gives it, and told after the other half.
    private mutating func order(
        _ id: String, _ side: Side, _ quantity: Int64, _ limit: Int64, at seconds: Double, reducing: Bool
    ) {
        let variance = Double(story.scenario.broker.roundTripVariance.units) / 10_000
        let trip = 0.0303 + variance.squareRoot() * Double(noise.bell(at: story.orders.count)) / 1e9
        let fills = market.submit(
            PaperMarket.Order(
                id: id, symbol: "NVDA", side: side, quantity: Quantity(shares: quantity), limit: Price(units: limit),
                timeInForce: .ioc))
        story.left(seconds, id, side: side, quantity: quantity, price: limit, reducing: reducing)
        var cumulative: Int64 = 0
        func tell(_ place: Int, _ kind: Execution.Kind, _ change: (inout Execution) -> Void = { _ in }) {
            let position = ledger.position("NVDA")
            story.broker(seconds + trip / 2 + Double(place) / 1e6) {
                $0.kind = kind
                $0.clOrdID = id
                $0.orderID = "O-\(id)"
                $0.side = side
                $0.quantity = Quantity(shares: quantity)
                $0.cumulative = Quantity(shares: cumulative)
                $0.leaves = Quantity(shares: quantity - cumulative)
                $0.claimsReducing = reducing
                $0.position = position
                change(&$0)
            }
        }
        tell(0, .received)
        tell(1, .new)
        story.answer(seconds + trip, id, execType: "0", execID: "N-\(id)")
        for (place, made) in fills.enumerated() {
            cumulative += made.quantity.shares
            let execID = "X-\(id)-\(place)"
            _ = try? ledger.apply(
                Fill(
                    execID: execID, orderID: made.orderID, symbol: made.symbol, side: side, quantity: made.quantity,
                    price: made.price, addsLiquidity: false))
            tell(2 + place, .trade) {
                $0.execID = execID
                $0.lastQuantity = made.quantity
                $0.lastPrice = made.price
            }
            story.answer(seconds + trip + Double(place + 1) / 1e6, id, execType: "F", execID: execID)
            story.fills.append([
                "exec_id": .string(execID), "cl_ord_id": .string(id), "quantity": .string("\(made.quantity.shares)"),
                "price": .string("\(made.price.units)"),
            ])
        }
        if cumulative < quantity { tell(30, .cancelled) { $0.leaves = .zero } }
        story.orders.append([
            "cl_ord_id": .string(id), "status": .string(cumulative < quantity ? "cancelled" : "filled"),
            "cumulative": .string("\(cumulative)"),
        ])
    }
}
