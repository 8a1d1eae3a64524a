// Books, orders at prices of their own, and the reports that a governor hears: what the gates of an account look at.

import Books
import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

extension Story {
    /// The shipped defaults, some of them replaced.
    static func limits(_ changes: [String: Int64] = [:]) -> JSON {
        var values: [String: Int64] = [
            "opening_equity": 10_000_000_000, "max_order_quantity": 1_000, "max_order_notional": 5_000_000_000,
            "max_position": 2_000, "max_gross_exposure_bp": 10_000, "max_net_exposure_bp": 10_000, "max_open_orders": 200,
            "max_open_notional": 10_000_000_000, "max_orders_per_second": 500, "max_exits_per_second": 200,
            "max_cancels_per_second": 500, "duplicate_window_ms": 5, "max_repeated_orders": 50, "repeat_window_ms": 1_000,
            "price_collar_bp": 500, "max_quote_age_ms": 500, "max_daily_loss_bp": 400, "max_drawdown_bp": 800,
        ]
        values.merge(changes) { $1 }
        return .object(values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .integer($0.value)) })
    }

    /// A scenario without faults in which nothing is judged but these gates.
    static func account(_ gates: [Gate], _ changes: [String: Int64] = [:]) throws -> Story {
        var scenario = try shippedScenario("hard_kill_short")
        scenario.faults = []
        scenario.gates = gates
        var story = Story(scenario)
        story.limits = limits(changes)
        story.fees = FeeSchedule()
        return story
    }

    mutating func book(
        _ seconds: Double, _ symbol: String = "NVDA", bid: Int64?, ask: Int64?, tick: Int64 = 1, shares: Int64 = 2_000,
        askShares: Int64? = nil, levels: Int64 = 10, askLevels: Int64? = nil, status: String = "trading"
    ) {
        see(seconds, .feed, "depth", [
            ("tick", .integer(tick)), ("symbol", .string(symbol)), ("seq", .integer(tick)),
            ("due_ns", .integer(Story.instant(seconds).nanoseconds)), ("bid", .optional(bid)), ("ask", .optional(ask)),
            ("status", .string(status)), ("bid_levels", .integer(levels)), ("ask_levels", .integer(askLevels ?? levels)),
            ("bid_shares", .integer(shares)), ("ask_shares", .integer(askShares ?? shares)),
        ])
    }

    /// The same book twenty times a second.
    mutating func quotes(from: Double, to: Double, _ symbol: String = "NVDA", bid: Int64 = 4_399_000, ask: Int64 = 4_401_000) {
        for step in 0..<Int((to - from) * 20) { book(from + Double(step) / 20, symbol, bid: bid, ask: ask) }
    }

    /// An order at a price, received and accepted 15 ms later. `filled` shares trade at once, and the governor hears of
    /// everything 15 ms after that.
    mutating func trade(
        _ seconds: Double, _ id: String, _ side: Side, _ quantity: Int64, at price: Int64?, symbol: String = "NVDA",
        filled: Int64 = 0, fillPrice: Int64? = nil, reducing: Bool = false, ends: Bool = false
    ) {
        left(seconds, id, side: side, quantity: quantity, price: price, reducing: reducing)
        change("order_left", "symbol", to: .string(symbol)) { $0["cl_ord_id"]?.string == id }
        func fields(_ execution: inout Execution, _ kind: Execution.Kind) {
            execution.kind = kind
            execution.clOrdID = id
            execution.orderID = "O-\(id)"
            execution.symbol = symbol
            execution.side = side
            execution.quantity = Quantity(shares: quantity)
            execution.claimsReducing = reducing
            execution.leaves = Quantity(shares: quantity)
        }
        broker(seconds + 0.0149) { fields(&$0, .received) }
        broker(seconds + 0.015) { fields(&$0, .new) }
        answer(seconds + 0.03, id, execType: "0", execID: "N-\(id)")
        if filled > 0 {
            held[symbol, default: 0] += side.sign * filled
            let position = held[symbol] ?? 0
            broker(seconds + 0.0151) {
                fields(&$0, .trade)
                $0.execID = "X-\(id)"
                $0.lastQuantity = Quantity(shares: filled)
                $0.cumulative = Quantity(shares: filled)
                $0.leaves = Quantity(shares: quantity - filled)
                $0.lastPrice = Price(units: fillPrice ?? price ?? 0)
                $0.position = Quantity(shares: position)
            }
            answer(seconds + 0.0301, id, execType: "F", execID: "X-\(id)")
        }
        if ends {
            broker(seconds + 0.0152) { fields(&$0, .cancelled); $0.leaves = .zero }
        }
    }

    mutating func answer(_ seconds: Double, _ id: String, execType: String, execID: String) {
        see(seconds, .tap, "fix_in", [
            ("conn", 1), ("msg_type", "8"), ("seq", 9), ("poss_dup", false), ("cl_ord_id", .string(id)),
            ("exec_type", .string(execType)), ("exec_id", .string(execID)),
        ])
    }
}
