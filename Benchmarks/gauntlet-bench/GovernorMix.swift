// A feed, a store and a broker in one thread of simulated time around the governor's core. What they do is prepared
// outside of the measured time; only `handle` is measured.

import Archive
import Books
import FIX
import GovernorCore
import Messages
import Sockets
import Units

struct GovernorMix {
    struct Times {
        var decisions = Samples()
        var others = Samples()
    }

    /// 400 intents a second.
    static let stepLength = Duration.microseconds(2_500)
    private static let symbols = ["NVDA", "AMD"]
    /// Beyond this the next order goes the other way, in shares.
    private static let lean: Int64 = 400

    private(set) var governor: Governor
    private(set) var times = Times()
    private(set) var decisions: [Decision.Reason: Int] = [:]

    private let draw = SeededDraw(seed: 1, stream: "bench")
    private let restingFor: ClosedRange<Int64>
    private var drawn = 0
    private var number = 0
    private var tick: Int64 = 0
    private var sequences: [Int64] = [0, 0]
    private var middles: [Int64] = [4_400_000, 1_000_000]
    private var positions: [Int64] = [0, 0]
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var broker = SimulatedBroker()
    private var unconfirmed: [String] = []
    private var recent: [(id: String, symbol: Int, side: Side)] = []

    init(root: String, restingFor: ClosedRange<Int64>) throws {
        self.restingFor = restingFor
        let fees = try FeeSchedule(
            parsing: readFile("\(root)/data/fees-us-equities-2023-10.json"), file: "fees")
        let limits = try Limits(parsing: readFile("\(root)/data/limits-default.json"))
        governor = Governor(.init(limits: limits, fees: fees, symbols: GovernorMix.symbols))
        try arm()
    }

    /// `ok 71 %, price_collar 3 %`, the most frequent first.
    var reasons: String {
        let total = decisions.values.reduce(0, +)
        return decisions.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map { "\($0.key.rawValue) \(rounded(Double($0.value * 1_000 / max(1, total)) / 10)) %" }
            .joined(separator: ", ")
    }
    private var moment: Moment {
        Moment(now: now, wall: WallTime(nanoseconds: 1_700_000_000_000_000_000 + now.nanoseconds))
    }

    mutating func forgetTimes() {
        times = Times()
        decisions = [:]
    }

    /// The governor reaches ACTIVE as it does in a drill.
    private mutating func arm() throws {
        for symbol in 0..<GovernorMix.symbols.count { depth(symbol) }
        for event: Event in [
            .recovered(Recovered()), .storeReachable(true),
            .keysRead(Keys(pause: "false", criticalPause: "false", command: nil)), .pingSent(0), .pingAnswered(0),
            .session(.loggedOn), .report(SimulatedBroker.emptyStatus), .tick
        ] { handle(event) }
        guard governor.view.state == .active else {
            throw BenchmarkError("governor core", expected: "ACTIVE", found: "\(governor.view)")
        }
    }

    /// One intent and everything else that happens in 2.5 ms.
    mutating func step() {
        number += 1
        now = now + GovernorMix.stepLength
        if number % 4 == 0 {
            handle(.tick)
            depth(number / 4 % 2)
        }
        if number % 20 == 0 {
            handle(.keysRead(Keys(pause: "false", criticalPause: "false", command: nil)))
            handle(.pingSent(Int64(number)))
            handle(.pingAnswered(Int64(number)))
        }
        if number % 40 == 0 { handle(.session(.heard)) }
        if !unconfirmed.isEmpty {
            let names = unconfirmed
            unconfirmed = []
            handle(.durable(names))
        }
        for answer in broker.due(at: number) {
            if case .trade(let symbol, let signed) = answer.effect { positions[symbol] += signed }
            handle(answer.event)
        }
        handle(.intent(intent()))
    }

    private mutating func next(_ range: ClosedRange<Int64>) -> Int64 {
        drawn += 1
        return draw.whole(in: range, at: drawn)
    }

    private mutating func handle(_ event: Event) {
        let moment = moment
        let start = Instant.now
        let directives = governor.handle(event, at: moment)
        let taken = Instant.now - start
        if case .intent = event { times.decisions.add(taken) } else { times.others.add(taken) }
        for directive in directives { carryOut(directive) }
    }

    private mutating func carryOut(_ directive: Directive) {
        switch directive {
        case .publish(let decision):
            decisions[decision.reason, default: 0] += 1
        case .store(.order(let row, gates: true)):
            unconfirmed.append(row.clOrdID)
        case .sendOrder(_, _, let message), .send(let message):
            let symbol = GovernorMix.symbols.firstIndex(of: message[.symbol] ?? "") ?? 0
            let order = SimulatedBroker.Arrival(
                message: message, symbol: symbol, middle: Price(units: middles[symbol]), resting: Int(next(restingFor)))
            broker.receive(order, at: number)
        case .testRequest(let id):
            broker.answer(.session(.testRequestAnswered(id)), at: number + 12)
        default:
            break
        }
    }

    private mutating func depth(_ symbol: Int) {
        middles[symbol] += next(-2...2) * 100
        sequences[symbol] += 1
        tick += 1
        let middle = middles[symbol]
        func levels(_ sign: Int64) -> [Level] {
            (1...10).map { Level(price: Price(units: middle + sign * Int64($0) * 100), size: Quantity(shares: 500)) }
        }
        let wall = moment.wall
        handle(
            .depth(
                Depth(
                    sequence: sequences[symbol], symbol: GovernorMix.symbols[symbol], tick: tick, sent: wall, due: wall,
                    status: .trading, bids: levels(-1), asks: levels(1))))
    }

    /// Of 100: 76 resting limit orders, 5 at the market, 5 exits, 7 cancels, 3 replaces, 4 outside of the collar.
    private mutating func intent() -> Intent {
        let symbol = Int(next(0...1))
        let kind = next(0...99)
        let position = positions[symbol]
        var side: Side = next(0...1) == 0 ? .buy : .sell
        if position.magnitude > GovernorMix.lean.magnitude { side = position > 0 ? .sell : .buy }
        tick += 1
        let wall = moment.wall
        let distance = kind >= 96 ? 500_000 : next(1...20) * 100
        var intent = Intent(
            id: "i-\(number)", tick: tick, symbol: GovernorMix.symbols[symbol], side: side,
            quantity: Quantity(shares: next(1...60)), type: .limit,
            limit: Price(units: middles[symbol] - side.sign * distance), sent: wall, due: wall)
        switch kind {
        case 76..<81:
            intent.type = .market
            intent.limit = nil
        case 81..<86:
            intent.reduceOnly = true
            intent.side = position > 0 ? .sell : .buy
            intent.limit = Price(units: middles[symbol] + intent.side.sign * 200)
        case 86..<96:
            if let target = recent.first {
                intent.action = kind < 93 ? .cancel : .replace
                intent.target = target.id
                intent.symbol = GovernorMix.symbols[target.symbol]
                intent.side = target.side
                intent.limit = Price(units: middles[target.symbol] - target.side.sign * next(1...20) * 100)
            }
        default:
            recent.append((intent.id, symbol, side))
            if recent.count > 12 { recent.removeFirst() }
        }
        return intent
    }
}
