// The limits file as the judge reads it: on its own, so that a governor's reader can be wrong about it.

import Messages
import Units

/// Every limit that the wire and the broker's ledger can be held against. `docs/governor-contract.md` has the words.
struct RiskLimits: Hashable, Sendable {
    var openingEquity: Money
    var orderQuantity: Quantity
    var orderNotional: Money
    var position: Quantity
    /// Basis points of the opening equity.
    var grossExposure: Money
    var netExposure: Money
    var openOrders: Int64
    var openNotional: Money
    var ordersPerSecond: Int64
    var exitsPerSecond: Int64
    var cancelsPerSecond: Int64
    var collarBasisPoints: Int64
    var quoteAge: Duration
    var dailyLoss: Money
    /// Of the running peak.
    var drawdownBasisPoints: Int64

    struct Missing: Error { let text: String }

    init(_ json: JSON?) throws(Missing) {
        guard let json else { throw Missing(text: "limits.json is not in evidence") }
        func value(_ key: String) throws(Missing) -> Int64 {
            guard let value = json[key]?.integer, value >= 0 else {
                throw Missing(text: "limits.json: expected a whole number '\(key)', found \(json[key]?.text() ?? "nothing")")
            }
            return value
        }
        let equity = try value("opening_equity")
        guard equity > 0 else { throw Missing(text: "limits.json: expected an opening equity above 0, found 0") }
        func share(_ key: String) throws(Missing) -> Money {
            Money(units: Int64(clamping: Int128(equity) * Int128(try value(key)) / 10_000))
        }
        openingEquity = Money(units: equity)
        orderQuantity = Quantity(shares: try value("max_order_quantity"))
        orderNotional = Money(units: try value("max_order_notional"))
        position = Quantity(shares: try value("max_position"))
        grossExposure = try share("max_gross_exposure_bp")
        netExposure = try share("max_net_exposure_bp")
        openOrders = try value("max_open_orders")
        openNotional = Money(units: try value("max_open_notional"))
        ordersPerSecond = try value("max_orders_per_second")
        exitsPerSecond = try value("max_exits_per_second")
        cancelsPerSecond = try value("max_cancels_per_second")
        collarBasisPoints = try value("price_collar_bp")
        quoteAge = .milliseconds(try value("max_quote_age_ms"))
        dailyLoss = try share("max_daily_loss_bp")
        drawdownBasisPoints = try value("max_drawdown_bp")
    }
}
