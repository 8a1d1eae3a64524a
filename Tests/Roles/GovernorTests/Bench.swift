import Books
import FIX
import Messages
import Testing
import Units

import GovernorCore

/// A governor on a bench: time by hand, directives kept. Ready means ACTIVE, flat, with a book of 100.00 by 100.02.
struct Bench {
    var governor: Governor
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var directives: [Directive] = []
    var unsentBytes = 0
    private var tick: Int64 = 0
    private var sequences: [String: Int64] = [:]
    private var execs = 0

    init(_ change: (inout Limits) -> Void = { _ in }) {
        var limits = Limits()
        change(&limits)
        governor = Governor(Governor.Settings(limits: limits, fees: FeeSchedule(), symbols: ["NVDA", "AMD"]))
    }

    static func ready(_ memory: Recovered = Recovered(), _ change: (inout Limits) -> Void = { _ in }) -> Bench {
        var bench = Bench(change)
        bench.hear(.recovered(memory))
        bench.keys()
        bench.hear(.session(.loggedOn))
        bench.finishStatus()
        bench.depth()
        return bench
    }

    var wall: WallTime { WallTime(nanoseconds: now.nanoseconds) }

    @discardableResult
    mutating func hear(_ event: Event) -> [Directive] {
        directives = governor.handle(event, at: Moment(now: now, wall: wall, unsentBytes: unsentBytes))
        return directives
    }

    mutating func keys(pause: String? = "false", critical: String? = "false", command: String? = nil) {
        hear(.keysRead(Keys(pause: pause, criticalPause: critical, command: command)))
    }

    /// Answers the last mass status request with "nothing is open".
    mutating func finishStatus() {
        guard let id = lastSent(MsgType.orderMassStatusRequest)?[.massStatusReqID] else { return }
        hear(.report(report("I", [(.massStatusReqID, id), (.totNumReports, "0"), (.ordStatus, "8")])))
    }

    /// `nil` is a side without a level; `late`: how old the state is when it arrives.
    mutating func depth(
        _ symbol: String = "NVDA", bid: Int64? = 1_000_000, ask: Int64? = 1_000_200,
        status: Depth.Status = .trading, size: Int64 = 100_000, late: Duration = .zero
    ) {
        tick += 1
        sequences[symbol, default: 0] += 1
        func level(_ price: Int64) -> Level { Level(price: Price(units: price), size: Quantity(shares: size)) }
        let sent = WallTime(nanoseconds: wall.nanoseconds - late.nanoseconds)
        hear(
            .depth(
                Depth(
                    sequence: sequences[symbol, default: 0], symbol: symbol, tick: tick, sent: sent, due: wall,
                    status: status, bids: bid.map { [level($0)] } ?? [], asks: ask.map { [level($0)] } ?? [])))
    }

    /// A state of the book that never arrived.
    mutating func loseDepth() { sequences["NVDA", default: 0] += 1 }

    /// Time passes, in steps of 10 ms, with the keys read at each.
    mutating func wait(_ duration: Duration, readingKeys: Bool = true, hearing: Bool = true) {
        let end = now + duration
        while now < end {
            now = now + .milliseconds(10)
            if readingKeys { keys() }
            if hearing { hear(.session(.heard)) }
            hear(.tick)
        }
    }

    func intent(
        _ id: String, _ side: Side = .buy, _ quantity: Int64 = 10, limit: Int64? = 1_000_200,
        timeInForce: TimeInForce = .day, reduceOnly: Bool = false, symbol: String = "NVDA"
    ) -> Intent {
        Intent(
            id: id, tick: 1_000, symbol: symbol, side: side, quantity: Quantity(shares: quantity),
            type: limit == nil ? .market : .limit, limit: limit.map { Price(units: $0) }, timeInForce: timeInForce,
            reduceOnly: reduceOnly, sent: wall, due: wall)
    }

    func cancel(_ id: String, of target: String) -> Intent {
        var intent = intent(id, .buy, 0, limit: nil)
        intent.action = .cancel
        intent.target = target
        return intent
    }

    func replace(_ id: String, of target: String, _ quantity: Int64, limit: Int64 = 990_000) -> Intent {
        var intent = intent(id, .buy, quantity, limit: limit)
        intent.action = .replace
        intent.target = target
        return intent
    }

    /// Accepted by the broker, and resting there.
    mutating func rest(_ intent: Intent) {
        guard decide(intent)?.action != .reject else { return }
        hear(.durable([intent.id]))
        hear(.report(report("0", [(.clOrdID, intent.id), (.ordStatus, "0")])))
    }

    /// The one outcome of an intent.
    mutating func decide(_ intent: Intent) -> Decision? {
        hear(.intent(intent))
        return decisions.first { $0.intent == intent.id }
    }

    mutating func reason(_ intent: Intent) -> Decision.Reason? { decide(intent)?.reason }

    /// Durable, sent, acknowledged and traded in full at `price`.
    mutating func fill(_ intent: Intent, at price: Int64 = 1_000_200) {
        guard decide(intent)?.action != .reject else { return }
        hear(.durable([intent.id]))
        trade(intent.id, intent.side, intent.quantity.shares, at: price, symbol: intent.symbol)
    }

    mutating func trade(_ clOrdID: String, _ side: Side, _ quantity: Int64, at price: Int64, symbol: String = "NVDA") {
        hear(
            .report(
                report(
                    "F",
                    [
                        (.clOrdID, clOrdID), (.orderID, "O-\(clOrdID)"), (.symbol, symbol), (.ordStatus, "2"),
                        (.side, side == .buy ? "1" : "2"), (.lastQty, "\(quantity)"), (.cumQty, "\(quantity)"),
                        (.leavesQty, "0"), (.lastPx, Price(units: price).description),
                    ])))
    }

    mutating func report(_ execType: String, _ fields: [(FIX.Tag, String)]) -> Report {
        execs += 1
        let message = Message(MsgType.executionReport, [(.execType, execType), (.execID, "E\(execs)")] + fields)
        guard let report = Report(message) else { preconditionFailure("a report that can't be read: \(fields)") }
        return report
    }

    var decisions: [Decision] {
        directives.compactMap { if case .publish(let decision) = $0 { decision } else { nil } }
    }
    var orders: [Message] {
        directives.compactMap { if case .sendOrder(_, _, let message) = $0 { message } else { nil } }
    }
    var raises: Bool { directives.contains { if case .writeState(_, raise: true) = $0 { true } else { false } } }
    var states: [GovernorState] {
        directives.compactMap { if case .writeState(let state, _) = $0 { state } else { nil } }
    }
    var closes: Bool { directives.contains { if case .closePath = $0 { true } else { false } } }
    func lastSent(_ type: String) -> Message? {
        directives.compactMap { directive -> Message? in
            if case .send(let message) = directive, message.msgType == type { message } else { nil }
        }.last
    }
}
