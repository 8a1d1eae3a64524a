import Books
import FIX
import Messages
import Units

@testable import BrokerStubCore

func shares(_ count: Int64) -> Quantity { Quantity(shares: count) }
func price(_ text: String) -> Price { Price(decimal: text) ?? Price(units: 0) }
func level(_ at: String, _ size: Int64) -> Level { Level(price: price(at), size: shares(size)) }
let wall = WallTime(nanoseconds: 1_697_551_200_000_000_000)

func depth(
    _ sequence: Int64, bids: [Level] = [level("99", 100)], asks: [Level] = [level("101", 100)],
    status: Depth.Status = .trading, symbol: String = "NVDA"
) -> Depth {
    Depth(
        sequence: sequence, symbol: symbol, tick: sequence, sent: wall, due: wall, status: status, bids: bids,
        asks: asks)
}

/// A NewOrderSingle as the governor writes it.
func newOrder(
    _ id: String, _ side: Side = .buy, _ quantity: Int64 = 100, limit: String? = nil, _ timeInForce: TimeInForce = .day,
    symbol: String = "NVDA", claimsReducing: Bool = false
) -> Message {
    var message = Message(
        MsgType.newOrderSingle,
        [
            (.clOrdID, id), (.secondaryClOrdID, "intent-\(id)"), (.symbol, symbol), (.side, side.fix),
            (.transactTime, Timestamp.written(wall)), (.orderQty, "\(quantity)"),
            (.ordType, limit == nil ? "1" : "2"), (.timeInForce, timeInForce.fix),
        ])
    if let limit { message[.price] = limit }
    if claimsReducing { message[.positionEffect] = "C" }
    return message
}

func cancel(_ id: String, of original: String) -> Message {
    Message(
        MsgType.orderCancelRequest,
        [
            (.clOrdID, id), (.origClOrdID, original), (.symbol, "NVDA"), (.side, "1"),
            (.transactTime, Timestamp.written(wall)),
        ])
}

func replace(_ id: String, of original: String, quantity: Int64, limit: String) -> Message {
    Message(
        MsgType.orderCancelReplaceRequest,
        [
            (.clOrdID, id), (.origClOrdID, original), (.symbol, "NVDA"), (.side, "1"), (.ordType, "2"),
            (.transactTime, Timestamp.written(wall)), (.orderQty, "\(quantity)"), (.price, limit),
        ])
}

/// The desk with a book of 100 at 99 and 100 at 101, and what it said.
struct Desk {
    var engine: MatchingEngine
    var reports: [Message] = []
    var records: [Execution] = []

    init(_ change: (inout BrokerSettings) -> Void = { _ in }) {
        var settings = BrokerSettings(symbols: ["NVDA", "AAPL"])
        change(&settings)
        engine = MatchingEngine(settings)
        update(depth(1))
    }

    mutating func receive(_ message: Message, matching: Bool = true) {
        note(engine.receive(message, matching: matching, at: wall))
    }

    mutating func update(_ depth: Depth) { note(engine.update(depth, at: wall)) }

    private mutating func note(_ effects: [MatchingEngine.Effect]) {
        for effect in effects {
            switch effect {
            case .report(let message): reports.append(message)
            case .record(let execution): records.append(execution)
            }
        }
    }

    /// `150/39` of every ExecutionReport so far.
    var story: [String] { reports.map { "\($0[.execType] ?? $0.msgType)/\($0[.ordStatus] ?? "")" } }
}
